"""Observations of the three games, as short as their texts allow."""

from __future__ import annotations

ROOM = (
    "-----------",
    "|.........|",
    "|....@....|",
    "|........>|",
    "-----------",
)


def crafter(
    *things: str, front: str = "grass", vitals: int = 9, drink: int = 9, **items: int
) -> tuple[str, str]:
    """`things` such as `tree 2 west`."""
    lines = [thing.split() for thing in things]
    seen = "\n".join(
        f"- {kind} {steps} step{'' if steps == '1' else 's'} to your {where}"
        for kind, steps, where in lines
    )
    around = f"You see:\n{seen}" if seen else "You see nothing away from you."
    levels = {"health": vitals, "food": vitals, "drink": min(drink, vitals), "energy": vitals}
    status = "Your status:\n" + "".join(f"- {name}: {n}/9\n" for name, n in levels.items())
    carried = "\n".join(f"- {name}: {count}" for name, count in items.items())
    held = f"Your inventory:\n{carried}" if carried else "You have nothing in your inventory."
    return f"{around}\n\nYou face {front} at your front.", f"{status}\n{held}"


def dungeon(
    message: str = "",
    *beside: str,
    at: tuple[int, int] = (5, 3),
    rows: tuple[str, ...] = ROOM,
    hp: int = 16,
    turn: int = 1,
    more: str = "",
    level: int = 1,
) -> tuple[str, str]:
    """`beside` such as `floating eye 1 step away east`; the cursor's y counts from the terminal."""
    drawn = [row.replace("@", ".") for row in rows]
    x, y = at
    if 0 < y <= len(drawn):
        drawn[y - 1] = f"{drawn[y - 1][:x]}@{drawn[y - 1][x + 1 :]}"
    lines = [*drawn, *[""] * (21 - len(drawn)), "Agent the Novice St:18 S:0"]
    lines.append(f"Dlvl:{level} $:0 HP:{hp}(16) Pw:2(2) AC:7 Xp:1/0 T:{turn} {more}")
    shown = "\n".join(line.ljust(80) for line in lines)
    text = (
        f"message:\n{message}\n\nlanguage observation:\n" + "\n".join(beside) + "\n\ncursor:\n"
        f"Yourself\n(x={x}, y={y})\n\nmap:\n{shown}"
    )
    return text, "inventory:\na: a dagger"
