"""Chests of dark lungs, and networks of which it is known where they look."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_bundle import CELL, ToyBundle, ToyNetwork
from fabricate_dark_lungs import CASES, LEFT, RIGHT, chest
from fabricate_kermany import fabricate_kermany
from fabricate_lungs import write_lung_bundle
from hilum.bundle.load import TRAINING_IMAGES
from hilum.bundle.save import file_hashes, write_bundle
from hilum.bundle.seen_images import SeenImages, seen_images_bytes
from hilum.datasets.records.image_hashes import image_hashes
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split
from hilum.evaluation.bundles.ledger import looks, read_ledger
from hilum.imaging.preprocess import PreprocessSpec, Resize

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SIDE = 64


@pytest.fixture(scope="module")
def faithfulness():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("faithfulness", BENCHMARKS / "faithfulness.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


def bundle(folder: Path, *, dark: bool) -> str:
    """A model whose logit grows with how far cells are darker than 0.4, or else brighter than 0.75; it is above 0."""
    sign = -1.0 if dark else 1.0
    network = ToyNetwork(
        np.full((1, 1, CELL, CELL), sign / CELL**2, np.float32),
        np.array([0.4 if dark else -0.75], np.float32),
        np.full((1, 1), 20.0, np.float32),
        np.full(1, 0.5, np.float32),
    )
    spec = PreprocessSpec(
        steps=(Resize(height=SIDE, width=SIDE, rule="stretch", filter="box"),), mean=(0.0,), std=(1.0,)
    )
    return str(ToyBundle(network=network, preprocess=spec, graph=network.graph(size=SIDE)).write(folder).folder)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """Kermany's folders: nine chests with two lungs each, one without in train; one in test."""
    folder = tmp_path_factory.mktemp("release") / "chest_xray"
    for official, count in (("train", 5), ("test", 1)):
        for number in range(count):
            for kind, name in (("NORMAL", f"IM-{number:04d}-0001"), ("PNEUMONIA", f"person{number}_virus_{number}")):
                path = folder / official / kind / f"{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                dark = CASES["no lung"] if (official, number, kind) == ("train", 4, "NORMAL") else (RIGHT, LEFT)
                bright = 220 + 3 * number + (kind == "NORMAL")
                Image.fromarray(chest(*dark, bright=bright)).save(path)
    return folder


@pytest.fixture(scope="module")
def lungs(tmp_path_factory):
    return str(write_lung_bundle(tmp_path_factory.mktemp("lungs") / "bundle").folder)


@pytest.fixture(scope="module")
def split(release, tmp_path_factory):
    path = tmp_path_factory.mktemp("split") / "split.json"
    own = tuple(one for one in read_kermany(release) if one.official == "train")
    save_split(Split({"plain": own}, "toy split"), path=path)
    return path


def run(*words: object) -> subprocess.CompletedProcess:
    command = [sys.executable, str(BENCHMARKS / "faithfulness.py"), *map(str, words), "--threads", "1"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def report(model, *, release, lungs, split, out, fill="mean"):
    data = f"kermany={release}"
    result = run(
        model, "--data", data, "--split", split, "--part", "plain", "--lungs", lungs, "--out", out, "--fill", fill
    )
    assert result.returncode == 0, result.stderr
    return json.loads((out / "faithfulness-mean.json").read_text()), result.stdout


@pytest.mark.slow
def test_a_model_that_looks_at_dark_lungs_is_faithful(release, lungs, split, tmp_path):
    found, said = report(bundle(tmp_path / "toy", dark=True), release=release, lungs=lungs, split=split, out=tmp_path)
    assert (found["images"], found["positives"], found["lungs not trusted"], found["measured"]) == (10, 10, 1, 9)
    assert found["faithful"]["value"] == 1.0
    assert found["faithful"]["low"] > 0.6
    assert found["median map inside the lungs"]["value"] > 0.85
    # 0.4 in each dark cell, a third of the picture, times 20; hidden, the lungs are too bright to count
    share = 2 * 128 * 48 / (256 * 192)
    assert found["median move by the lungs, logits"] == pytest.approx(-20 * 0.4 * share, abs=0.2)
    assert found["median of mean move elsewhere, logits"] == pytest.approx(0.0, abs=0.05)
    assert [each["reached"] for each in found["targets"]] == [True, True]
    assert found["fill"] == "mean"
    assert "toy split; plain" in said
    assert "lungs move the score more: 1.000" in said


@pytest.mark.slow
def test_a_model_that_looks_at_the_rest_is_not(release, lungs, split, tmp_path):
    found, said = report(bundle(tmp_path / "toy", dark=False), release=release, lungs=lungs, split=split, out=tmp_path)
    assert found["faithful"]["value"] == 0.0
    assert found["median map inside the lungs"]["value"] < 0.15
    assert found["map mostly outside"]["value"] == 1.0
    assert "MISSED" in said


def test_what_is_hidden_is_black_or_as_grey_as_the_picture(faithfulness):
    pixels = np.array([[0.2, 0.4], [0.6, 0.8]], np.float32)
    region = np.array([[True, False], [False, True]])
    assert faithfulness.filled(pixels, region, fill="black").tolist() == [[0.0, pixels[0, 1]], [pixels[1, 0], 0.0]]
    assert faithfulness.filled(pixels, region, fill="mean")[region] == pytest.approx([0.5, 0.5])


@pytest.mark.slow
def test_a_part_of_held_out_images_is_a_look(release, lungs, tmp_path):
    model, data = bundle(tmp_path / "toy", dark=True), f"kermany={release}"
    asked = (model, "--data", data, "--part", "test", "--lungs", lungs, "--fill", "mean")
    refused = run(*asked)
    assert refused.returncode != 0
    assert "is a look at held-out images: give --ledger and --out" in refused.stderr
    ledger = tmp_path / "LEDGER.jsonl"
    for _ in range(2):
        result = run(*asked, "--ledger", ledger, "--out", tmp_path / "look")
        assert result.returncode == 0, result.stderr
    (look,) = looks(read_ledger(ledger))
    assert look.ended
    assert (look.fields["n"], look.fields["faithful"]) == (2, 1.0)


def test_regions_elsewhere_are_as_large_and_never_the_lungs(faithfulness):
    mask = np.zeros((60, 40), bool)
    mask[10:40, 5:30] = True
    regions = [faithfulness.elsewhere(mask, seed=(1, draw)) for draw in range(20)]
    for region in regions:
        assert region.sum() == mask.sum()
        assert not (region & mask).any()
    np.testing.assert_array_equal(regions[3], faithfulness.elsewhere(mask, seed=(1, 3)))
    assert len({region.tobytes() for region in regions}) == 20
    covered = np.mean(regions, axis=0)[~mask]
    assert covered.min() > 0, "every place is hidden in some draw"


def test_a_move_counts_whichever_way_it_goes(faithfulness):
    assert faithfulness.Moved("a", -2.0, (1.0, -1.0), None).faithful
    assert faithfulness.Moved("a", 2.0, (-1.0, 1.5), None).faithful
    assert not faithfulness.Moved("a", -1.0, (3.0, -0.5), None).faithful


def test_the_parts_that_a_bundle_tells_of(faithfulness, tmp_path):
    records = read_kermany(fabricate_kermany(tmp_path / "r", train=4, test=2))
    train = [one for one in records if one.official == "train"]
    seen = SeenImages(train=image_hashes(train[:4], jobs=1), validation=image_hashes(train[4:6], jobs=1))
    toy = ToyBundle()
    files = {**toy.files(), TRAINING_IMAGES: seen_images_bytes(seen)}
    own = write_bundle(tmp_path / "toy", card=toy.card().changed({"files": file_hashes(files)}), files=files)
    validation, said = faithfulness.told_by(own, records=records, part="validation")
    assert list(validation) == train[4:6]
    assert "keeps" in said
    unseen, _ = faithfulness.told_by(own, records=records, part="unseen")
    others = {one.image for one in records if one.official != "test"} - {one.image for one in train[:6]}
    assert {one.image for one in unseen} <= others, "none that was seen, and none that is held out"
    with pytest.raises(SystemExit, match="came elsewhere"):
        faithfulness.told_by(own, records=records, part="elsewhere")
    plain = toy.write(tmp_path / "plain")
    with pytest.raises(SystemExit, match="does not name its training images"):
        faithfulness.told_by(plain, records=records, part="validation")
