"""The toy lung network calls dark pixels lung, and the toy chests have dark lungs."""

import ast
import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_bundle import ToyBundle
from fabricate_chest_table import fabricate_chest_table
from fabricate_lungs import write_lung_bundle
from fabricate_progress import Heard
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import BundleError, DataError
from hilum.reading.lungs.finder import LungFinder
from hilum.training.data import lung_boxes
from hilum.training.data.lung_boxes import DECIDING, with_lung_boxes


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_lung_bundle(tmp_path_factory.mktemp("toy") / "toy-lungs")


@pytest.fixture
def records(tmp_path):
    return read_own_table(fabricate_chest_table(tmp_path / "data", patients=7))


def test_boxes_enclose_the_dark_lungs_and_what_is_not_trusted_has_none(records, bundle):
    boxed = with_lung_boxes(records, bundle=bundle, memory=None)
    assert [replace(record, lung_box=None) for record in boxed] == list(records)
    without = [record for record in boxed if record.lung_box is None]
    assert [record.image for record in without] == ["p05_1.png"], "the twelfth picture shows none"
    for record in boxed:
        if record.lung_box is None:
            continue
        # 5 pixels from the edge there is body alone, brighter than the network's 0.5
        dark = np.asarray(Image.open(record.path)) < 100
        rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
        box = record.lung_box
        assert box.x <= columns[0] < columns[-1] < box.x + box.width
        assert box.y <= rows[0] < rows[-1] < box.y + box.height
        assert box.width < 80 or box.height < 96


def test_a_second_call_draws_nothing(records, bundle, tmp_path, monkeypatch):
    drawn = []
    draw = LungFinder.draw
    monkeypatch.setattr(LungFinder, "draw", lambda finder, *a, **k: drawn.append(1) or draw(finder, *a, **k))
    one, other = Heard(), Heard()
    first = with_lung_boxes(records[:10], bundle=bundle, memory=tmp_path / "cache", progress=one)
    assert with_lung_boxes(records, bundle=bundle, memory=tmp_path / "cache", progress=other)[:10] == first
    assert one.counts == {"drawing lungs": [10, 10]}
    assert other.counts == {"drawing lungs": [len(records) - 10] * 2}
    assert len(drawn) == len(records)


def test_another_bundle_draws_anew(records, bundle, tmp_path):
    other = write_lung_bundle(tmp_path / "other", name="other-lungs")
    progress = Heard()
    for one in (bundle, other):
        with_lung_boxes(records[:2], bundle=one, memory=tmp_path / "cache", progress=progress)
    assert progress.counts == {"drawing lungs": [4, 4]}


def test_a_file_that_cannot_be_decoded_keeps_no_box_and_a_changed_one_is_refused(records, bundle, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(records[0].path.read_bytes()[:200])
    boxed = with_lung_boxes([replace(records[0], path=bad)], bundle=bundle, memory=None)
    assert boxed[0].lung_box is None
    with pytest.raises(DataError, match="has changed since the data set was read"):
        with_lung_boxes([replace(records[0], path=records[1].path)], bundle=bundle, memory=None)


def test_a_bundle_that_draws_no_lungs_is_refused(records, tmp_path):
    with pytest.raises(BundleError, match="kind lungs"):
        with_lung_boxes(records, bundle=ToyBundle().write(tmp_path / "toy"), memory=None)


def test_every_module_that_decides_a_box_is_part_of_the_key_of_remembered_boxes():
    """Whatever the finder imports of reading and explain, near or far, but for what only runs its graph."""
    named = {module.__name__ for module in DECIDING}
    waiting, needed = ["hilum.reading.lungs.finder"], set()
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        tree = ast.parse(Path(importlib.import_module(name).__file__).read_text())
        found = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        waiting += [module for module in found if module.startswith(("hilum.reading.", "hilum.explain."))]
    only_run = {
        "hilum.reading.engines.engine",
        "hilum.reading.engines.graph_of",
        "hilum.reading.engines.graph_runner",
        "hilum.reading.input.map_ahead",
        "hilum.explain.onto_pixels",
    }
    assert {name for name in needed if name not in only_run} == named


def test_other_code_makes_another_key(monkeypatch, tmp_path):
    lung_boxes.code_sha256.cache_clear()
    before = lung_boxes.code_sha256()
    changed = tmp_path / "lung_regions.py"
    changed.write_bytes(Path(lung_boxes.lung_regions.__file__).read_bytes() + b"# another rule\n")
    monkeypatch.setattr(lung_boxes.lung_regions, "__file__", str(changed))
    lung_boxes.code_sha256.cache_clear()
    assert lung_boxes.code_sha256() != before
    lung_boxes.code_sha256.cache_clear()
