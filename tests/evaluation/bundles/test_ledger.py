import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hilum.evaluation.bundles.ledger as ledger_module
from hilum.errors import DataError, OutputError
from hilum.evaluation.bundles.ledger import Ledger, broken_links, commit_and_dirty, ledger_path, looks, read_ledger

OLD = json.dumps({"date": "2026-11-21", "bundle": "toy 1", "auroc": 0.9})
"""A line as hilum wrote them before there were kinds and a chain."""


GONE = "was written after is not above it: it was changed, moved or removed"


def append(path: Path, *lines: dict[str, Any]) -> None:
    for line in lines:
        with Ledger(path) as ledger:
            ledger.append(line)


def numbers(path: Path) -> list[Any]:
    return [line["n"] for line in read_ledger(path)]


def test_every_line_holds_the_hash_of_the_line_before(tmp_path: Path) -> None:
    path = tmp_path / "LEDGER.jsonl"
    assert read_ledger(path) == ()
    append(path, {"n": 1, "auroc_ci": [0.1, 0.2]}, {"n": 2}, {"n": 3})
    raw = path.read_bytes().splitlines()
    expected = [None, *(hashlib.sha256(line).hexdigest() for line in raw[:-1])]
    assert [json.loads(line)["previous_sha256"] for line in raw] == expected
    assert numbers(path) == [1, 2, 3]
    assert broken_links(path) == ()


def test_a_line_from_before_the_chain_stays_and_begins_it(tmp_path: Path) -> None:
    path = tmp_path / "LEDGER.jsonl"
    path.write_text(OLD + "\n")
    append(path, {"n": 2})
    first, second = path.read_text().splitlines()
    assert first == OLD
    assert json.loads(second)["previous_sha256"] == hashlib.sha256(OLD.encode()).hexdigest()
    assert broken_links(path) == ()
    path.write_text(path.read_text().replace("0.9", "0.8"))
    assert broken_links(path) == (f"the line that line 2 {GONE}",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [lines[0], lines[2], lines[3]], f"the line that line 2 {GONE}"),
        (lambda lines: lines[1:], f"the line that line 1 {GONE}"),
        (lambda lines: [lines[0], lines[1].replace("2", "7", 1), *lines[2:]], f"the line that line 3 {GONE}"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], f"the line that line 1 {GONE}"),
        (lambda lines: [*lines[:2], '{"n": 9}', *lines[2:]], "line 3 holds no hash of the line before it"),
        (lambda lines: [*lines, OLD], "line 5 holds no hash of the line before it: it was changed, or written by hand"),
        (lambda lines: [*lines[:3], lines[3].replace('"previous', '"x')], "line 4 holds no hash"),
    ],
)
def test_a_line_that_was_removed_changed_moved_or_put_in_is_said(tmp_path: Path, change: Any, said: str) -> None:
    path = tmp_path / "LEDGER.jsonl"
    append(path, *({"n": n} for n in (1, 2, 3, 4)))
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    (found,) = broken_links(path)
    assert said in found
    append(path, {"n": 5})  # a look is never refused for what another did to the file, and stays on record
    assert read_ledger(path)[-1]["n"] == 5


def test_looks_of_two_branches_that_were_merged_are_a_whole_chain(tmp_path: Path) -> None:
    path, branch = tmp_path / "LEDGER.jsonl", tmp_path / "branch.jsonl"
    append(path, {"n": 1})
    branch.write_bytes(path.read_bytes())
    append(path, {"n": 2})
    append(branch, {"n": 3}, {"n": 4})
    path.write_text(path.read_text() + "\n".join(branch.read_text().splitlines()[1:]) + "\n")
    append(path, {"n": 5})
    assert numbers(path) == [1, 2, 3, 4, 5]
    assert broken_links(path) == ()
    path.write_text("\n".join(line for line in path.read_text().splitlines() if '"n": 3' not in line) + "\n")
    assert broken_links(path) == (f"the line that line 3 {GONE}",)


def test_other_ends_of_lines_are_no_change(tmp_path: Path) -> None:
    path = tmp_path / "LEDGER.jsonl"
    append(path, {"n": 1}, {"n": 2})
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    append(path, {"n": 3})
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    append(path, {"n": 4})
    assert numbers(path) == [1, 2, 3, 4]
    assert broken_links(path) == ()


@pytest.mark.parametrize("damage", ["{bad", '{"n": 1', "7", '["n"]', "\x00\x01"])
def test_a_damaged_line_is_one_clear_message(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "LEDGER.jsonl"
    append(path, {"n": 1})
    with path.open("a") as file:
        file.write(damage + "\n")
    before = path.read_bytes()
    for call in (lambda: read_ledger(path), lambda: broken_links(path), lambda: append(path, {"n": 2})):
        with pytest.raises(DataError, match=r"Line 2 of .* is not a JSON object") as caught:
            call()
        assert "\n" not in str(caught.value)
        assert "Restore the line" in str(caught.value)
    assert path.read_bytes() == before


def test_a_last_line_without_an_end_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "LEDGER.jsonl"
    append(path, {"n": 1})
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    append(path, {"n": 2})
    assert numbers(path) == [1, 2]
    assert broken_links(path) == ()


def test_writers_at_the_same_time_do_not_break_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "LEDGER.jsonl"
    code = (
        "import sys; from pathlib import Path; from hilum.evaluation.bundles.ledger import Ledger\n"
        "for n in range(40):\n"
        "    with Ledger(Path(sys.argv[1])) as ledger: ledger.append({'n': n, 'by': sys.argv[2]})\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), str(name)]) for name in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    assert len(read_ledger(path)) == 120
    assert broken_links(path) == ()
    for name in range(3):
        assert [line["n"] for line in read_ledger(path) if line["by"] == str(name)] == list(range(40))


def test_an_intent_and_its_result_are_one_look_and_an_old_line_is_one(tmp_path: Path) -> None:
    path = tmp_path / "LEDGER.jsonl"
    path.write_text(OLD + "\n")
    append(
        path,
        {"kind": "intent", "look": "a", "bundle": "toy 2"},
        {"kind": "intent", "look": "b", "bundle": "toy 3"},
        {"kind": "result", "look": "a", "auroc": 0.7},
        {"kind": "look", "auroc": 0.6},
    )
    found = looks(read_ledger(path))
    assert [(look.fields.get("bundle"), look.fields.get("auroc"), look.ended) for look in found] == [
        ("toy 1", 0.9, True), ("toy 2", 0.7, True), ("toy 3", None, False), (None, 0.6, True),
    ]  # fmt: skip


def test_a_ledger_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="name another with --ledger or HILUM_LEDGER"):
        append(tmp_path / "missing" / "LEDGER.jsonl", {"n": 1})


def test_what_keeps_nothing_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r": no regular file\. .* name another with --ledger"):
        append(Path(os.devnull), {"n": 1})


def test_a_disk_that_is_full_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write = tmp_path / "LEDGER.jsonl", os.write
    append(path, {"n": 1})
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: len(data) // 2]))
    with pytest.raises(OutputError, match="No space left on device"):
        append(path, {"n": 2})
    monkeypatch.undo()
    append(path, {"n": 3})
    assert numbers(path) == [1, 3]
    assert broken_links(path) == ()


def test_a_ledger_that_was_replaced_while_its_lock_was_awaited_gets_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `git checkout` replaces it: the line went into the file that was gone."""
    path, other, lock = tmp_path / "LEDGER.jsonl", tmp_path / "other.jsonl", ledger_module._lock
    append(path, {"n": 1})
    append(other, {"n": 1}, {"n": 2})

    def replaced_first(descriptor: int) -> None:
        if other.exists():
            other.replace(path)
        lock(descriptor)

    monkeypatch.setattr(ledger_module, "_lock", replaced_first)
    append(path, {"n": 3})
    assert numbers(path) == [1, 2, 3]
    assert broken_links(path) == ()


def test_commit_and_dirty_flag_of_a_repository(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    assert commit_and_dirty(tmp_path) == (None, None)
    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "first")
    commit, dirty = commit_and_dirty(tmp_path)
    assert commit is not None
    assert len(commit) == 40
    assert dirty is False
    (tmp_path / "file").write_text("two")
    assert commit_and_dirty(tmp_path) == (commit, True)


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
