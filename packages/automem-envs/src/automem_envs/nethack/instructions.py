"""NetHack explained to a model: the goal, the screen, how its prompts work, what kills."""

from __future__ import annotations

from typing import Final

INSTRUCTIONS: Final = """\
You play NetHack, a dungeon game in turns. You are `@`. Your goal is to come as deep into the \
dungeon, and to as high an experience level, as you can before you die: the deeper of the two \
counts, dungeon level 10 or experience level 10 being far more than level 5. There is one life.

What you are shown: the game's message; a list of what is in sight, with its distance in moves \
and its direction; where the cursor is; the map as the terminal has it, with your attributes in \
its two last lines (Dlvl is the dungeon level, HP your health, AC your armor, lower being better, \
Xp your experience level, T the turn); and your inventory, each thing with its letter. x counts \
columns from the west, y rows from the top of the terminal, which is one above the first row \
of the map shown.

On the map: `.` floor or an empty doorway, `#` corridor (or, in color, a tree or a sink), `|` and \
`-` walls or open doors, `+` a closed door or a spellbook, `>` stairs down, `<` stairs up, `_` \
an altar, `{` a fountain, `^` a trap, a blank what you have not seen or cannot pass. Letters and \
`:;&'~` are monsters. `$` gold, `)` weapons, `[` armor, `%` food, `!` potions, `?` scrolls, `/` \
wands, `=` rings, `"` amulets, `(` tools, `*` gems or rocks. "`" is a \
boulder, which you push by walking into it, unless something is behind it.

Moving: the eight directions move one step; walking into a monster attacks it. The `far` ones \
keep going. Doors cannot be passed diagonally. A locked door says so: kick it open, or look for \
another way. Where there is no way on, search at dead ends and along walls, ten times and more; \
hidden doors and corridors are common. `down` works only on `>`.

Prompts: many commands ask something. Answer with one action: a direction, a letter of the \
inventory, `y` or `n`; `esc` leaves any question or menu. While a question is open, nothing else \
happens, and the same question comes again. In a menu, letters mark lines, `more` confirms. Any \
single letter or digit is that key; outside of a question it is whatever command the key is, so \
prefer the words.

Staying alive: flee or rest when HP is below a third; `search` lets turns pass. When HP is below \
a seventh, or you are Weak from hunger, `pray` once, if you have not done so in the last 1000 \
turns (nor in the first 300). Eat when the status line says Hungry; do not eat corpses that are \
not fresh, and never cockatrices, bats or what is poisonous. Do not attack what is peaceful, do \
not fight floating eyes (blue `e`) by hand, do not touch cockatrices (`c`). Your pet changes \
places with you. Shopkeepers do not forgive theft. Do not fight in the open when many come; a \
corridor or a doorway lets in one at a time."""
