import json
import subprocess

import pytest

from hilum.errors import OutputError
from hilum.evaluation.ledger import append_look, commit_and_dirty, read_ledger


def test_every_look_is_one_more_line(tmp_path):
    ledger = tmp_path / "LEDGER.jsonl"
    assert read_ledger(ledger) == ()
    append_look({"n": 1, "auroc_ci": [0.1, 0.2]}, ledger=ledger)
    append_look({"n": 2}, ledger=ledger)
    assert read_ledger(ledger) == ({"n": 1, "auroc_ci": [0.1, 0.2]}, {"n": 2})
    assert [json.loads(line)["n"] for line in ledger.read_text().splitlines()] == [1, 2]


def test_a_ledger_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="make the file writable"):
        append_look({"n": 1}, ledger=tmp_path / "missing" / "LEDGER.jsonl")


def test_commit_and_dirty_flag_of_a_repository(tmp_path):
    def git(*arguments):
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
