import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.bundles.ledger import Ledger
from hilum.evaluation.predictions.predictions_file import write_predictions

Run = Callable[..., Result]


@pytest.fixture
def ledger(hilum: Run, tmp_path: Path) -> Path:
    path = tmp_path / "LEDGER.jsonl"
    for seed in (0, 1, 2):
        write_predictions(fabricate_predictions(seed=seed), path=tmp_path / f"{seed}.parquet")
        hilum("judge", tmp_path / f"{seed}.parquet", "--replicates", 100, "--ledger", path)
    return path


def test_every_look_is_listed(hilum: Run, ledger: Path) -> None:
    with Ledger(ledger) as held:
        held.append({"kind": "intent", "look": "a", "bundle": "toy 1", "protocol": "made up", "images": 7})
    result = hilum("ledger", "--ledger", ledger)
    assert result.exit_code == 0, result.stderr
    for words in ("0.parquet", "2.parquet", "toy 1", "stopped before its result"):
        assert words in " ".join(result.stdout.split())
    assert f"evaluations of held-out images in {ledger}: 4" in result.stderr
    found = json.loads(hilum("ledger", "--ledger", ledger, "--json").stdout)
    assert ([look["ended"] for look in found["looks"]], found["broken"]) == ([True, True, True, False], [])


def test_a_line_that_was_removed_is_said_in_one_line(hilum: Run, ledger: Path) -> None:
    lines = ledger.read_text().splitlines()
    ledger.write_text("\n".join([lines[0], lines[2]]) + "\n")
    result = hilum("ledger", "--ledger", ledger)
    assert result.exit_code == 1
    file = ledger.with_name("0.parquet")
    for words in (("judge", file), ("compare", f"a={file}", f"b={file}")):
        told = hilum(*words, "--replicates", 100, "--ledger", ledger)
        assert "; lines of the ledger were changed or removed: run `hilum ledger` to see which" in told.stderr
    (said,) = [line for line in result.stderr.splitlines() if "was written after" in line]
    assert "the line that line 2 was written after is not above it: it was changed, moved or removed" in said


def test_there_may_be_no_ledger(hilum: Run, tmp_path: Path) -> None:
    result = hilum("ledger", "--ledger", tmp_path / "none.jsonl")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "none.jsonl: 0" in result.stderr
