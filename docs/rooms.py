"""The rooms of hilum and which imports which, read from the sources."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from pathlib import Path


def modules(source: Path) -> dict[str, Path]:
    """Every module of `source`, the folder of the package, by its name without the package's: `imaging.decode`.

    Packages' own `__init__` are left out: they hold a docstring, or the names of a public face.
    """
    found = {}
    for path in sorted(source.rglob("*.py")):
        if path.name != "__init__.py":
            found[".".join(path.relative_to(source).with_suffix("").parts)] = path
    return found


def room_of(module: str) -> str:
    """The folder of a module; the empty name is the package's own."""
    return module.rpartition(".")[0]


def imported_modules(path: Path, *, known: Mapping[str, Path], package: str) -> set[str]:
    """The modules of `known` that the file imports, at its head or later."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.removeprefix(f"{package}.") for name in names}
    return found & set(known)


def imports_between_rooms(source: Path) -> Counter[tuple[str, str]]:
    """How many modules of one room import one of another: (importing room, imported room) to a count.

    What lies in the package's own folder (errors, findings, geometry, the way in) is ground to all, and left out.
    """
    known = modules(source)
    arrows: Counter[tuple[str, str]] = Counter()
    for name, path in known.items():
        rooms = {room_of(other) for other in imported_modules(path, known=known, package=source.name)}
        arrows.update((room_of(name), room) for room in rooms - {room_of(name), ""} if room_of(name))
    return arrows
