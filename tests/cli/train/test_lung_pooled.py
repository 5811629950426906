"""`hilum train pneumonia-lungs --smoke` on a miniature of its release, and `hilum read` with what it wrote."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from die_here import PRELOADED, SERVER
from fabricate_chest_table import save_chest
from fabricate_kermany import fabricate_kermany
from fabricate_lungs import write_lung_bundle
from hilum.cli.main import app


@pytest.fixture(scope="module", autouse=True)
def server():
    SERVER.set_forkserver_preload(PRELOADED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Chests with dark lungs under the release's names; the ill ones have a bright band in them."""
    made = tmp_path_factory.mktemp("pooled")
    draw = np.random.default_rng(0)
    for path in sorted(fabricate_kermany(made / "kermany").rglob("*.jpeg")):
        save_chest(path, draw=draw, effusion="PNEUMONIA" in path.parts, nodule=False)
    save_chest(made / "without.png", draw=draw, effusion=True, nodule=False, lungs=False)
    write_lung_bundle(made / "toy-lungs")
    return made


@pytest.mark.slow
def test_a_smoke_run_trains_writes_and_reads_inside_the_lungs(folder):
    words = ["train", "pneumonia-lungs", "--data", f"kermany={folder / 'kermany'}", "--weights", "random", "--smoke"]
    words += ["--lungs", str(folder / "toy-lungs"), "--cache", str(folder / "cache"), "--out", str(folder / "run")]
    trained = CliRunner().invoke(app, words)
    assert trained.exit_code == 0, trained.stderr
    assert "whose features are averaged inside them" in trained.stderr
    picture = next((folder / "kermany" / "test" / "PNEUMONIA").iterdir())
    told = []
    for path in (picture, folder / "without.png"):
        words = ["read", "--model", str(folder / "run" / "bundle"), "--no-gate", "--age", "3", "--json", str(path)]
        read = CliRunner().invoke(app, words)
        assert read.exit_code == 0, read.stderr
        reading = json.loads(read.stdout)
        told.append([(one["inside_lungs"], one["reason"] is None) for one in reading["lung_averages"]])
        assert [finding["name"] for finding in reading["findings"]] == ["Pneumonia"]
    assert told == [[(True, True)], [(False, False)]]


def test_lungs_that_nothing_draws_are_an_error_in_one_line(folder):
    words = ["train", "pneumonia-lungs", "--data", f"kermany={folder / 'kermany'}", "--weights", "random", "--smoke"]
    words += ["--lungs", str(folder / "kermany"), "--cache", str(folder / "cache"), "--out", str(folder / "none")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code != 0
    assert "Traceback" not in result.stderr
    assert not (folder / "none" / "bundle").exists()
