"""What this package offers, as specs; imports nothing heavy."""

from __future__ import annotations

from automem import EnvironmentSpec, Spec, hookimpl


@hookimpl
def automem_environments() -> list[EnvironmentSpec]:
    """The games."""
    return [
        EnvironmentSpec(
            name="crafter",
            make="automem_envs.crafter.environment:Crafter",
            summary="Open-world survival with 22 achievements (crafter 1.8.3)",
            config="automem_envs.crafter.options:CrafterOptions",
            extra="automem-envs[crafter]",
            recorded="automem_envs.recorded:crafter",
        ),
        EnvironmentSpec(
            name="nethack",
            make="automem_envs.nethack.environment:NetHack",
            summary="The whole of NetHack, as in the NetHack Challenge (nle 1.3.0)",
            config="automem_envs.nethack.options:NetHackOptions",
            extra="automem-envs[nethack]",
            recorded="automem_envs.recorded:nethack",
            tasks=("NetHackChallenge-v0",),
        ),
        EnvironmentSpec(
            name="minihack",
            make="automem_envs.minihack.environment:MiniHack",
            summary="Eight small tasks in the world of NetHack (minihack 1.0.2)",
            config="automem_envs.minihack.options:MiniHackOptions",
            extra="automem-envs[minihack]",
            recorded="automem_envs.recorded:minihack",
            tasks=(
                "MiniHack-Boxoban-Hard-v0",
                "MiniHack-Boxoban-Medium-v0",
                "MiniHack-MazeWalk-9x9-v0",
                "MiniHack-MazeWalk-15x15-v0",
                "MiniHack-Corridor-R3-v0",
                "MiniHack-CorridorBattle-Dark-v0",
                "MiniHack-Quest-Easy-v0",
                "MiniHack-Quest-Medium-v0",
            ),
        ),
    ]


@hookimpl
def automem_setups() -> list[Spec]:
    """What some of these games need besides packages."""
    return [
        Spec(
            name="nethack-balrog",
            make="automem_envs.setups:NETHACK_BALROG",
            summary="The NetHack of the BALROG benchmark (balrog-nle 0.9.0, NetHack 3.6.6)",
        ),
        Spec(
            name="boxoban",
            make="automem_envs.setups:BOXOBAN",
            summary="DeepMind's Boxoban levels, hard and medium (Apache-2.0)",
        ),
    ]


@hookimpl
def automem_scaffolds() -> list[Spec]:
    """The scaffolds a run of these games can start from."""
    return [
        Spec(
            name="crafter-v0",
            make="automem_envs.crafter.scaffolds:crafter_v0",
            summary="Crafter with five append-style files",
        ),
        Spec(
            name="crafter-map",
            make="automem_envs.crafter.scaffolds:crafter_map",
            summary="Crafter with a keyed map and a goals file",
        ),
        Spec(
            name="crafter-full",
            make="automem_envs.crafter.scaffolds:crafter_full",
            summary="Crafter with every lever, code among them",
        ),
        Spec(
            name="nethack-v0",
            make="automem_envs.nethack.scaffolds:nethack_v0",
            summary="NetHack with seven append-style files, rules and symbols among them",
        ),
        Spec(
            name="nethack-map",
            make="automem_envs.nethack.scaffolds:nethack_map",
            summary="NetHack with a map keyed by level and place, and a goals file",
        ),
        Spec(
            name="nethack-full",
            make="automem_envs.nethack.scaffolds:nethack_full",
            summary="NetHack with every lever, code among them",
        ),
        Spec(
            name="minihack-v0",
            make="automem_envs.minihack.scaffolds:minihack_v0",
            summary="MiniHack with six append-style files, rules and symbols among them",
        ),
        Spec(
            name="minihack-map",
            make="automem_envs.minihack.scaffolds:minihack_map",
            summary="MiniHack with a map keyed by level and place, and a goals file",
        ),
        Spec(
            name="minihack-full",
            make="automem_envs.minihack.scaffolds:minihack_full",
            summary="MiniHack with every lever, code among them",
        ),
    ]
