from pathlib import Path

import pytest

from hilum.evaluation.ledger_place import ledger_path

NOWHERE = {"HOME": "/nowhere"}


def test_one_file_a_project_wherever_a_command_is_given(tmp_path: Path) -> None:
    """It was one a working directory."""
    deep = tmp_path / "repo" / "src" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    (deep / "LEDGER.jsonl").touch()  # what an earlier version left behind
    for folder in (deep, deep.parent, tmp_path / "repo"):
        assert ledger_path(None, folder=folder, environment=NOWHERE) == tmp_path / "repo" / "LEDGER.jsonl"


@pytest.mark.parametrize("root", ["pyproject.toml", "LEDGER.jsonl"])
def test_a_project_without_a_repository(tmp_path: Path, root: str) -> None:
    deep = tmp_path / "project" / "runs" / "one"
    deep.mkdir(parents=True)
    (tmp_path / "project" / root).touch()
    assert ledger_path(None, folder=deep, environment=NOWHERE) == tmp_path / "project" / "LEDGER.jsonl"


@pytest.mark.parametrize(
    ("platform", "environment", "place"),
    [
        ("linux", {}, ".local/state/hilum/LEDGER.jsonl"),
        ("linux", {"XDG_STATE_HOME": "state"}, "state/hilum/LEDGER.jsonl"),
        ("darwin", {}, "Library/Application Support/hilum/LEDGER.jsonl"),
        ("win32", {}, "AppData/Local/hilum/LEDGER.jsonl"),
    ],
)
def test_outside_any_project_one_file_a_user(
    tmp_path: Path, platform: str, environment: dict[str, str], place: str
) -> None:
    given = {name: str(tmp_path / value) for name, value in environment.items()} | {"HOME": str(tmp_path)}
    bare = Path("/")  # no folder above is anybody's project
    found = ledger_path(None, folder=bare, environment=given, platform=platform)
    assert found == tmp_path / place
    assert found.parent.is_dir()


def test_what_is_named_wins(tmp_path: Path) -> None:
    environment = {"HILUM_LEDGER": str(tmp_path / "mine.jsonl")}
    assert ledger_path(None, folder=tmp_path, environment=environment) == tmp_path / "mine.jsonl"
    assert ledger_path(Path("other.jsonl"), folder=tmp_path, environment=environment) == Path("other.jsonl")


def test_a_folder_that_is_named_holds_the_ledger(tmp_path: Path) -> None:
    assert ledger_path(tmp_path, environment=NOWHERE) == tmp_path / "LEDGER.jsonl"
    assert ledger_path(None, environment={"HILUM_LEDGER": str(tmp_path)}) == tmp_path / "LEDGER.jsonl"
