"""A model whose card asks for occlusion, read from the file to the JSON and the page: who pays for it, what is said."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from fabricate_bundle import ToyBundle, ToyNetwork
from hilum.bundle.card import HeatmapSpec, OcclusionSpec
from hilum.bundle.load import Bundle
from hilum.errors import EngineError
from hilum.explain.occlusion import passes
from hilum.explain.onto_pixels import onto_pixels
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.reading.engines.network import Network
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import Examination, FailedReading
from hilum.report.overlay import overlay_png
from hilum.report.page import render_page
from hilum.report.reading_json import reading_to_json

LABELS = ("Edema", "Mass", "Pneumonia")
SPEC = HeatmapSpec(method="occlusion", occlusion=OcclusionSpec(cells=8, square=2))


def png(grey: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG")
    return stream.getvalue()


def spot(*, row: int, column: int, rows: int = 120, columns: int = 180) -> bytes:
    """A dark picture with one bright square of 10 pixels, its corner at (row, column)."""
    grey = np.full((rows, columns), 20, np.uint8)
    grey[row : row + 10, column : column + 10] = 250
    return png(grey)


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each run of a network had."""
    counted: list[int] = []
    run = Network.run

    def counting(network: Network, batch: np.ndarray) -> object:
        counted.append(len(batch))
        return run(network, batch)

    monkeypatch.setattr(Network, "run", counting)
    return counted


@pytest.mark.parametrize(("row", "column"), [(0, 1), (3, 4), (7, 7)])
def test_the_map_of_a_picture_that_was_cut_peaks_on_the_spot_in_native_pixels(
    row: int, column: int, tmp_path: Path
) -> None:
    """The middle 120 x 120 of 120 x 180 pixels is read: home is 30 pixels to the right, and a cell has 15 pixels."""
    cut = PreprocessSpec(steps=(Resize(height=16, width=16, rule="cover", filter="box"),), mean=(0.0,), std=(1.0,))
    bundle = ToyBundle(heatmap=SPEC, preprocess=cut, operating_point=0.01).write(tmp_path / "toy")
    top, left = 15 * row + 2, 30 + 15 * column + 2
    examination = Reader(models=[bundle]).examine(spot(row=top, column=left))
    (heatmap,) = examination.heatmaps
    assert np.unravel_index(heatmap.grid.argmax(), (8, 8)) == (row, column)
    assert heatmap.geometry.point(column, row) == pytest.approx((left - 2, top - 2))
    native = onto_pixels(heatmap.grid, geometry=heatmap.geometry, rows=120, columns=180)
    assert native[:, :30].max() == native[:, 150:].max() == 0, "the network saw nothing there"
    assert native[top + 5, left + 5] > 0.9 * native.max()
    (box,) = examination.reading.findings[0].boxes
    assert box.x <= left + 5 <= box.x + box.width
    assert box.y <= top + 5 <= box.y + box.height


def test_a_network_that_ignores_the_picture_has_an_empty_map_and_no_box(tmp_path: Path) -> None:
    blind = ToyBundle(network=ToyNetwork.brightness(gain=0.0, bias=2.0), heatmap=SPEC).write(tmp_path / "toy")
    examination = Reader(models=[blind]).examine(spot(row=10, column=60))
    (heatmap,) = examination.heatmaps
    assert not heatmap.grid.any()
    (finding,) = examination.reading.findings
    assert (finding.positive, finding.boxes, finding.heatmap) == (True, (), "occlusion")


def test_one_set_of_passes_serves_all_labels_and_none_is_made_where_it_is_not_wanted(
    tmp_path: Path, passed: list[int]
) -> None:
    many = ToyBundle(network=ToyNetwork.random(labels=3), labels=LABELS, heatmap=SPEC, operating_point=0.0)
    bundle, source = many.write(tmp_path / "toy"), spot(row=10, column=60)
    examination = Reader(models=[bundle]).examine(source)
    assert len(examination.heatmaps) == 3
    assert sum(passed) == 1 + passes(8, 2)
    for settings in (ReaderSettings(occlusion=False), ReaderSettings(heatmaps="none")):
        passed.clear()
        without = Reader(models=[bundle], settings=settings).examine(source)
        assert passed == [1]
        assert without.heatmaps == ()
        assert [one.logit for one in without.reading.findings] == [one.logit for one in examination.reading.findings]
        assert all((one.positive, one.boxes, one.heatmap) == (True, (), None) for one in without.reading.findings)


def test_without_occlusion_a_class_map_stays(tmp_path: Path) -> None:
    plain = ToyBundle(operating_point=0.01).write(tmp_path / "toy")
    with_it, without = Reader(models=[plain]), Reader(models=[plain], settings=ReaderSettings(occlusion=False))
    source = spot(row=10, column=60)
    assert with_it.settings_sha256 == without.settings_sha256
    assert with_it.read(source).findings == without.read(source).findings
    assert without.read(source).findings[0].heatmap == "class-map"


def test_json_trail_and_page_say_what_the_map_is(tmp_path: Path) -> None:
    bundle = ToyBundle(heatmap=SPEC, operating_point=0.01).write(tmp_path / "toy")
    examination = Reader(models=[bundle]).examine(spot(row=10, column=60))
    found = reading_to_json(examination.reading)
    assert found["findings"][0]["heatmap"] == "occlusion"
    assert found["trail"][-1] == {
        "step": "heatmap",
        "detail": "toy: by occlusion, 81 passes; a square of 2 x 2 of 8 x 8 cells hidden by the mean grey",
    }
    page = render_page(examination, cards=[bundle.card])
    assert "fall of the logit per hidden cell (8" in page
    assert "The cells do not add up to the logit" in page
    assert "logit contribution per cell" not in page
    plain = ToyBundle(operating_point=0.01).write(tmp_path / "plain")
    other = Reader(models=[plain]).examine(spot(row=10, column=60))
    assert [step.step for step in other.reading.trail][-1] == "preprocess"
    other_page = render_page(other, cards=[plain.card])
    assert "The same colour means the same contribution on every image" in other_page
    assert "The cells do not add up" not in other_page
    assert overlay_png(examination) != overlay_png(other)


def fails_without_the_spot(folder: Path) -> Bundle:
    """A network whose logit is the square root of (largest grey - 0.5): not a number where the spot is hidden."""
    nodes = [
        helper.make_node("ReduceMax", ["input", "axes"], ["largest"], keepdims=0),
        helper.make_node("Sub", ["largest", "half"], ["above"]),
        helper.make_node("Sqrt", ["above"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["logits"]),
    ]
    constants = {"axes": np.array([1, 2, 3]), "half": np.float32(0.5), "shape": np.array([-1, 1])}
    graph = helper.make_graph(
        nodes,
        "fails",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, 16, 16])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return ToyBundle(heatmap=SPEC, graph=model.SerializeToString(), operating_point=0.01).write(folder)


def test_no_number_for_a_hidden_picture_is_no_reading_and_costs_no_other(tmp_path: Path) -> None:
    bundle = fails_without_the_spot(tmp_path / "toy")
    bad, good = png(cells_lit(1)), png(cells_lit(16 * 16))
    with pytest.raises(EngineError, match="NaN or infinity"):
        Reader(models=[bundle]).read(bad)
    lenient = Reader(models=[bundle], settings=ReaderSettings(occlusion=False))
    assert lenient.read(bad).findings[0].positive is True
    results = list(Reader(models=[bundle]).examine_many([good, bad, good]))
    assert [type(one) for one in results] == [Examination, FailedReading, Examination]


def cells_lit(count: int) -> np.ndarray:
    """16 x 16 pixels, the first `count` of them white."""
    grey = np.zeros(16 * 16, np.uint8)
    grey[:count] = 255
    return grey.reshape(16, 16)


def test_who_stops_between_two_pictures_pays_for_no_more(tmp_path: Path, passed: list[int]) -> None:
    bundle = ToyBundle(heatmap=SPEC, operating_point=0.01).write(tmp_path / "toy")
    reader = Reader(models=[bundle], settings=ReaderSettings(batch_size=1))
    running: Iterator[object] = reader.examine_many([spot(row=10, column=60)] * 20, jobs=1)
    next(running)
    running.close()
    assert sum(passed) == 1 + passes(8, 2)
