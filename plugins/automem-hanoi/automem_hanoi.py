"""Towers of Hanoi: a complete environment in one file."""

from automem import EnvironmentInfo, EnvironmentSpec, Observation, StepResult, hookimpl

ACTIONS = tuple(f"{a} to {b}" for a in "ABC" for b in "ABC" if a != b)
GOAL = "Move every disk to peg C. Only a top disk moves, and never onto a smaller one."


@hookimpl
def automem_environments() -> list[EnvironmentSpec]:
    """The game, by the name users type."""
    make, tasks = "automem_hanoi:Hanoi", ("3-disks", "4-disks")
    return [EnvironmentSpec(name="hanoi", make=make, summary="Towers of Hanoi", tasks=tasks)]


class Hanoi:
    """The task says how many disks there are; the seed changes nothing."""

    def __init__(self, task: str, options: None) -> None:
        self.info = EnvironmentInfo(
            name="hanoi", task=task, instructions=GOAL, actions=ACTIONS, default_action="A to B"
        )
        self.disks = int(task[0])

    def reset(self, seed: int) -> Observation:
        """Put every disk on peg A."""
        self.pegs = {"A": list(range(self.disks, 0, -1)), "B": list[int](), "C": list[int]()}
        self.best = 0
        return self.observe("The game begins.")

    def step(self, action: str) -> StepResult:
        """Move a disk, if the rules allow it."""
        source, target = self.pegs[action[0]], self.pegs[action[-1]]
        if legal := bool(source) and min(target, default=9) > source[-1]:
            target.append(source.pop())
        self.best = max(self.best, len(self.pegs["C"]))
        seen, done = self.observe("Moved." if legal else "Not allowed."), self.best / self.disks
        return StepResult(observation=seen, progression=done, ended="solved" if done == 1 else None)

    def observe(self, said: str) -> Observation:
        """What was said, and the pegs with their disks from the bottom up."""
        pegs = (f"{name}: {' '.join(map(str, disks))}" for name, disks in self.pegs.items())
        return Observation(text="\n".join((said, *pegs)))

    def frame(self) -> None:
        """There is nothing to draw."""

    def close(self) -> None:
        """Nothing is held."""
