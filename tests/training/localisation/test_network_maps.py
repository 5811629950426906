"""What a torch network draws is what its bundle's own reading draws, and each method reaches the command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_boxes import LEFT, boxed_case, fabricate_boxes
from fabricate_torch_bundle import fabricate_torch_bundle, random_network
from hilum.bundle.load import Bundle
from hilum.evaluation.localisation.maps import OWN, BundleMaps, DrawnMaps, Unread
from hilum.training.localisation.network_maps import maps_of_bundle
from run_command import run, run_well


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle") / "it"
    return fabricate_torch_bundle(folder, network=random_network(labels=2), labels=("Pneumonia", "Mass"))


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_boxes(tmp_path_factory.mktemp("boxes"), patients=6)


def test_grad_cam_is_the_positive_part_of_what_a_reading_draws(bundle: Bundle, boxes: Path, tmp_path: Path) -> None:
    record = boxed_case(0, fold="fold 0", box=LEFT).record
    (tmp_path / "torn.png").write_bytes(b"torn")
    wanted = [
        (replace(record, path=boxes / "003.png"), ("Mass", "Pneumonia")),
        (replace(record, path=tmp_path / "torn.png"), ("Mass",)),
    ]
    drawn, torn = maps_of_bundle(bundle, run=None, methods=("grad-cam",)).draw(wanted)
    own, _ = BundleMaps(bundle).draw(wanted)
    assert isinstance(drawn, DrawnMaps)
    assert isinstance(own, DrawnMaps)
    for label in ("Mass", "Pneumonia"):
        ours, theirs = drawn.maps[label]["grad-cam"], own.maps[label][OWN]
        np.testing.assert_allclose(ours.grid, np.maximum(theirs.grid, 0), atol=1e-4 * np.abs(theirs.grid).max())
        assert ours.geometry == theirs.geometry
        assert drawn.probabilities[label] == pytest.approx(own.probabilities[label], abs=1e-4)
    assert isinstance(torn, Unread)
    assert torn.reason == "could not be read"


def test_methods_stand_beside_one_another_in_one_report(bundle: Bundle, boxes: Path, tmp_path: Path) -> None:
    words = ("localise", bundle.folder, "--boxes", f"boxes={boxes}", "--replicates", 100, "--ledger", tmp_path / "L")
    methods = ("grad-cam", "grad-cam++", "layer-cam", "layer-cam-finer")
    run_well(*words, "--out", tmp_path / "by", *(word for name in methods for word in ("--method", name)))
    run_well(*words, "--out", tmp_path / "own", "--no-gallery")
    by, own = (json.loads((tmp_path / name / "localisation.json").read_text()) for name in ("by", "own"))
    found = by["labels"]["Pneumonia"]
    assert list(found) == [*methods, "average box", "even map"]
    assert "XGrad-CAM is the same picture" in by["methods"]["grad-cam"]["note"]
    # the ReLU comes before cells are interpolated, so boxes differ by less than a cell
    drawn = own["labels"]["Pneumonia"]["own"]
    assert found["grad-cam"]["at"]["0.7"]["iou"] == pytest.approx(drawn["at"]["0.7"]["iou"], abs=0.02)
    assert found["grad-cam"]["pointing"] == drawn["pointing"]
    assert found["average box"] == own["labels"]["Pneumonia"]["average box"]
    assert len(list((tmp_path / "by" / "gallery").iterdir())) == 2 * (1 + len(methods))


def test_a_method_that_is_none_ends_in_one_line(bundle: Bundle, boxes: Path, tmp_path: Path) -> None:
    words = ("localise", bundle.folder, "--boxes", f"boxes={boxes}", "--out", tmp_path / "out", "--method")
    for name, said in (("smooth-grad", "Name each --method once; available"), ("xgrad-cam", "the same picture")):
        result = run(*words, name)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())
