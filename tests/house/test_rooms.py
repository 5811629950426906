"""The rooms of the house: none is crowded, and no two import each other in a circle."""

import ast
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

MOST_MODULES = 25
PAPERS = ("sdfn", "chest14", "paper")
"""What published systems are called, where it is no word of the field."""


@pytest.fixture(scope="module")
def rooms(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("rooms")


def test_no_room_holds_more_modules_than_a_newcomer_can_read_through(rooms: ModuleType, root: Path) -> None:
    held = [rooms.room_of(name) for name in rooms.modules(root / "src" / "hilum")]
    assert {room: held.count(room) for room in set(held) if held.count(room) > MOST_MODULES} == {}


def test_no_rooms_import_each_other_in_a_circle(rooms: ModuleType, root: Path) -> None:
    arrows = rooms.imports_between_rooms(root / "src" / "hilum")
    left = {room for arrow in arrows for room in arrow}
    # a room that imports none of those left is taken away, until none is left or all that are left stand in circles
    while ends := {room for room in left if not any(a == room and b in left for a, b in arrows)}:
        left -= ends
    assert left == set()


def test_a_circle_is_seen(rooms: ModuleType, tmp_path: Path) -> None:
    for room, imported in {"above": "below", "below": "above"}.items():
        (tmp_path / "hilum" / room).mkdir(parents=True)
        (tmp_path / "hilum" / room / "__init__.py").write_text("")
        (tmp_path / "hilum" / room / "one.py").write_text(f"from hilum.{imported} import one\n")
    assert rooms.imports_between_rooms(tmp_path / "hilum") == {("above", "below"): 1, ("below", "above"): 1}


def test_nothing_is_called_after_a_paper_outside_its_systems_folder(root: Path) -> None:
    found = [
        f"{path.relative_to(root)}: {node.name}"
        for path in (root / "src" / "hilum").rglob("*.py")
        if "systems" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and any(of in node.name.lower() for of in PAPERS)
    ]
    assert found == []
