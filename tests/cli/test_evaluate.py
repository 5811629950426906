import json

import pytest
from typer.testing import CliRunner

from fabricate_bundle import ToyBundle
from fabricate_kermany import fabricate_kermany
from hilum.cli.main import app


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return fabricate_kermany(tmp_path_factory.mktemp("kermany"), train=2, test=4)


def test_evaluate_prints_the_table_and_counts_the_looks(release, tmp_path):
    folder = ToyBundle().write(tmp_path / "toy").folder
    ledger = tmp_path / "LEDGER.jsonl"
    for looks in (1, 2):
        result = run("evaluate", folder, "--data", f"kermany={release}", "--ledger", ledger)
        assert result.exit_code == 0, result.output
        assert f"Looks in the ledger: {looks}" in " ".join(result.stdout.split())
    line = json.loads(ledger.read_text().splitlines()[0])
    assert f"{line['auroc']:.3f}" in result.stdout
    assert "n = 8, positives = 4" in result.stdout


def test_another_release_is_refused(tmp_path):
    folder = ToyBundle().write(tmp_path / "toy").folder
    result = run("evaluate", folder, "--data", "zoo=x")
    assert result.exit_code == 2
    assert "expected --data NAME=FOLDER" in result.stderr
