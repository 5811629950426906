"""What `hilum localise` asks beside boxes, as a user sees it."""

import json
import shutil
from pathlib import Path

import pytest

from fabricate_boxes import fabricate_boxes
from fabricate_torch_bundle import fabricate_torch_bundle, random_network
from run_command import run, run_well


def test_faithfulness_and_both_sanity_checks_stand_in_the_report(tmp_path: Path) -> None:
    boxes = fabricate_boxes(tmp_path / "boxes", patients=4)
    bundle = fabricate_torch_bundle(tmp_path / "it", network=random_network(), labels=("Pneumonia",))
    other = tmp_path / "other"
    shutil.copytree(bundle.folder, other / "bundle")
    (other / "run.json").write_text(json.dumps({"smoke": True}))
    words = ("localise", bundle.folder, "--boxes", f"boxes={boxes}", "--out", tmp_path / "out", "--replicates", 100)
    checks = ("--faithfulness", "--random-weights", "--random-labels", other, "--checked", 3)
    printed = run_well(*words, "--method", "grad-cam", "--method", "layer-cam", *checks)
    assert "asking again of pictures without what maps mark" in printed
    found = json.loads((tmp_path / "out" / "localisation.json").read_text())
    assert set(found["faithfulness"]) == {"grad-cam", "layer-cam", "average box", "random map"}
    own = found["faithfulness"]["grad-cam"]
    assert own["images"] == 3
    assert own["deletion_less_random"] == pytest.approx(
        own["deletion"] - found["faithfulness"]["random map"]["deletion"], abs=1e-12
    )
    steps = found["random_weights"]
    assert next(iter(steps)) == "linear layer"
    assert {"images", "rank_correlation", "pointing", "iou", "undefined"} <= set(steps["linear layer"]["grad-cam"])
    same = found["random_labels"]["labels dealt at random"]["grad-cam"]
    assert same["rank_correlation"] == 1.0, "the other run is the same network here"
    page = (tmp_path / "out" / "localisation.html").read_text()
    for title in ("Does the heatmap show what the score depends on?", "weights are random", "learnt random labels"):
        assert title in page
    tables = {path.stem for path in (tmp_path / "out" / "tables").iterdir()}
    assert {"faithfulness", "random_weights", "random_labels"} <= tables
    refused = run(*words, "--random-weights")
    assert refused.exit_code == 2
    assert "Missing option: --method NAME; --random-weights" in " ".join(refused.stderr.split())
