"""What the viewer gets: the same coordinates, scale and order as every report."""

import base64
from dataclasses import replace

import numpy as np

from hilum.reading_result import LungSides, TypeVerdict
from hilum.report.colour import COLOURS
from hilum.report.page_data import finding_rows, layer_indices, type_rows, viewer_data
from hilum.report.windowing import GreyPlanes, fit

PLANES = GreyPlanes(b"", "image/png", 2, 300, 240, 300)


def _data(examination):
    return viewer_data(examination, picture=fit(examination.radiograph.pixels), planes=PLANES)


def test_layers_are_findings_with_a_heatmap_or_boxes(examination):
    data = _data(examination)
    assert [layer["label"] for layer in data["layers"]] == ["Pneumonia (flagged)", "Effusion (not flagged)"]
    assert data["initial"] == 0
    assert data["layers"][0]["boxes"] == [[60.0, 90.0, 80.0, 120.0]]
    assert layer_indices(examination) == {("chest-test", "Pneumonia"): 0, ("chest-test", "Effusion"): 1}


def test_the_ruler_knows_what_a_pixel_of_the_picture_measures(examination):
    """Spacing is that of rows (1.4 mm), then of columns (1.25 mm); half the picture's size doubles both."""
    data = _data(examination)
    assert (data["native"], data["spacing"]) == ((1.0, 1.0), (1.25, 1.4))
    half = viewer_data(examination, picture=fit(examination.radiograph.pixels, longest_side=150), planes=PLANES)
    np.testing.assert_allclose((*half["native"], *half["spacing"]), (2, 2, 2.5, 2.8))
    source = replace(examination.reading.source, spacing_mm=None)
    assert _data(replace(examination, reading=replace(examination.reading, source=source)))["spacing"] is None


def test_nothing_is_shown_unasked_where_nothing_is_positive(examination, negative, with_findings):
    assert _data(with_findings(negative))["initial"] is None


def test_a_finding_with_nothing_to_show_is_no_layer(examination):
    bare = replace(examination, heatmaps=())
    assert [layer["name"] for layer in _data(bare)["layers"]] == ["Pneumonia"]
    assert _data(bare)["layers"][0]["heatmap"] is None


def _grid(heatmap):
    """The grid as the page's script reads it."""
    rows, columns = heatmap["cells"]
    return np.frombuffer(base64.b64decode(heatmap["grid"]), "<i2").reshape(rows, columns) * heatmap["step"]


def test_the_grid_keeps_four_digits_of_its_largest_value_and_its_own_scale(examination):
    heatmap = _data(examination)["layers"][0]["heatmap"]
    grid = examination.heatmaps[0].grid
    np.testing.assert_allclose(_grid(heatmap), grid, rtol=0, atol=np.abs(grid).max() / 60_000)
    assert heatmap["geometry"] == [60.0, 75.0, 0.0, 0.0]
    assert heatmap["top"] == 1.0
    assert heatmap["ticks"] == ["0", "0.5", "≥1"]
    assert heatmap["unit"] == "logit contribution per cell (4 × 4 cells)"


def test_a_grid_of_zeros_is_one_of_zeros(examination):
    empty = replace(examination.heatmaps[0], grid=np.zeros((2, 3), np.float32))
    heatmap = _data(replace(examination, heatmaps=(empty,)))["layers"][0]["heatmap"]
    np.testing.assert_array_equal(_grid(heatmap), np.zeros((2, 3)))


def test_the_colours_are_those_of_the_overlay(examination):
    assert bytes.fromhex(_data(examination)["colours"]) == COLOURS.tobytes()


def test_types_fall_by_probability(reading):
    gate = replace(reading.gate, type=TypeVerdict("hand", 0.6, {"foot": 0.3, "hand": 0.6, "hip": 0.1}))
    assert [(row.name, row.probability) for row in type_rows(gate)] == [("hand", 0.6), ("foot", 0.3), ("hip", 0.1)]
    assert type_rows(replace(gate, type=None)) == ()


def test_a_number_is_a_probability_only_where_the_model_was_made_for_the_patient(reading, outside, no_age):
    numbers = [finding_rows(one)[0].number for one in (reading, outside, no_age)]
    assert numbers == ["probability", "score", "score"]


def test_lungs_and_crops_are_layers_in_pixels_of_the_picture(lung_examination):
    data = _data(lung_examination)
    assert data["lungs"]["trusted"] is True
    right, left = (np.array(outline) for outline in data["lungs"]["outlines"])
    np.testing.assert_allclose((right.min(axis=0), right.max(axis=0)), ((40, 60), (100, 240)), atol=0.5)
    np.testing.assert_allclose((left.min(axis=0), left.max(axis=0)), ((140, 60), (200, 240)), atol=0.5)
    assert data["crops"] == [[20.0, 30.0, 200.0, 241.0]]


def test_lungs_of_a_shrunk_picture_shrink_with_it(lung_examination):
    data = viewer_data(
        lung_examination, picture=fit(lung_examination.radiograph.pixels, longest_side=150), planes=PLANES
    )
    right = np.array(data["lungs"]["outlines"][0])
    np.testing.assert_allclose((right.min(axis=0), right.max(axis=0)), ((20, 30), (50, 120)), atol=0.5)
    assert data["crops"] == [[10.0, 15.0, 100.0, 120.5]]


def test_without_lungs_there_is_no_layer(examination, untrusted):
    assert _data(examination)["lungs"] is None
    assert _data(examination)["crops"] == []
    empty = replace(untrusted.lungs, whole=LungSides(*np.zeros((2, 8, 8), np.float32)))
    assert _data(replace(untrusted, lungs=empty))["lungs"] is None
    assert _data(untrusted)["lungs"]["trusted"] is False


def test_heart_and_widths_are_layers_and_fields_are_what_is_outlined(heart_examination, lung_examination):
    data = _data(heart_examination)
    (heart,) = (np.array(outline) for outline in data["heart"]["outlines"])
    np.testing.assert_allclose((heart.min(axis=0), heart.max(axis=0)), ((90, 160), (170, 250)), atol=0.5)
    assert data["widths"] == [[[90.0, 205.0], [170.0, 205.0]], [[40.0, 150.0], [200.0, 150.0]]]
    right = np.array(data["lungs"]["outlines"][0])
    assert right[:, 0].max() <= 100.5, "the field, not the whole lung"
    half = viewer_data(
        heart_examination, picture=fit(heart_examination.radiograph.pixels, longest_side=150), planes=PLANES
    )
    assert half["widths"][0] == [[45.0, 102.5], [85.0, 102.5]]
    assert (_data(lung_examination)["heart"], _data(lung_examination)["widths"]) == (None, [])
