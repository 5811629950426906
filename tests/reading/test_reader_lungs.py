"""`Reader` and lungs: drawn once for each chest, told in the reading, cropped to where a model wants it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_bundle import SIZE, ToyBundle
from fabricate_dark_lungs import CASES, COLUMNS, LEFT, RIGHT, ROWS, chest
from fabricate_dicom import dicom_bytes
from fabricate_gate import VIEW_RULE, spec_with, write_gate
from fabricate_lungs import write_lung_bundle
from hilum.bundle.card import Card, Scope
from hilum.bundle.load import Bundle
from hilum.bundle.save import write_bundle
from hilum.errors import BundleError, UsageError
from hilum.geometry import Box
from hilum.imaging.preprocess import CropLungs, PreprocessSpec, Resize
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import Examination, Reading
from hilum.stated import Stated

BOX = Box(24 - 11.25, 64 - 15, 144 + 22.5, 128 + 35)
"""Around the rectangles of `fabricate_dark_lungs`, widened as paper 3 does."""

CROPPED = PreprocessSpec(
    steps=(CropLungs(), Resize(height=SIZE, width=SIZE, rule="stretch", filter="box")), mean=(0.0,), std=(1.0,)
)


def png(grey: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def lungs(folder: Path) -> Bundle:
    return write_lung_bundle(folder / "toy-lungs")


@pytest.fixture(scope="module")
def whole(folder: Path) -> Bundle:
    return ToyBundle(name="whole-toy").write(folder / "whole")


@pytest.fixture(scope="module")
def cropped(folder: Path) -> Bundle:
    return ToyBundle(name="cropped-toy", preprocess=CROPPED).write(folder / "cropped")


@pytest.fixture(scope="module")
def reader(lungs: Bundle, whole: Bundle) -> Reader:
    return Reader(models=[lungs, whole], settings=ReaderSettings(heatmaps="all"))


def read(reader: Reader, case: str) -> Reading:
    return reader.read(png(chest(*CASES[case])))


def test_two_lungs_are_told_with_box_areas_and_trust(reader: Reader, lungs: Bundle) -> None:
    reading = read(reader, "two lungs")
    assert reading.lungs is not None
    assert reading.lungs.trusted
    assert reading.lungs.box == BOX
    assert reading.lungs.flags == ()
    assert reading.lungs.reason == "both lungs were drawn"
    area = 128 * 48 / (ROWS * COLUMNS)
    assert (reading.lungs.right_share, reading.lungs.left_share) == pytest.approx((area, area), abs=0.01)
    assert reading.lungs.model.sha256 == lungs.sha256
    assert [model.name for model in reading.models] == ["toy-lungs", "whole-toy"]
    assert "toy-lungs: resize to 64x64" in reading.trail[-2].detail
    assert reading.timings_ms["lungs"] > 0
    assert reading.crops == ()


def test_the_heatmaps_share_inside_and_the_warning(reader: Reader) -> None:
    """The toy's heatmap is brightness in 4 x 4 cells, and the lungs are black: little of it lies inside."""
    grey = chest(*CASES["two lungs"])
    cells = grey.reshape(4, ROWS // 4, 4, COLUMNS // 4).mean(axis=(1, 3))
    x = np.clip((np.arange(COLUMNS) + 0.5) / COLUMNS * 4 - 0.5, 0, 3)
    y = np.clip((np.arange(ROWS) + 0.5) / ROWS * 4 - 0.5, 0, 3)
    rows = np.stack([np.interp(x, np.arange(4), row) for row in cells])
    native = np.stack([np.interp(y, np.arange(4), column) for column in rows.T], axis=1)
    reading = read(reader, "two lungs")
    (finding,) = reading.findings
    assert finding.inside_lungs == pytest.approx(native[grey == 0].sum() / native.sum(), abs=0.02)
    assert finding.inside_lungs < 0.5
    assert finding.positive
    assert any("mostly outside the lungs" in warning for warning in reading.warnings)


@pytest.mark.parametrize(
    ("case", "flags", "trusted", "words"),
    [
        ("no lung", ("no lung",), False, "no lung was found"),
        ("one lung", ("one region", "mirrored"), False, "one lung was drawn, and the box holds its mirror image too"),
        ("more than two regions", ("more than two regions",), False, "the two nearest the centre were kept"),
        ("touches the border", ("touches the border",), True, "a part of a lung may be cut off"),
        ("all dark", ("one region", "touches the border"), False, "the drawing covers 100% of the picture"),
    ],
)
def test_bad_input_is_defined_and_told(
    reader: Reader, case: str, flags: tuple[str, ...], trusted: bool, words: str
) -> None:
    reading = read(reader, case)
    assert reading.lungs is not None
    assert reading.lungs.flags == flags
    assert reading.lungs.trusted is trusted
    assert words in reading.lungs.reason
    assert (reading.findings[0].inside_lungs is not None) is trusted


def test_a_lateral_view_is_never_trusted(reader: Reader) -> None:
    stored = chest(*CASES["two lungs"]).astype(np.uint16) * 257
    reading = reader.read(dicom_bytes(stored, ViewPosition="LL"), name="lateral.dcm")
    assert reading.lungs is not None
    assert reading.lungs.flags == ("lateral view",)
    assert not reading.lungs.trusted
    assert reading.lungs.reason.startswith("this is a lateral view")


@pytest.mark.parametrize(
    ("position", "reason"), [("RLO", "the view is oblique"), ("LLD", "the view is decubitus"), ("PA", None)]
)
def test_a_film_whose_tags_say_another_view_is_no_frontal_one_whatever_it_looks_like(
    lungs: Bundle, tmp_path: Path, position: str, reason: str | None
) -> None:
    spec = spec_with(view=VIEW_RULE, inverted_from=0.9, cropped_from=0.9)
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=spec, looks=(9.0, 0.0, 0.0))
    scope = Scope(xray_type="chest", age_years=None, views=("PA", "AP"))
    frontal = ToyBundle(name="frontal-toy", scope=scope).write(tmp_path / "frontal")
    stored = chest(*CASES["two lungs"]).astype(np.uint16) * 257
    film = dicom_bytes(stored, ViewPosition=position, Modality="CR", BodyPartExamined="CHEST")
    reading = Reader(models=[gate, lungs, frontal]).read(film, name="film.dcm", stated=Stated(assume_scope=True))
    assert reading.gate.view == "PA"
    (finding,) = reading.findings
    if reason is None:
        assert finding.positive is not None
    else:
        assert (finding.positive, finding.not_decided.code) == (None, "view outside")
        assert finding.not_decided.reason.startswith(reason)


SEES_TURNED = spec_with(turned_from=0.2, inverted_from=0.9, cropped_from=0.9)
"""Every turn gets a quarter from the toy gate, the rest one half."""


def test_a_chest_that_looks_turned_has_no_trusted_lungs_and_no_side(lungs: Bundle, tmp_path: Path) -> None:
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=SEES_TURNED)
    for settings in (ReaderSettings(), ReaderSettings(force_type="chest")):
        reading = Reader(models=[gate, lungs], settings=settings).read(png(chest(*CASES["two lungs"])))
        assert reading.gate.state == ("turned 90",)
        assert reading.lungs is not None
        assert (reading.lungs.flags, reading.lungs.trusted) == (("turned",), False)
        assert (reading.lungs.right_share, reading.lungs.left_share) == (None, None)


def test_a_picture_that_looks_lateral_has_no_trusted_lungs_and_no_decision(lungs: Bundle, tmp_path: Path) -> None:
    gate = write_gate(tmp_path / "gate", xray_type="chest", spec=spec_with(view=VIEW_RULE), looks=(0.0, 0.0, 3.0))
    scope = Scope(xray_type="chest", age_years=None, views=("PA", "AP"))
    frontal = ToyBundle(name="frontal-toy", scope=scope).write(tmp_path / "frontal")
    reader = Reader(models=[gate, lungs, frontal])
    grey = chest(*CASES["two lungs"])
    for reading in (reader.read(png(grey)), reader.read(png(grey), stated=Stated(view="PA"))):
        assert reading.gate.view == "lateral"
        assert reading.view == "unknown"  # what the file says
        assert reading.lungs is not None
        assert (reading.lungs.flags, reading.lungs.trusted) == (("lateral view",), False)
        (finding,) = reading.findings
        assert (finding.positive, finding.not_decided.code) == (None, "view outside")
        assert any("you said view PA, but the picture looks lateral" in line for line in reading.warnings) == (
            reading.stated.view == "PA"
        )
    forced = Reader(models=[gate, lungs, frontal], settings=ReaderSettings(force_type="chest")).read(png(grey))
    assert forced.findings[0].not_decided.code == "view outside"


def test_a_childs_chest_is_drawn_and_named(reader: Reader) -> None:
    stored = chest(*CASES["two lungs"]).astype(np.uint16) * 257
    reading = reader.read(dicom_bytes(stored, PatientAge="004Y", ViewPosition="AP"), name="child.dcm")
    assert reading.lungs is not None
    assert reading.lungs.flags == ("child",)
    assert reading.lungs.trusted
    assert "a child's chest" in reading.lungs.reason


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (12, 300), (31, 31)])
def test_a_crop_of_a_few_pixels_is_read_and_not_trusted(lungs: Bundle, cropped: Bundle, shape: tuple[int, int]) -> None:
    examination = Reader(models=[lungs, cropped]).examine(png(np.zeros(shape, np.uint8)))
    reading = examination.reading
    assert reading.lungs is not None
    assert "tiny image" in reading.lungs.flags
    assert not reading.lungs.trusted
    assert reading.crops == ()
    assert any("but read the whole picture" in warning for warning in reading.warnings)


def test_a_model_of_the_crop_reads_the_crop_by_hand(lungs: Bundle, cropped: Bundle) -> None:
    examination = Reader(models=[lungs, cropped], settings=ReaderSettings(heatmaps="all")).examine(
        png(chest(*CASES["two lungs"]))
    )
    left, top, right, bottom = 12, 49, 180, 212  # the box in whole pixels outwards
    cut = chest(*CASES["two lungs"])[top:bottom, left:right] / 255
    (finding,) = examination.reading.findings
    assert finding.logit == pytest.approx(8 * cut.mean() - 2, abs=0.05)
    assert abs(8 * chest(*CASES["two lungs"]).mean() / 255 - 2 - finding.logit) > 0.5
    (crop,) = examination.reading.crops
    assert crop.model == "cropped-toy"
    assert crop.box == Box(left, top, right - left, bottom - top)
    (heatmap,) = examination.heatmaps
    assert heatmap.geometry.point(0, 0) == (left, top)
    assert heatmap.geometry.point(4, 4) == pytest.approx((right, bottom))
    trail = examination.reading.trail[-1].detail
    assert trail.startswith("cropped-toy: crop to the lungs (168 x 163 pixels from column 12, row 49); resize to 16x16")
    assert not any("whole picture" in warning for warning in examination.reading.warnings)


@pytest.mark.parametrize("case", ["no lung", "one lung", "all dark"])
def test_without_trust_it_reads_the_whole_picture_and_says_so(lungs: Bundle, cropped: Bundle, case: str) -> None:
    reading = read(Reader(models=[lungs, cropped]), case)
    assert reading.findings[0].logit == pytest.approx(8 * chest(*CASES[case]).mean() / 255 - 2, abs=1e-3)
    assert reading.crops == ()
    assert any(
        warning.startswith("cropped-toy is made to read the crop to the lungs, but read the whole picture: ")
        for warning in reading.warnings
    )
    assert "not cropped, since there is no drawing of the lungs" in reading.trail[-1].detail


def test_a_batch_reads_as_its_images_do(lungs: Bundle, whole: Bundle, cropped: Bundle) -> None:
    reader = Reader(models=[lungs, whole, cropped], settings=ReaderSettings(heatmaps="all", batch_size=4))
    sources = [png(chest(*places)) for places in CASES.values()]
    for source, many in zip(sources, reader.examine_many(sources), strict=True):
        assert isinstance(many, Examination)
        one = reader.examine(source).reading
        assert many.reading.lungs == one.lungs
        assert many.reading.crops == one.crops
        assert many.reading.warnings == one.warnings
        assert [finding.logit for finding in many.reading.findings] == pytest.approx(
            [finding.logit for finding in one.findings], abs=1e-6
        )


@pytest.fixture(scope="module")
def gated(folder: Path, lungs: Bundle, whole: Bundle) -> list[Bundle]:
    """The gate calls bright pictures hands and refuses dark ones."""
    hand = ToyBundle(name="hand-toy", scope=Scope(xray_type="hand", age_years=None, views=None))
    return [write_gate(folder / "gate", xray_type="hand"), lungs, whole, hand.write(folder / "hand")]


def test_what_is_no_chest_gets_no_lungs(gated: list[Bundle]) -> None:
    for source in (png(np.full((64, 64), 200, np.uint8)), png(np.zeros((64, 64), np.uint8))):
        reading = Reader(models=gated).read(source)
        assert reading.gate.status in ("accepted", "refused")
        assert reading.lungs is None
        assert "toy-lungs" not in [model.name for model in reading.models]
        assert reading.timings_ms["lungs"] == 0


def test_a_forced_chest_gets_its_lungs(gated: list[Bundle]) -> None:
    reading = Reader(models=gated, settings=ReaderSettings(force_type="chest")).read(png(chest(RIGHT, LEFT)))
    assert reading.lungs is not None
    assert reading.lungs.trusted


def test_without_lungs_nothing_is_drawn_and_the_reading_is_another(lungs: Bundle, whole: Bundle) -> None:
    reader = Reader(models=[lungs, whole], settings=ReaderSettings(lungs=False))
    reading = read(reader, "two lungs")
    assert reading.lungs is None
    assert [model.name for model in reading.models] == ["whole-toy"]
    assert [card.name for card in reader.cards] == ["whole-toy"]
    assert reader.settings_sha256 != Reader(models=[lungs, whole]).settings_sha256


def test_a_model_of_the_crop_needs_something_that_draws(lungs: Bundle, cropped: Bundle) -> None:
    with pytest.raises(BundleError, match="needs a model that draws them"):
        Reader(models=[cropped])
    with pytest.raises(UsageError, match="cropped-toy reads the crop to the lungs"):
        Reader(models=[lungs, cropped], settings=ReaderSettings(lungs=False))


def test_two_that_draw_lungs_are_refused(lungs: Bundle, folder: Path) -> None:
    second = write_lung_bundle(folder / "second", name="second-lungs")
    with pytest.raises(BundleError, match="Only one model that draws lungs can be used"):
        Reader(models=[lungs, second])


def test_lungs_of_another_network_than_in_training_are_warned_of(
    lungs: Bundle, cropped: Bundle, tmp_path: Path
) -> None:
    card = cropped.card
    told = card.model_dump(by_alias=True) | {"training": card.training.model_dump() | {"lungs_sha256": "7" * 64}}
    files = {name: cropped.read(name) for name in card.files}
    bundle = write_bundle(tmp_path / "other", card=Card.model_validate(told), files=files)
    reading = read(Reader(models=[lungs, bundle]), "two lungs")
    assert any("another model than the one that" in warning for warning in reading.warnings)
