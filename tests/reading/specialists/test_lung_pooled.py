"""A toy network that averages inside dark lungs, read without torch, against the same arithmetic in numpy."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_bundle import ToyBundle
from fabricate_dark_lungs import CASES, chest
from fabricate_lung_pooled import BIAS, SIDE, WEIGHT, cells_of, graph, map_by_hand, write_lung_pooled
from fabricate_lungs import write_lung_bundle
from hilum.bundle.load import Bundle
from hilum.errors import BundleError
from hilum.imaging.preprocess import preprocess
from hilum.output.from_json import result_of
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.open_models import open_models
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading.specialists.lung_pooled import LungPooled
from hilum.reading_result import Examination, LungAverage
from hilum.report.page import render_page
from hilum.report.reading_json import reading_to_json
from hilum.report.schema import reading_schema

ENGINE = OnnxRuntimeEngine()


def picture(case: str, *, seed: int = 5) -> bytes:
    """The chest of a case with noise: every part differs, and no case has so few greys that they are stretched."""
    grey = chest(*CASES[case]).astype(int)
    noisy = np.clip(grey + np.random.default_rng(seed).integers(-80, 81, grey.shape), 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noisy).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_lung_pooled(tmp_path_factory.mktemp("pooled") / "toy")


@pytest.fixture(scope="module")
def reader(bundle: Bundle) -> Reader:
    return Reader(models=[bundle], settings=ReaderSettings(heatmaps="all"))


def given(bundle: Bundle, examination: Examination) -> np.ndarray:
    return preprocess(examination.radiograph.pixels, spec=bundle.card.preprocess).array[0]


def lungs_by_hand() -> np.ndarray:
    """The dark rectangles on 64 x 64 pixels, and what lies within 0.02 x 64 = 1.28 pixels of them: one to each side."""
    plane = np.zeros((SIDE, SIDE))
    for rows, columns in ((slice(16, 48), slice(8, 24)), (slice(16, 48), slice(40, 56))):
        plane[rows, columns] = 1
        plane[rows.start - 1 : rows.stop + 1, columns] = 1
        plane[rows, columns.start - 1 : columns.stop + 1] = 1
    return plane


def test_trusted_lungs_are_averaged_inside(bundle: Bundle, reader: Reader) -> None:
    examination = reader.examine(picture("two lungs"))
    expected = map_by_hand(given(bundle, examination), lungs_by_hand())
    (finding,), (heatmap,) = examination.reading.findings, examination.heatmaps
    assert finding.logit == pytest.approx(expected.sum() + BIAS, abs=1e-4)
    assert np.allclose(heatmap.grid, expected, atol=1e-5)
    assert np.all(heatmap.grid[cells_of(lungs_by_hand()) == 0] == 0)
    assert float(heatmap.grid.sum()) == pytest.approx(finding.logit - BIAS, abs=1e-4)
    assert heatmap.geometry.point(8, 8) == (192, 256)
    assert examination.reading.lung_averages == (LungAverage("toy-pooled", inside=True),)
    assert not any("whole picture" in warning for warning in examination.reading.warnings)
    assert [step.detail for step in examination.reading.trail if step.step == "average"] == [
        "toy-pooled: inside the lungs, widened by 0.02 of the picture's sides"
    ]


@pytest.mark.parametrize("case", ["one lung", "more than two regions", "no lung"])
def test_without_trusted_lungs_the_whole_picture_is_averaged_and_that_is_said(
    bundle: Bundle, reader: Reader, case: str
) -> None:
    examination = reader.examine(picture(case))
    reading = examination.reading
    expected = WEIGHT * cells_of(given(bundle, examination)) / 64
    assert reading.findings[0].logit == pytest.approx(expected.sum() + BIAS, abs=1e-4)
    assert np.allclose(examination.heatmaps[0].grid, expected, atol=1e-5)
    assert reading.lungs is not None
    assert not reading.lungs.trusted
    assert reading.lung_averages == (LungAverage("toy-pooled", inside=False, reason=reading.lungs.reason),)
    said = f"toy-pooled is made to look inside the lungs alone, but looked at the whole picture: {reading.lungs.reason}"
    assert said in reading.warnings


def test_a_batch_is_read_as_its_pictures_are_one_by_one(reader: Reader) -> None:
    sources = [picture(case, seed=seed) for seed, case in enumerate(CASES)]
    for many, source in zip(reader.examine_many(sources), sources, strict=True):
        assert isinstance(many, Examination)
        one = reader.examine(source)
        assert many.reading.findings == one.reading.findings
        assert many.reading.lung_averages == one.reading.lung_averages


def test_wider_lungs_are_another_average(bundle: Bundle, reader: Reader, tmp_path: Path) -> None:
    wide = Reader(models=[write_lung_pooled(tmp_path / "wide", widen=0.5)], settings=ReaderSettings(heatmaps="all"))
    examination = wide.examine(picture("two lungs"))
    expected = WEIGHT * cells_of(given(bundle, examination)) / 64
    # half the picture's side around the lungs is nearly all of it
    assert examination.reading.findings[0].logit == pytest.approx(expected.sum() + BIAS, abs=0.2)
    assert reader.read(picture("two lungs")).findings[0].logit < examination.reading.findings[0].logit - 1


def test_json_and_page_say_where_it_looked(bundle: Bundle, reader: Reader) -> None:
    inside, whole = (reader.examine(picture(case)) for case in ("two lungs", "one lung"))
    for examination, where in ((inside, True), (whole, False)):
        record = reading_to_json(examination.reading)
        (told,) = record["lung_averages"]
        assert (told["model"], told["inside_lungs"]) == ("toy-pooled", where)
        assert (told["reason"] is None) is where
        assert result_of(record).lung_averages == examination.reading.lung_averages
        assert set(reading_schema()["$defs"]["reading"]["required"]) <= set(record)
    page = render_page(inside, cards=[bundle.card])
    assert "toy-pooled looked" in page
    assert "inside the lungs alone: what lies elsewhere has no part in its average" in page
    doubted = render_page(whole, cards=[bundle.card])
    assert "at the whole picture, since the lungs are not trusted" in doubted


def test_it_draws_with_its_own_network_and_shares_equal_ones(bundle: Bundle, tmp_path: Path) -> None:
    alone = Reader(models=[bundle]).read(picture("two lungs"))
    assert [model.name for model in alone.models] == ["toy-pooled"]
    same = write_lung_bundle(tmp_path / "same")
    opened = open_models([bundle, same], engine=ENGINE, threads=1, heatmaps="all", lungs=True)
    assert opened.lungs.shown is opened.specialists[0].lungs


def test_where_no_lungs_are_to_be_drawn_the_whole_picture_is_averaged(bundle: Bundle) -> None:
    reader = Reader(models=[bundle], settings=ReaderSettings(lungs=False, heatmaps="all"))
    examination = reader.examine(picture("two lungs"))
    expected = WEIGHT * cells_of(given(bundle, examination)) / 64
    assert np.allclose(examination.heatmaps[0].grid, expected, atol=1e-5)
    assert examination.reading.lungs is None
    assert examination.reading.lung_averages == (LungAverage("toy-pooled", False, "the lungs were not looked for"),)


def test_a_graph_without_lungs_and_a_bundle_of_another_kind_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    broken = write_lung_pooled(tmp_path / "broken", content=graph(lungs="thorax"))
    with pytest.raises(BundleError, match=r"the graph of toy-pooled takes lungs None, but its card prepares"):
        Reader(models=[broken])
    lungs = LungFinder(bundle, engine=ENGINE, threads=1)
    with pytest.raises(BundleError, match="toy is a model of kind classifier; one of kind lung-pooled is needed"):
        LungPooled(ToyBundle().write(tmp_path / "toy"), engine=ENGINE, threads=1, heatmaps="all", lungs=lungs)
    assert LungPooled(bundle, engine=ENGINE, threads=1, heatmaps="all", lungs=lungs).read([]) == ()
