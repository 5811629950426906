"""Draw docs/images/rooms.svg and write the table of docs/concepts/rooms.md from the sources' own imports.

python docs/make_rooms.py [--check]
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log2

from markers import ROOT, table, write_or_check
from rooms import imports_between_rooms, modules, room_of

SOURCE = ROOT / "src" / "hilum"
PICTURE = ROOT / "docs" / "images" / "rooms.svg"
PAGE = "docs/concepts/rooms.md"

WIDTH, MARGIN, GAP = 1180, 20, 26  # pixels
LINE, HEAD, BETWEEN = 17, 46, 58  # pixels: a line of sub-rooms, a box without them, the space between two layers
LETTER = 6.7  # pixels: the width of a letter of the sub-rooms' names, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One folder below the package, drawn as a box: its modules, those of the folders in it, and where it stands."""

    name: str
    modules: int
    inner: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float


def layers() -> list[list[str]]:
    """The layers of the first contract that are folders, from the top."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rows = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    named = [[name.strip().removeprefix("hilum.") for name in row.split("|")] for row in rows]
    return [row for row in named if all((SOURCE / name).is_dir() for name in row)]


def counted() -> Counter[str]:
    """How many modules lie in each folder itself."""
    return Counter(room_of(name) for name in modules(SOURCE) if room_of(name))


def placed(rows: Sequence[Sequence[str]], *, count: Mapping[str, int]) -> dict[str, Room]:
    """The boxes, row under row, each as tall as the lines of its sub-rooms ask for."""
    rooms: dict[str, Room] = {}
    top = float(MARGIN)
    for row in rows:
        width = (WIDTH - 2 * MARGIN - GAP * (len(row) - 1)) / len(row)
        lines = {name: _inner_lines(name, count=count, width=width) for name in row}
        height = HEAD + LINE * max(len(text) for text in lines.values())
        for k, name in enumerate(row):
            total = sum(n for room, n in count.items() if room == name or room.startswith(f"{name}."))
            left = MARGIN + k * (width + GAP)
            rooms[name] = Room(
                name=name, modules=total, inner=lines[name], x=left, y=top, width=width, height=height
            )  # fmt: skip
        top += height + BETWEEN
    return rooms


def _inner_lines(name: str, *, count: Mapping[str, int], width: float) -> tuple[str, ...]:
    """The sub-rooms with their numbers of modules, as lines that fit the box."""
    words = [f"{room.removeprefix(f'{name}.')} {n}" for room, n in sorted(count.items()) if room.startswith(f"{name}.")]
    lines: list[str] = []
    for word in words:
        if lines and len(f"{lines[-1]}   {word}") * LETTER <= width - 24:
            lines[-1] += f"   {word}"
        else:
            lines.append(word)
    return tuple(lines)


def drawing() -> str:
    """The picture: a box a room, and an arrow wherever a module of one room imports one of another."""
    rooms = placed(layers(), count=counted())
    arrows: Counter[tuple[str, str]] = Counter()
    for (above, below), n in imports_between_rooms(SOURCE).items():
        ends = above.partition(".")[0], below.partition(".")[0]
        if ends[0] != ends[1]:
            arrows[ends] += n
    height = max(room.y + room.height for room in rooms.values()) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif">',
        "<title>The rooms of hilum, and which imports which</title>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
        *(_arrow(rooms[above], rooms[below], imports=n) for (above, below), n in sorted(arrows.items())),
        *(_box(room) for room in rooms.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _arrow(above: Room, below: Room, *, imports: int) -> str:
    x, y = above.x + above.width / 2, above.y + above.height
    to_x, to_y = below.x + below.width / 2, below.y
    bend = (to_y - y) / 2
    width = 0.8 + 0.45 * log2(imports)
    return (
        f'<path d="M{x:.0f} {y:.0f} C{x:.0f} {y + bend:.0f} {to_x:.0f} {to_y - bend:.0f} {to_x:.0f} {to_y:.0f}" '
        f'fill="none" stroke="#3b6ea5" stroke-opacity="0.4" stroke-width="{width:.1f}">'
        f"<title>{above.name} imports {below.name}: {imports} modules</title></path>"
    )


def _box(room: Room) -> str:
    text = [
        f'<rect x="{room.x:.0f}" y="{room.y:.0f}" width="{room.width:.0f}" height="{room.height:.0f}" rx="8" '
        'fill="#f4f7fb" stroke="#24476b"/>',
        f'<text x="{room.x + 12:.0f}" y="{room.y + 28:.0f}" font-size="17" font-weight="bold" fill="#16304a">'
        f'{escape(room.name)} <tspan font-size="13" font-weight="normal">{room.modules} modules</tspan></text>',
    ]
    for k, line in enumerate(room.inner):
        at = room.y + HEAD + LINE * k + 4
        text.append(
            f'<text x="{room.x + 12:.0f}" y="{at:.0f}" font-size="12.5" fill="#33506d" xml:space="preserve">'
            f"{escape(line)}</text>"
        )
    return "\n".join(text)


def rooms_table() -> str:
    """One row a folder: its name, how many modules lie in it, and what its first docstring says."""
    rows = []
    for name, n in sorted(counted().items()):
        said = ast.get_docstring(ast.parse((SOURCE / name.replace(".", "/") / "__init__.py").read_text("utf-8"))) or ""
        rows.append((f"`hilum.{name}`", str(n), " ".join(said.partition("\n\n")[0].split())))
    return table(("room", "modules", "what lives there"), rows)


def main() -> int:
    """Write both, or with `--check` say what is out of date."""
    check = "--check" in sys.argv[1:]
    stale = write_or_check({PAGE: {"rooms": rooms_table()}}, check=check)
    picture = drawing()
    if check and PICTURE.read_text(encoding="utf-8") != picture:
        sys.stderr.write("out of date: docs/images/rooms.svg; run make rooms\n")
        return 1
    if not check:
        PICTURE.write_text(picture, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
