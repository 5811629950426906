from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from fabricate_dark_lungs import COLUMNS, ROWS, write_chest
from fabricate_lungs import write_lung_bundle
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, Resize, preprocess
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.lungs.on_input import lungs_on_input, widened

LEFT, RIGHT = (slice(20, 80), slice(10, 34)), (slice(20, 80), slice(60, 84))


@pytest.mark.parametrize("rule", ["stretch", "letterbox", "cover"])
def test_lungs_lie_where_the_network_sees_them(tmp_path: Path, rule: str) -> None:
    radiograph = decode(read_file(write_chest(tmp_path / "chest.png", LEFT, RIGHT)), name="chest.png")
    finder = LungFinder(write_lung_bundle(tmp_path / "toy"), engine=OnnxRuntimeEngine(), threads=1)
    drawing = finder.find(radiograph)
    spec = PreprocessSpec(steps=(Resize(height=64, width=48, rule=rule, filter="box"),), mean=(0.0,), std=(1.0,))
    given = preprocess(radiograph.pixels, spec=spec)
    mask = lungs_on_input(drawing, geometry=given.geometry, shape=(64, 48))
    # on the centres of the input's pixels, brought to native ones: the dark parts, but for what is drawn at an edge
    y, x = np.mgrid[:64, :48] + 0.5
    native_x, native_y = (
        given.geometry.scale_x * x + given.geometry.offset_x,
        given.geometry.scale_y * y + given.geometry.offset_y,
    )
    expected = np.zeros((64, 48), np.bool_)
    near_an_edge = np.zeros_like(expected)
    for rows, columns in (LEFT, RIGHT):
        outside = np.maximum(
            np.maximum(rows.start - native_y, native_y - rows.stop),
            np.maximum(columns.start - native_x, native_x - columns.stop),
        )
        expected |= outside < 0
        near_an_edge |= np.abs(outside) < 3
    assert radiograph.pixels.shape == (ROWS, COLUMNS)
    assert expected.any()
    assert np.array_equal(mask[~near_an_edge], expected[~near_an_edge])


@pytest.mark.parametrize(("size", "share"), [((60, 60), 0.1), ((60, 60), 0.049), ((41, 57), 0.12), ((50, 50), 0.6)])
def test_widening_is_a_distance_in_a_square_picture(size: tuple[int, int], share: float) -> None:
    mask = np.random.default_rng(0).random(size) < 0.004
    mask[0, -1] = True
    # lengths in shares of the sides, in which what is near is a disc
    distance = distance_transform_edt(~mask, sampling=(1 / size[0], 1 / size[1]))
    assert np.array_equal(widened(mask, share=share), distance <= share + 1e-9)


def test_nothing_is_widened_by_nothing_and_nothing_stays_nothing() -> None:
    mask = np.random.default_rng(1).random((20, 30)) < 0.2
    assert np.array_equal(widened(mask, share=0.0), mask)
    assert not widened(np.zeros((20, 30), np.bool_), share=0.3).any()
