"""A toy network that calls dark pixels lung, so that every drawing is known beforehand."""

from dataclasses import replace

import numpy as np
import pytest

from fabricate_gate import write_gate
from fabricate_lungs import ALL_STRUCTURES, SPEC, write_lung_bundle
from hilum.errors import BundleError
from hilum.geometry import Box
from hilum.imaging.preprocess import ModelInput, preprocess
from hilum.radiograph import Patient, Radiograph, Source
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.gate.rules import NOT_JUDGED
from hilum.reading.lungs.finder import LungFinder, lung_network


@pytest.fixture(scope="module")
def finder(tmp_path_factory):
    bundle = write_lung_bundle(tmp_path_factory.mktemp("toy") / "toy-lungs")
    return LungFinder(bundle, engine=OnnxRuntimeEngine(), threads=1)


def chest(*dark: tuple[slice, slice], shape: tuple[int, int] = (256, 192), **fields) -> Radiograph:
    pixels = np.ones(shape, np.float32)
    for place in dark:
        pixels[place] = 0.0
    source = Source(name="toy", sha256="0" * 64, format="PNG", rows=shape[0], columns=shape[1])
    return Radiograph(pixels=pixels, source=source, **fields)


def prepared(finder: LungFinder, radiograph: Radiograph) -> ModelInput:
    return preprocess(radiograph.pixels, spec=finder.preprocess)


RIGHT, LEFT = (slice(64, 192), slice(24, 72)), (slice(64, 192), slice(120, 168))


def test_both_lungs_come_back_in_native_pixels(finder):
    lungs = finder.find(chest(RIGHT, LEFT))
    assert lungs.trusted
    assert lungs.flags == ()
    assert lungs.quality == pytest.approx(1.0, abs=0.05)
    expected = np.zeros((256, 192), bool)
    expected[RIGHT] = True
    masks = lungs.masks("whole")
    assert np.count_nonzero(masks.right ^ expected) <= 4 * (128 + 48), "one native pixel along the outline"
    assert not (masks.right & masks.left).any()
    assert lungs.heart() is None
    # 15 of 256 grid pixels are 15 of 256 rows and 11.25 of 192 columns
    assert lungs.box == Box(24 - 11.25, 64 - 15, 144 + 22.5, 128 + 35)


@pytest.fixture(scope="module")
def draws_all(tmp_path_factory):
    return finder_of(tmp_path_factory.mktemp("all") / "all", ALL_STRUCTURES)


def finder_of(folder, structures) -> LungFinder:
    bundle = write_lung_bundle(folder, spec=SPEC.changed({"structures": structures}))
    return LungFinder(bundle, engine=OnnxRuntimeEngine(), threads=1)


HEART = (slice(120, 200), slice(72, 120))


def with_heart(*also: tuple[tuple[slice, slice], float]) -> Radiograph:
    """Two fields of grey 0, a heart of grey 0.6 between them, and what else is given with its grey."""
    radiograph = chest(RIGHT, LEFT)
    for place, grey in ((HEART, 0.6), *also):
        radiograph.pixels[place] = grey
    return radiograph


def test_fields_whole_lungs_and_heart_are_kept_apart(draws_all):
    behind = (slice(120, 192), slice(100, 120))
    drawn = draws_all.find(with_heart((behind, 0.4)))  # whole lung and heart, and no field
    assert (drawn.lungs.boxed, drawn.lungs.outlined) == ("whole", "field")
    field, whole, heart = drawn.masks("field"), drawn.masks("whole"), drawn.heart()
    assert whole.left[150, 110]
    assert not field.left[150, 110]
    assert heart[150, 110]
    assert field.left[150, 140]
    assert not heart[150, 140]
    expected = np.zeros((256, 192), bool)
    expected[HEART] = True
    assert np.count_nonzero(heart ^ expected) <= 4 * (80 + 48)
    assert drawn.box == Box(24 - 11.25, 64 - 15, 144 + 22.5, 128 + 35)


def test_the_box_rests_on_the_whole_lung_where_the_bundle_draws_it(draws_all, tmp_path):
    beside = ((slice(64, 192), slice(15, 24)), 0.4)  # a strip of whole lung that is no field
    assert draws_all.find(with_heart(beside)).box.x == 15 - 11.25
    fields = finder_of(tmp_path / "fields", ("heart", "left field", "right field")).find(with_heart(beside))
    assert (fields.lungs.boxed, fields.lungs.outlined, fields.box.x) == ("field", "field", 24 - 11.25)
    assert fields.masks("field").right[128, 48]
    assert fields.masks("field").left[128, 144], "planes are found by name"


def test_specks_of_fields_and_pieces_of_a_heart_are_dropped(draws_all):
    gas, speck, stone = (
        (slice(236, 256), slice(40, 80)),
        (slice(200, 208), slice(88, 92)),
        (slice(8, 40), slice(88, 100)),
    )
    drawn = draws_all.find(with_heart((gas, 0.0), (speck, 0.0), (stone, 0.6)))
    assert "more than two regions" in drawn.flags
    for definition in ("field", "whole"):
        assert not drawn.masks(definition).union[200:].any()
    assert not drawn.heart()[:48].any()
    assert drawn.heart()[160, 80]


def test_sides_in_doubt_are_not_named_and_said_so(finder):
    (drawn,) = finder.draw([doubt := chest(RIGHT, LEFT, sides_known=False)], prepared=[prepared(finder, doubt)])
    lungs = finder.find(doubt)
    assert lungs.trusted, "where the lungs are is no less certain"
    assert lungs.flags == ("sides not named",)
    assert not lungs.names_sides
    assert lungs.masks("whole").union.any()
    assert drawn.reason == "both lungs were drawn; the file does not tell which lung is the right one"
    assert not finder.find(chest(RIGHT, LEFT, view="LL")).names_sides


def test_no_lung_gives_the_whole_image_untrusted(finder):
    lungs = finder.find(chest())
    assert lungs.box == Box(0, 0, 192, 256)
    assert not lungs.trusted
    assert lungs.flags == ("no lung",)
    assert not lungs.masks("whole").union.any()
    assert lungs.quality == 0.0


def test_one_lung_shapes_a_mirrored_box_and_an_honest_mask(finder):
    lungs = finder.find(chest(LEFT))
    assert lungs.flags == ("one region", "mirrored")
    assert not lungs.masks("whole").right.any()
    assert lungs.box == Box(24 - 11.25, 64 - 15, 144 + 22.5, 128 + 35)


def test_a_third_region_is_not_in_the_mask(finder):
    gas = (slice(236, 256), slice(40, 80))
    lungs = finder.find(chest(RIGHT, LEFT, gas))
    assert "more than two regions" in lungs.flags
    assert not lungs.masks("whole").union[200:].any()


def test_a_mask_at_the_border_is_flagged(finder):
    lungs = finder.find(chest((slice(0, 192), slice(24, 72)), LEFT))
    assert "touches the border" in lungs.flags
    assert lungs.box.y == 0


def test_a_lateral_view_is_not_trusted_and_a_child_is_named(finder):
    lateral = finder.find(chest(RIGHT, LEFT, view="LL"))
    assert "lateral view" in lateral.flags
    assert not lateral.trusted
    child = finder.find(chest(RIGHT, LEFT, patient=Patient(age_years=3.0, sex="F")))
    assert child.flags == ("child",)
    assert child.trusted
    assert finder.find(chest(RIGHT, LEFT, patient=Patient(age_years=16.0, sex="F"))).flags == ()


@pytest.mark.parametrize("state", ["turned 90", "turned 180", "turned 270"])
def test_lungs_that_look_turned_are_not_trusted_and_have_no_sides(finder, state):
    gate = replace(NOT_JUDGED, state=(state,))
    lungs = finder.find(chest(RIGHT, LEFT), gate=gate)
    assert (lungs.flags, lungs.trusted, lungs.names_sides) == (("turned",), False, False)
    assert lungs.reason.startswith("the chest looks turned, so nobody can say")
    assert lungs.verdict().right_share is lungs.verdict().left_share is None
    (cropped,) = finder.draw(
        [one := chest(RIGHT, LEFT)], prepared=[prepared(finder, one)], gates=[replace(gate, state=("cropped",))]
    )
    assert (cropped.flags, cropped.trusted) == ((), True)


@pytest.mark.parametrize(
    ("said", "seen", "lateral"),
    [("unknown", "lateral", True), ("PA", "lateral", True), ("LL", "PA", True), ("PA", "AP", False)],
)
def test_a_view_is_lateral_where_the_file_or_the_gate_says_so(finder, said, seen, lateral):
    lungs = finder.find(chest(RIGHT, LEFT, view=said), gate=replace(NOT_JUDGED, view=seen))
    assert (lungs.flags, lungs.trusted) == ((("lateral view",), False) if lateral else ((), True))


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 400)])
def test_a_crop_of_a_few_pixels_is_not_trusted(finder, shape):
    lungs = finder.find(chest((slice(None), slice(None)), shape=shape))
    assert not lungs.trusted
    assert "tiny image" in lungs.flags
    assert lungs.masks("whole").right.shape == shape
    assert 0 < lungs.box.width <= shape[1]
    assert 0 < lungs.box.height <= shape[0]


def test_a_bundle_that_draws_no_lungs_is_refused(tmp_path):

    gate = write_gate(tmp_path / "gate", xray_type="hand")
    with pytest.raises(BundleError, match="one of kind lungs is needed"):
        LungFinder(gate, engine=OnnxRuntimeEngine(), threads=1)


def test_a_bundle_that_draws_on_black_borders_is_another_network(tmp_path):
    """Readings share one finder among bundles of the same network: what one draws, the other must draw too."""
    plain, again = (write_lung_bundle(tmp_path / name, name=name) for name in ("toy-one", "toy-two"))
    framed = write_lung_bundle(tmp_path / "framed", name="framed", spec=SPEC.changed({"frame_below": 0.02}))
    assert lung_network(plain) == lung_network(again)
    assert lung_network(plain) != lung_network(framed)
