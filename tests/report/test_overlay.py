"""The overlay picture: orientation, boxes and colours where they belong, and nothing that glows unasked."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box, Geometry
from hilum.radiograph import Radiograph
from hilum.reading_result import Examination, LungSides
from hilum.report.colour import ContributionScale, paint
from hilum.report.lung_outlines import HEART_COLOUR, LUNG_COLOUR
from hilum.report.overlay import BOX_COLOUR, drawn_findings, overlay_jpeg, overlay_png
from hilum.report.windowing import to_grey8


def _pixels(png):
    image = Image.open(BytesIO(png))
    assert image.mode == "RGB"
    return np.asarray(image)


def _without_boxes(examination):
    findings = tuple(replace(finding, boxes=()) for finding in examination.reading.findings)
    return replace(examination, reading=replace(examination.reading, findings=findings))


def test_the_radiograph_stands_at_native_size_at_the_top_left_and_upright(examination):
    plain = replace(_without_boxes(examination), heatmaps=())
    picture = _pixels(overlay_png(plain))
    rows, columns = examination.radiograph.pixels.shape
    expected = to_grey8(examination.radiograph.pixels)
    for channel in range(3):
        np.testing.assert_array_equal(picture[:rows, :columns, channel], expected)
    assert picture.shape[1] > columns


def test_colours_are_those_of_the_fixed_scale_at_native_coordinates(examination):
    picture = _pixels(overlay_png(_without_boxes(examination)))
    rows, columns = examination.radiograph.pixels.shape
    heatmap = examination.heatmaps[0]
    native = onto_pixels(heatmap.grid, geometry=heatmap.geometry, rows=rows, columns=columns)
    expected = paint(to_grey8(examination.radiograph.pixels), share=ContributionScale(4, 4).share(native))
    np.testing.assert_array_equal(picture[:rows, :columns], expected)


def test_a_centre_of_a_cell_has_the_colour_of_its_contribution(examination):
    """By hand: cell (1, 1) of 4 x 4 over 300 x 240 is centred at row 112.5, column 90 and is off the scale."""
    picture = _pixels(overlay_png(_without_boxes(examination)))
    grey = to_grey8(examination.radiograph.pixels)[112, 90]
    np.testing.assert_allclose(picture[112, 90], grey + (np.array([252, 255, 164]) - grey) * 0.75, atol=3)


def test_boxes_are_drawn_at_native_coordinates(examination):
    picture = _pixels(overlay_png(replace(examination, heatmaps=())))
    rows, columns = examination.radiograph.pixels.shape
    edge = (picture[:rows, :columns] == BOX_COLOUR).all(axis=2)
    ys, xs = np.nonzero(edge)
    assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == (60, 90, 140, 210)
    assert not edge[100:200, 70:130].any()


def test_each_box_has_its_name(examination, finding, negative, with_findings):
    twins = with_findings(finding, replace(negative, positive=True, boxes=finding.boxes))
    rows, columns = examination.radiograph.pixels.shape
    one, two = (_pixels(overlay_png(each))[:rows, :columns] for each in (with_findings(finding), twins))
    assert (one[75:90, 60:100] == 0).all(axis=2).sum() > 100  # the name's dark ground, right above the box
    assert (two[60:90, 60:100] == 0).all(axis=2).sum() > 1.5 * (one[60:90, 60:100] == 0).all(axis=2).sum()


def test_a_box_that_leaves_the_picture_does_no_harm(examination, finding, with_findings):
    outside = replace(finding, boxes=(Box(200.0, 280.0, 500.0, 500.0), Box(-50.0, -50.0, 10.0, 10.0), Box(3, 3, 0, 0)))
    assert overlay_png(with_findings(outside))[:4] == b"\x89PNG"


def test_nothing_is_drawn_on_a_negative_reading_unless_asked(examination, finding, with_findings):
    negative = with_findings(replace(finding, positive=False, probability=0.2, boxes=()))
    rows, columns = examination.radiograph.pixels.shape
    grey = to_grey8(examination.radiograph.pixels)
    unasked = _pixels(overlay_png(negative))[:rows, :columns]
    assert (unasked == grey[..., None]).all()
    asked = _pixels(overlay_png(negative, every_heatmap=True))[:rows, :columns]
    assert not (asked == grey[..., None]).all()


def test_nothing_is_drawn_out_of_scope(examination, outside):
    rows, columns = examination.radiograph.pixels.shape
    picture = _pixels(overlay_png(replace(examination, reading=outside)))
    assert (picture[:rows, :columns] == to_grey8(examination.radiograph.pixels)[..., None]).all()


def test_only_positive_findings_are_drawn_unasked(examination):
    assert drawn_findings(examination, every_heatmap=False) == {("chest-test", "Pneumonia")}
    assert drawn_findings(examination, every_heatmap=True) == {
        ("chest-test", "Pneumonia"),
        ("chest-test", "Effusion"),
    }


def test_where_maps_meet_the_strongest_shows(examination, finding, negative, with_findings):
    both = with_findings(replace(finding, boxes=()), replace(negative, positive=True))
    rows, columns = examination.radiograph.pixels.shape
    shares = [
        ContributionScale(4, 4).share(onto_pixels(heatmap.grid, geometry=heatmap.geometry, rows=rows, columns=columns))
        for heatmap in examination.heatmaps
    ]
    expected = paint(to_grey8(examination.radiograph.pixels), share=np.maximum(*shares))
    np.testing.assert_array_equal(_pixels(overlay_png(both))[:rows, :columns], expected)


def test_a_large_radiograph_is_shrunk_and_its_boxes_with_it(reading, finding):
    pixels = np.zeros((4096, 2048), np.float32)
    boxed = replace(finding, boxes=(Box(400.0, 1000.0, 600.0, 800.0),))
    source = replace(reading.source, rows=4096, columns=2048)
    big = replace(reading, source=source, findings=(boxed,))
    picture = _pixels(overlay_png(_examination(big, pixels)))
    edge = (picture[:2048, :1024] == BOX_COLOUR).all(axis=2)
    ys, xs = np.nonzero(edge)
    assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == (200, 500, 500, 900)


def _examination(reading, pixels):
    return Examination(reading, Radiograph(pixels, reading.source))


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (700, 3)])
def test_odd_sizes_are_drawn(reading, shape):
    png = overlay_png(_examination(replace(reading, findings=()), np.full(shape, 0.5, np.float32)))
    assert (_pixels(png)[: shape[0], : shape[1]] == 128).all()


def test_the_same_examination_gives_the_same_bytes(examination):
    assert overlay_png(examination) == overlay_png(examination)


def test_the_jpeg_shows_the_same_in_far_fewer_bytes(reading, finding):
    grain = np.clip(np.random.default_rng(1).normal(0.5, 0.02, (700, 700)), 0, 1).astype(np.float32)
    shown = _examination(replace(reading, findings=(finding,)), grain)
    jpeg, png = overlay_jpeg(shown), overlay_png(shown)
    assert len(jpeg) * 4 < len(png)
    assert jpeg == overlay_jpeg(shown)
    picture = Image.open(BytesIO(jpeg))
    assert picture.format == "JPEG"
    difference = np.abs(np.asarray(picture).astype(int) - _pixels(png))
    assert difference[:700, :700].mean() < 5


def test_a_map_of_a_crop_stays_inside_its_crop(examination):
    crop = replace(examination.heatmaps[0], grid=np.full((4, 4), 9, np.float32), geometry=Geometry(30, 30, 60, 90))
    picture = _pixels(overlay_png(replace(_without_boxes(examination), heatmaps=(crop,))))
    rows, columns = examination.radiograph.pixels.shape
    grey = to_grey8(examination.radiograph.pixels)[..., None]
    coloured = (picture[:rows, :columns] != grey).any(axis=2)
    ys, xs = np.nonzero(coloured)
    assert (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) == (60, 90, 180, 210)


def _green(picture, rows=300, columns=240):
    return (picture[:rows, :columns] == LUNG_COLOUR).all(axis=2)


def test_lungs_are_outlined_at_native_coordinates(lung_examination):
    """Rectangles over columns 40 to 100 and 140 to 200, rows 60 to 240; the outline runs half a cell of 10 outside."""
    shown = replace(lung_examination, heatmaps=(), reading=replace(lung_examination.reading, crops=()))
    green = _green(_pixels(overlay_png(_without_boxes(shown))))
    ys, xs = np.nonzero(green[:, :120])
    assert (xs.min(), xs.max()) == (pytest.approx(40, abs=2), pytest.approx(100, abs=2))
    assert (ys.min(), ys.max()) == (pytest.approx(60, abs=2), pytest.approx(240, abs=2))
    assert not green[70:230, 46:94].any()
    assert not green[70:230, 106:134].any()
    xs = np.flatnonzero(green[:, 120:].any(axis=0))
    assert (xs.min() + 120, xs.max() + 120) == (pytest.approx(140, abs=2), pytest.approx(200, abs=2))


def test_lungs_that_are_not_trusted_are_broken_lines(lung_examination, untrusted):
    whole, broken = (
        _green(
            _pixels(overlay_png(_without_boxes(replace(each, heatmaps=(), reading=replace(each.reading, crops=())))))
        )
        for each in (lung_examination, untrusted)
    )
    along_a_side = whole[80:220, 38:43].any(axis=1)
    assert along_a_side.all()
    dashed = broken[80:220, 38:43].any(axis=1)
    assert 0.3 < dashed.mean() < 0.7
    assert not (broken & ~whole).any()


def test_the_crop_is_a_box(lung_examination):
    shown = replace(lung_examination, heatmaps=(), lungs=None)
    ys, xs = np.nonzero(_green(_pixels(overlay_png(_without_boxes(shown)))))
    assert (xs.min(), xs.max()) == (pytest.approx(20, abs=1), pytest.approx(220, abs=1))
    assert (ys.min(), ys.max()) == (pytest.approx(30, abs=1), pytest.approx(271, abs=1))


def test_a_crop_at_the_border_stays_on_the_picture(lung_examination):
    whole = replace(lung_examination.reading.crops[0], box=Box(0, 0, 240, 300))
    reading = replace(lung_examination.reading, crops=(whole,))
    green = _green(
        _pixels(overlay_png(_without_boxes(replace(lung_examination, reading=reading, lungs=None, heatmaps=()))))
    )
    for side in (green[:3], green[-3:], green[:, :3], green[:, -3:]):
        assert side.any()


def test_empty_lungs_draw_nothing(untrusted):
    nothing = replace(untrusted.lungs, whole=LungSides(*np.zeros((2, 8, 8), np.float32)))
    assert not _green(_pixels(overlay_png(replace(untrusted, lungs=nothing)))).any()


def _pink(picture, rows=300, columns=240):
    return (picture[:rows, :columns] == HEART_COLOUR).all(axis=2)


def test_the_heart_and_both_widths_are_drawn_in_their_colours(heart_examination):
    """The heart over columns 90 to 170, rows 160 to 250; widths at rows 205 and 150."""
    shown = _without_boxes(replace(heart_examination, heatmaps=()))
    picture = _pixels(overlay_png(shown))
    pink, green = _pink(picture), _green(picture)
    ys, xs = np.nonzero(pink)
    assert (xs.min(), xs.max()) == (pytest.approx(90, abs=2), pytest.approx(170, abs=2))
    assert (ys.min(), ys.max()) == (pytest.approx(160, abs=2), pytest.approx(250, abs=2))
    assert pink[205, 100:160].mean() > 0.9
    assert green[150, 45:195].mean() > 0.9
    assert not pink[150, 100:160].any()
    unmeasured = _pixels(overlay_png(replace(shown, reading=replace(shown.reading, cardiothoracic_ratio=None))))
    assert not _pink(unmeasured)[205, 100:160].any()
    assert not _green(unmeasured)[150, 110:130].any()


def test_the_fields_are_outlined_where_they_are_drawn(heart_examination):
    """Fields end at columns 100 and 140, the whole lungs between at 110 and 130."""
    shown = replace(heart_examination, heatmaps=())
    unmeasured = _without_boxes(replace(shown, reading=replace(shown.reading, cardiothoracic_ratio=None)))
    green = _green(_pixels(overlay_png(unmeasured)))
    assert green[80:150, 97:103].any(axis=1).all()
    assert not green[80:150, 106:134].any()
