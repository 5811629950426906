"""The cardiothoracic ratio of masks whose widths are known, and every reason to withhold it."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from hilum.bundle.lung_spec import RatioError
from hilum.geometry import Box, Geometry
from hilum.phantom.thorax import render_thorax
from hilum.radiograph import Patient, Radiograph, Source
from hilum.reading.gate.rules import NOT_JUDGED
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.finder import kept_heart, kept_lungs
from hilum.reading.lungs.ratio import cardiothoracic_ratio
from hilum.reading_result import (
    CardiothoracicRatio,
    GateVerdict,
    LungMap,
    LungSides,
    ModelRef,
    RatioCode,
    RatioWithheld,
)
from wingspan_ratios import published_ratios

ROWS, COLUMNS = 400, 320
"""Native pixels; the grid of 100 x 80 cells divides them by four."""

RIGHT, LEFT = (slice(20, 80), slice(10, 30)), (slice(25, 85), slice(50, 70))
HEART = (slice(50, 78), slice(28, 53))
ACCEPTED = GateVerdict("accepted", "looks like a chest radiograph")


def plane(*places: tuple[slice, slice]) -> np.ndarray:
    drawn = np.zeros((100, 80), np.float32)
    for place in places:
        drawn[place] = 1.0
    return drawn


def drawing(
    *, right=(RIGHT,), left=(LEFT,), heart=(HEART,), trusted: bool = True, error: RatioError | None = None
) -> LungDrawing:
    """Rectangles that end on cells: at level 0.5 an outline runs along their edges."""
    planes = LungSides(plane(*right), plane(*left))
    lungs = LungMap(0.5, Geometry(4.0, 4.0, 0.0, 0.0), field=planes, heart=None if heart is None else plane(*heart))
    model = ModelRef("lungs-toy", "1.0.0", "0" * 64)
    reason = "both lungs were drawn" if trusted else "the outlines are uncertain"
    return LungDrawing(lungs, Box(0, 0, COLUMNS, ROWS), 0.9, trusted, (), reason, ROWS, COLUMNS, model, error)


def chest(*, age: float | None = 40.0, view: str = "PA", spacing=None, **fields) -> Radiograph:
    source = Source("chest.png", "0" * 64, "PNG", ROWS, COLUMNS, spacing_mm=spacing)
    patient = None if age is None else Patient(age, "F")
    return Radiograph(np.zeros((ROWS, COLUMNS), np.float32), source, patient=patient, view=view, **fields)


def measured(drawn: LungDrawing | None = None, *, radiograph: Radiograph | None = None, gate=ACCEPTED, **options):
    return cardiothoracic_ratio(drawn or drawing(), radiograph=radiograph or chest(), gate=gate, **options)


def test_it_is_the_hearts_columns_over_those_of_both_fields():
    ratio = measured()
    assert ratio.value == pytest.approx(25 / 60, abs=1e-6)
    assert (ratio.heart.x_from, ratio.heart.x_to) == pytest.approx((28 * 4, 53 * 4))
    assert (ratio.thorax.x_from, ratio.thorax.x_to) == pytest.approx((10 * 4, 70 * 4))
    assert (ratio.heart.px, ratio.thorax.px) == pytest.approx((100, 240))
    assert 50 * 4 < ratio.heart.y < 78 * 4
    assert 20 * 4 < ratio.thorax.y < 85 * 4
    assert (ratio.heart.mm, ratio.mean_error, ratio.error_of_nine_in_ten) == (None, None, None)
    assert ratio.cautions == ()


def test_an_edge_between_two_cells_is_interpolated():
    """A cell of 0.25 before one of 0.75: 0.5 is crossed halfway between their middles, and so on."""
    drawn = drawing()
    heart = drawn.lungs.heart.copy()
    heart[60, 27:29] = 0.25, 0.75
    heart[60, 52:54] = 0.75, 0.35
    heart[[row for row in range(100) if row != 60]] *= 0.4
    ratio = measured(replace(drawn, lungs=replace(drawn.lungs, heart=heart)))
    assert (ratio.heart.x_from, ratio.heart.x_to) == pytest.approx((28 * 4, (53.5 - (0.5 - 0.35) / 0.4) * 4))
    assert ratio.heart.y == pytest.approx(60.5 * 4)


def test_widths_are_in_mm_between_columns_where_the_spacing_is_known():
    ratio = measured(radiograph=chest(spacing=(0.9, 1.25)))
    assert (ratio.heart.mm, ratio.thorax.mm) == pytest.approx((125, 300))
    assert ratio.cautions == ()


@pytest.mark.parametrize(("spacing", "width"), [(0.5, 120), (2.0, 480)])
def test_a_spacing_that_fits_no_adult_is_cautioned_of(spacing, width):
    ratio = measured(radiograph=chest(spacing=(spacing, spacing)))
    assert ratio.value == measured().value
    (caution,) = ratio.cautions
    assert f"makes the thorax {width} mm wide, which fits no adult" in caution


def test_the_cards_error_stands_beside_it():
    error = RatioError(source="wingspan", mean=0.018, nine_in_ten=0.04, n=171, groups=171)
    ratio = measured(drawing(error=error))
    assert (ratio.mean_error, ratio.error_of_nine_in_ten) == (0.018, 0.04)


def test_whole_lungs_measure_the_thorax_where_no_field_is_drawn():
    fields = drawing()
    whole = replace(fields, lungs=replace(fields.lungs, field=None, whole=fields.lungs.field))
    assert measured(whole) == measured(fields)


def test_the_widest_is_looked_for_over_all_heights():
    """The right lung is widest low, the left high; a line between their outermost points would not be level."""
    low, high = (slice(70, 80), slice(6, 12)), (slice(25, 40), slice(60, 76))
    ratio = measured(drawing(right=(RIGHT, low), left=(LEFT, high)))
    assert (ratio.thorax.x_from, ratio.thorax.x_to) == pytest.approx((6 * 4, 76 * 4))
    assert ratio.thorax.y == pytest.approx(4 * (70.5 + 25.5) / 2)


def test_a_phantoms_fields_give_the_width_of_its_masks():
    phantom = render_thorax(rows=256, columns=256)
    columns = np.flatnonzero((phantom.right_lung | phantom.left_lung).any(axis=0))
    y, x = np.mgrid[:256, :256]
    heart = ((x + 0.5 - 140) / 50) ** 2 + ((y + 0.5 - 160) / 40) ** 2 <= 1
    sides = LungSides(phantom.right_lung.astype(np.float32), phantom.left_lung.astype(np.float32))
    drawn = replace(
        drawing(),
        lungs=LungMap(0.5, Geometry.identity(), field=sides, heart=heart.astype(np.float32)),
        rows=256,
        columns=256,
    )
    ratio = measured(drawn)
    assert ratio.thorax.px == columns[-1] + 1 - columns[0]
    assert ratio.value == pytest.approx(100 / ratio.thorax.px, abs=0.01)


def withheld(code: RatioCode, words: str, **how):
    return pytest.param(code, words, how, id=code)


WITHHELD = [
    withheld("no heart drawn", "lungs-toy draws no heart", drawn=drawing(heart=None)),
    withheld("animal", "an animal", radiograph=chest(is_animal=True)),
    withheld("child", "the patient is 5 years old, and it is measured from 16 years on", radiograph=chest(age=5.0)),
    withheld("lateral view", "the view is lateral", radiograph=chest(view="LL")),
    withheld("AP view", "the view is AP", radiograph=chest(view="AP")),
    withheld("other view", "the view is oblique, and the ratio is measured on PA", radiograph=chest(view="oblique")),
    withheld("lying", "the file says that the patient lies", radiograph=chest(is_lying=True)),
    withheld("turned", "the chest looks upside down", gate=replace(ACCEPTED, state=("turned 180",))),
    withheld("inverted", "bright lungs", gate=replace(ACCEPTED, state=("inverted",))),
    withheld("cropped", "only a part of the chest", gate=replace(ACCEPTED, state=("cropped",))),
    withheld("view unknown", "say --view PA", radiograph=chest(view="unknown")),
    withheld("lungs not trusted", "the outlines of lungs and heart are uncertain", drawn=drawing(trusted=False)),
    withheld("no heart found", "no heart was found", drawn=drawing(heart=())),
    withheld("no pair of lungs", "one lung can hardly be seen", drawn=drawing(left=())),
    withheld("cut by the edge", "the lungs are cut by the edge", drawn=drawing(right=((slice(20, 80), slice(0, 30)),))),
]


@pytest.mark.parametrize(("code", "words", "how"), WITHHELD)
def test_it_is_withheld_with_its_reason(code, words, how):
    found = measured(how.get("drawn"), **{name: value for name, value in how.items() if name != "drawn"})
    assert isinstance(found, RatioWithheld)
    assert found.code == code
    assert words in found.reason


def test_every_code_is_tried():
    assert {case.id for case in WITHHELD} == set(get_args(RatioCode))


@pytest.mark.parametrize(
    ("drawn", "code"),
    [
        (drawing(left=((slice(40, 58), slice(50, 70)),)), "no pair of lungs"),
        (drawing(left=((slice(25, 85), slice(50, 80)),)), "cut by the edge"),
        (drawing(right=((slice(20, 100), slice(10, 30)),)), "cut by the edge"),
        (drawing(heart=((slice(50, 78), slice(0, 53)),)), "cut by the edge"),
        (drawing(heart=((slice(50, 78), slice(6, 53)),)), "lungs not trusted"),
    ],
    ids=["a small left lung", "left", "below", "the heart", "a heart beyond the lungs"],
)
def test_what_was_drawn_may_not_do(drawn, code):
    assert measured(drawn).code == code


def test_apices_at_the_upper_edge_change_no_width():
    assert measured(drawing(right=((slice(0, 80), slice(10, 30)),))).value == pytest.approx(25 / 60)


def test_specks_change_nothing():
    speck, piece = (slice(60, 62), slice(1, 3)), (slice(5, 8), slice(2, 5))
    _, fields = kept_lungs(np.stack([plane(RIGHT, speck), plane(LEFT)]), threshold=0.5)
    heart = kept_heart(plane(HEART, piece), threshold=0.5)
    drawn = drawing()
    assert measured(replace(drawn, lungs=replace(drawn.lungs, field=LungSides(*fields), heart=heart))) == measured()


def test_it_is_measured_from_sixteen_years_on():
    assert measured(radiograph=chest(age=15.9)).code == "child"
    assert isinstance(measured(radiograph=chest(age=16.0)), CardiothoracicRatio)


def test_an_unknown_age_is_said_and_withholds_nothing():
    ratio = measured(radiograph=chest(age=None))
    assert ratio.value == measured().value
    assert ratio.cautions == ("the age is not known; the ratio is for adults, from 16 years on",)


def test_a_view_that_nobody_tells_may_be_assumed_but_not_against_what_is_known():
    ratio = measured(radiograph=chest(view="unknown"), assume_scope=True)
    assert ratio.cautions == ("the view is not known, and assumed to be PA as you asked",)
    assert measured(radiograph=chest(view="AP"), assume_scope=True).code == "AP view"
    looks_pa = replace(ACCEPTED, view="PA")
    for view in ("oblique", "decubitus", "other"):
        assert measured(radiograph=chest(view=view), gate=looks_pa, assume_scope=True).code == "other view"


def test_what_the_picture_says_of_the_view_is_a_caution():
    seen = measured(radiograph=chest(view="unknown"), gate=replace(ACCEPTED, view="PA"))
    assert seen.cautions == ("the file gives no view; the picture looks like PA",)
    other = measured(gate=replace(ACCEPTED, view="AP"))
    assert other.cautions == ("the view is said to be PA, and the picture looks like AP",)
    lateral = measured(gate=replace(ACCEPTED, view="lateral"))
    assert (lateral.code, lateral.reason) == ("lateral view", "the view is lateral, judged from the picture")
    bedside = measured(radiograph=chest(view="unknown"), gate=replace(ACCEPTED, view="AP"))
    assert bedside.reason == "the view is AP, judged from the picture, in which the heart looks wider than it is"


def test_without_a_gate_nothing_is_withheld_for_it():
    assert isinstance(measured(gate=NOT_JUDGED), CardiothoracicRatio)


@pytest.mark.data
def test_the_annotated_outlines_of_real_chests_give_the_published_ratios(shared_data):
    folder = shared_data / "wingspan"
    errors = []
    for image, published in published_ratios(folder).items():
        lungs, heart = (np.asarray(Image.open(folder / part / f"{image}.png")) for part in ("lungs", "heart"))
        sides = LungSides((lungs == 255).astype(np.float32), (lungs == 128).astype(np.float32))
        planes = LungMap(0.5, Geometry.identity(), field=sides, heart=(heart > 0).astype(np.float32))
        found = measured(replace(drawing(), lungs=planes, rows=lungs.shape[0], columns=lungs.shape[1]))
        if isinstance(found, CardiothoracicRatio):
            errors.append(abs(found.value - published))
    assert len(errors) > 160
    assert np.mean(errors) < 0.002
