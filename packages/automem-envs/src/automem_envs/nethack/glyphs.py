"""The names of NetHack's glyphs, as the language observation says them.

The wording is that of nle-language-wrapper, which BALROG uses, spelling included ("alter"). A
glyph is named on the whole screen (`names`), only where one of eight rays from the player meets
it (`ray_names`), or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from automem_envs.nethack.engine import nethack

_COMPASS: Final = (
    "top left",
    "top center",
    "top right",
    "middle left",
    "middle center",
    "middle right",
    "bottom left",
    "bottom center",
    "bottom right",
)
_FLOORS: Final = ("room floor", "dark room floor", "corridor floor", "lit corridor floor")
TERRAIN: Final[tuple[str, ...]] = (
    "dark area",
    "vertical wall",
    "horizontal wall",
    "northwest room corner",
    "northeast room corner",
    "southwest corner",
    "southeast corner",
    "cross wall",
    "t up wall",
    "t down wall",
    "t west wall",
    "t east wall",
    "doorway",
    "vertical open door",
    "horizontal open door",
    "vertical closed door",
    "horizontal closed door",
    "bars",
    "tree",
    *_FLOORS,
    "stairs up",
    "stairs down",
    "ladder up",
    "ladder down",
    "alter",
    "grave",
    "throne",
    "sink",
    "fountain",
    "pool",
    "ice",
    "lava",
    "vertical lowered drawbridge",
    "horizontal lowered drawbridge",
    "vertical raised drawbridge",
    "horizontal raised drawbridge",
    "air floor",
    "cloud floor",
    "water floor",
    "arrow trap",
    "dart trap",
    "falling rock trap",
    "squeaky board",
    "bear trap",
    "land mine",
    "rolling boulder trap",
    "sleeping gas trap",
    "rust trap",
    "fire trap",
    "pit",
    "spiked pit",
    "hole",
    "trap door",
    "teleportation trap",
    "level teleporter",
    "magic portal",
    "web",
    "statue trap",
    "magic trap",
    "anti magic trap",
    "polymorph trap",
    "vibrating square",
    "vertical beam",
    "horizontal beam",
    "left slant beam",
    "right slant beam",
    "dig beam",
    "flash beam",
    "boom left",
    "boom right",
    "shield 1",
    "shield 2",
    "shield 3",
    "shield 4",
    "poison cloud",
    "valid position",
    *(f"swallow {part}" for part in _COMPASS if part != "middle center"),
)
"""NetHack's map symbols in its order, explosions apart, which are named on the whole screen."""
_WHOLE_SCREEN: Final = frozenset(
    {
        "horizontal closed door",
        "vertical closed door",
        "bars",
        "tree",
        "stairs up",
        "stairs down",
        "ladder up",
        "ladder down",
        "alter",
        "grave",
        "throne",
        "sink",
        "fountain",
        "pool",
        "ice",
        "lava",
        "vertical raised drawbridge",
        "horizontal raised drawbridge",
    }
)
OPAQUE: Final = frozenset(TERRAIN[:12])
"""What ends a ray."""
_SWALLOWED: Final = tuple(f"swallow {part}" for part in _COMPASS if part != "middle center")
_ZAPS: Final = ("horizontal", "vertical", "left slant", "right slant")
_WARNINGS: Final = (
    "unknown creature causing you worry",
    "unknown creature causing you concern",
    "unknown creature causing you anxiety",
    "unknown creature causing you disquiet",
    "unknown creature causing you alarm",
    "unknown creature causing you dread",
)
_ALL_ALIKE: Final = ("boots", "shoes", "scales", "lenses", "bars")
_PLURALS: Final = {
    "can of grease": "cans of grease",
    "Master of Thieves": "Masters of Thieves",
    "ice": "area of ice",
    "lava": "area of lava",
}
_HEAD_NOUNS: Final = (
    "boom",
    "shield",
    "swallow",
    "scroll",
    "worthless piece",
    "unknown creature",
)


class GlyphNames(NamedTuple):
    """The name of each glyph; empty where it has none."""

    names: tuple[str, ...]
    """On the whole screen."""
    ray_names: tuple[str, ...]
    """Where a ray meets it."""


@cache
def glyph_names() -> GlyphNames:
    """The names of all glyphs of the installed engine."""
    glyphs = range(nethack.MAX_GLYPH)
    return GlyphNames(tuple(map(_name, glyphs)), tuple(map(_ray_name, glyphs)))


@cache
def plural(name: str) -> str:
    """Several of it; some of the wrapper's plurals are wrong, and kept."""
    if name.endswith(_ALL_ALIKE):
        return name
    if name in _PLURALS:
        return _PLURALS[name]
    for head in _HEAD_NOUNS:
        if name.startswith(f"{head} "):
            return f"{head}s{name[len(head) :]}"
    if name.endswith("y") and name[-2:-1] not in tuple("aeiou"):
        return f"{name[:-1]}ies"
    if name.endswith(("z", "x", "sh", "s")):
        return f"{name}es"
    if name.endswith("ff"):
        return f"{name[:-2]}ves"
    if name.endswith("f"):
        return f"{name[:-1]}ves"
    return f"{name}s"


def _ray_name(glyph: int) -> str:
    offset: int = glyph - nethack.GLYPH_CMAP_OFF
    if not 0 <= offset < nethack.GLYPH_EXPLODE_OFF - nethack.GLYPH_CMAP_OFF:
        return ""
    name = TERRAIN[offset]
    return "" if name in _FLOORS or name in _WHOLE_SCREEN else name


def _name(glyph: int) -> str:
    """The kinds of glyphs are ranges; the first one, from the end, in which it lies."""
    kinds: tuple[tuple[int, Callable[[int], str]], ...] = (
        (nethack.GLYPH_STATUE_OFF, lambda i: f"{_monster(i)} statue"),
        (nethack.GLYPH_WARNING_OFF, lambda i: _WARNINGS[i]),
        (nethack.GLYPH_SWALLOW_OFF, lambda i: _SWALLOWED[i % len(_SWALLOWED)]),
        (nethack.GLYPH_ZAP_OFF, lambda i: f"{_ZAPS[i % len(_ZAPS)]} zap beam"),
        (nethack.GLYPH_EXPLODE_OFF, lambda i: f"explosion {_COMPASS[i % len(_COMPASS)]}"),
        (nethack.GLYPH_CMAP_OFF, lambda i: TERRAIN[i] if TERRAIN[i] in _WHOLE_SCREEN else ""),
        (nethack.GLYPH_OBJ_OFF, _object),
        (nethack.GLYPH_RIDDEN_OFF, lambda i: f"ridden {_monster(i)}"),
        (nethack.GLYPH_BODY_OFF, lambda i: f"{_monster(i)} corpse"),
        (nethack.GLYPH_DETECT_OFF, lambda i: f"detected {_monster(i)}"),
        (nethack.GLYPH_INVIS_OFF, lambda _: "invisible creature"),
        (nethack.GLYPH_PET_OFF, lambda i: f"tame {_monster(i)}"),
        (nethack.GLYPH_MON_OFF, _monster),
    )
    for start, named in kinds:
        if glyph >= start:
            return named(glyph - start)
    return ""


def _monster(index: int) -> str:
    return str(nethack.permonst(index).mname)


def _object(index: int) -> str:
    """An object by what is told of it before it is known, or not told, as the wrapper has it."""
    described = nethack.objdescr.from_idx(index)
    name, looks = described.oc_name or "", described.oc_descr or ""
    kind = ord(nethack.objclass(index).oc_class)
    if kind in (nethack.ARMOR_CLASS, nethack.TOOL_CLASS):
        return looks or name
    for sort, noun in (
        (nethack.RING_CLASS, "ring"),
        (nethack.POTION_CLASS, "potion"),
        (nethack.SPBOOK_CLASS, "spellbook"),
        (nethack.WAND_CLASS, "wand"),
        (nethack.AMULET_CLASS, "amulet"),
    ):
        if kind == sort:
            return looks if "Amulet" in looks else f"{looks} {noun}"
    if kind == nethack.GEM_CLASS:
        return name if looks in name else f"{looks} {name}"
    phrases = {
        nethack.FOOD_CLASS: name + looks,
        nethack.SCROLL_CLASS: f"scroll labeled {looks}",
        nethack.VENOM_CLASS: f"splash of {name}",
    }
    return phrases.get(kind, name)
