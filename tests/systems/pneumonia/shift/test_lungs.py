from pathlib import Path

import numpy as np
import pytest

from fabricate_dark_lungs import CASES, COLUMNS, LEFT, RIGHT, ROWS, write_chest
from fabricate_lungs import write_lung_bundle
from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.record import Record
from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Geometry
from hilum.imaging.decode import decode, read_file
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.lungs.finder import LungFinder
from hilum.reading_result import Heatmap
from hilum.systems.pneumonia.shift.lungs import drawn_lungs, inside_share


def record(path: Path) -> Record:
    return Record(
        path=path, image=path.name, patient=path.stem, source="toy", official="train", labels={}, stratum="",
        sha256=file_sha256(path),
    )  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_lung_bundle(tmp_path_factory.mktemp("lungs") / "bundle")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chests")
    return [record(write_chest(folder / f"{name}.png", *CASES[name])) for name in ("two lungs", "no lung")]


def test_trusted_lungs_lie_where_the_picture_has_them(bundle, records, tmp_path):
    drawn = drawn_lungs(records, bundle=bundle, memory=tmp_path)
    assert set(drawn) == {records[0].sha256}, "no lung is no trusted drawing"
    expected = np.zeros((ROWS, COLUMNS), bool)
    for place in (RIGHT, LEFT):
        expected[place] = True
    mask = drawn[records[0].sha256].mask
    rows, columns = (
        ((np.arange(cells) + 0.5) * of / cells).astype(int)
        for cells, of in zip(mask.shape, expected.shape, strict=True)
    )
    assert (mask != expected[np.ix_(rows, columns)]).mean() < 0.03


def test_the_share_inside_is_that_of_a_reading(bundle, records, tmp_path):
    mask = drawn_lungs(records, bundle=bundle, memory=tmp_path)[records[0].sha256].mask
    finder = LungFinder(bundle, engine=OnnxRuntimeEngine(), threads=1)
    drawing = finder.find(decode(read_file(records[0].path), name="chest"))
    grid = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    for offset in (0.0, 20.0):  # the whole picture, and a crop of it
        geometry = Geometry((COLUMNS - 2 * offset) / 7, (ROWS - 2 * offset) / 7, offset, offset)
        heatmap = Heatmap(grid=grid, geometry=geometry, finding="Pneumonia", model="toy")
        found = inside_share(PlacedMap(grid, geometry), lungs=mask, rows=ROWS, columns=COLUMNS)
        assert found == pytest.approx(drawing.inside_share(heatmap), abs=0.01)


def test_by_hand_and_of_nothing_positive():
    lungs = np.zeros((224, 224), bool)
    lungs[:, :112] = True
    place = Geometry(50.0, 100.0, 0.0, 0.0)
    # one row of two cells, 3 and 1: interpolated between their centres, three quarters of 3 + 1 and an eighth apart
    share = inside_share(PlacedMap(np.array([[3.0, 1.0]], np.float32), place), lungs=lungs, rows=100, columns=100)
    # left half: 3 over a quarter of the width, then from 3 to 2; in all (3 + 2.5) / 4 of 2
    assert share == pytest.approx((3 + 2.5) / 4 / 2, abs=1e-3)
    nothing = PlacedMap(np.array([[-3.0, -1.0]], np.float32), place)
    assert np.isnan(inside_share(nothing, lungs=lungs, rows=100, columns=100))
