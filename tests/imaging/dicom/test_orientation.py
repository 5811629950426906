"""Patient Orientation, Image Orientation and view: turned back, left as stored, or sides withheld; never refused."""

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import SecondaryCaptureImageStorage

from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked
from hilum.imaging.decode import decode
from hilum.radiograph import Radiograph

# pydicom warns while it writes the malformed tags of these tests
pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")

UPRIGHT = marked()

DIRECTIONS = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}
"""The patient-based axes of PS3.3 C.7.6.2.1.1."""


def film(row: str, column: str, *, upright: tuple[str, str]) -> np.ndarray:
    """The upright picture, whose rows and columns run to `upright`, as a film whose own run to `row` and `column`.

    Written by hand from the directions: which axis each runs along, and whether it runs the other way.
    """
    opposite = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
    picture = UPRIGHT
    if column in (upright[0], opposite[upright[0]]):
        picture, upright = picture.T, (upright[1], upright[0])
    if row != upright[0]:
        picture = picture[:, ::-1]
    if column != upright[1]:
        picture = picture[::-1]
    return np.ascontiguousarray(picture)


def read(pixels: np.ndarray = UPRIGHT, *, orientation: object = None, **tags: object) -> Radiograph:
    if orientation is not None:
        tags["PatientOrientation"] = orientation
    return decode(dicom_bytes(pixels, **tags), name="x")


def shows(radiograph: Radiograph, expected: np.ndarray) -> None:
    np.testing.assert_allclose(radiograph.pixels, expected / 255, atol=1e-6)


FRONTAL = ["LF", "RF", "LH", "RH", "FL", "FR", "HL", "HR"]


@pytest.mark.parametrize("tag", FRONTAL)
def test_a_frontal_film_of_each_orientation_comes_out_the_same_upright_picture(tag: str) -> None:
    radiograph = read(film(*tag, upright=("L", "F")), orientation=list(tag), ViewPosition="AP", ImageLaterality="L")
    shows(radiograph, UPRIGHT)
    assert radiograph.sides_known
    assert radiograph.laterality == "L"
    trail = {step.step: step.detail for step in radiograph.trail}
    said = f"Patient Orientation {tag[0]}\\{tag[1]}"
    if tag == "LF":
        assert trail["orientation"] == f"as stored, {said}"
        assert radiograph.warnings == ()
    else:
        assert trail["orientation"] == f"turned upright from {said}"
        (warning,) = radiograph.warnings
        assert said in warning
        assert "turned back" in warning
        mirrored = tag in ("RF", "LH", "FL", "HR")
        assert ("mirrored" in warning) == mirrored


@pytest.mark.parametrize("tag", FRONTAL)
def test_image_orientation_says_the_same_by_cosines(tag: str) -> None:
    cosines = [float(value) for letter in tag for value in DIRECTIONS[letter]]
    radiograph = read(film(*tag, upright=("L", "F")), ImageOrientationPatient=cosines)
    shows(radiograph, UPRIGHT)
    assert (radiograph.source.stored is None) == (tag == "LF")


@pytest.mark.parametrize("front", ["A", "P"])
@pytest.mark.parametrize("place", ["-F", "-H", "F-", "H-"])
def test_a_lateral_film_is_turned_and_never_mirrored(front: str, place: str) -> None:
    row, column = (front if place[0] == "-" else place[0]), (front if place[1] == "-" else place[1])
    picture = film(row, column, upright=("A", "F"))
    radiograph = read(picture, orientation=[row, column])
    quarters = {"-F": 0, "-H": 2, "F-": -1, "H-": 1}[place]  # counter-clockwise, until the feet are below
    shows(radiograph, np.rot90(picture, quarters))
    assert radiograph.view == "LL"
    assert not any("mirrored" in warning for warning in radiograph.warnings)


@pytest.mark.parametrize(
    ("tag", "turned"),
    [(["RF", "F"], True), (["R", "FP"], True), (["RA", "FP"], True), (["LF", "FP"], False), (["r", "f"], True)],
)
def test_the_first_of_several_letters_counts(tag: list[str], turned: bool) -> None:
    radiograph = read(orientation=tag)
    shows(radiograph, UPRIGHT[:, ::-1] if turned else UPRIGHT)
    assert radiograph.sides_known


def test_an_oblique_lateral_is_not_called_a_lateral_view() -> None:
    assert read(orientation=["AL", "F"]).view == "unknown"
    assert read(orientation=["AF", "FP"]).view == "LL"


@pytest.mark.parametrize("tag", [None, "", ["", ""]])
def test_an_absent_or_empty_tag_says_nothing(tag: object) -> None:
    radiograph = read(orientation=tag)
    shows(radiograph, UPRIGHT)
    assert radiograph.sides_known
    assert radiograph.warnings == ()
    assert "orientation" not in [step.step for step in radiograph.trail]


MALFORMED = [
    ["R"],
    ["R", ""],
    ["R", "F", "H"],
    ["X", "F"],
    ["RIGHT", "FOOT"],
    ["LR", "F"],
    ["L", "R"],
    ["L", "L"],
    "R/F",
]


@pytest.mark.parametrize("tag", MALFORMED)
def test_a_malformed_tag_withholds_the_sides_with_a_warning(tag: object) -> None:
    radiograph = read(orientation=tag, ImageLaterality="L")
    shows(radiograph, UPRIGHT)
    assert not radiograph.sides_known
    assert radiograph.laterality == "unknown"
    (warning,) = radiograph.warnings
    assert "malformed: the picture is shown as it is stored, and right and left are not named" in warning


@pytest.mark.parametrize("cosines", [[1.0, 0, 0], [0.0] * 6, [1.0, 0, 0, 1, 0, 0], [1.0, 0, 0, 0.7, 0, -0.7]])
def test_malformed_cosines_withhold_the_sides_unless_the_letters_tell(cosines: list[float]) -> None:
    assert not read(ImageOrientationPatient=cosines).sides_known
    both = read(orientation=["R", "F"], ImageOrientationPatient=cosines)
    shows(both, UPRIGHT[:, ::-1])
    assert both.sides_known
    assert "Image Orientation (Patient) is malformed and not used" in both.warnings


def test_values_that_are_no_numbers_are_malformed() -> None:
    data = dicom_bytes(UPRIGHT, ImageOrientationPatient=[1.25, 0, 0, 0, 0, -1]).replace(b"1.25", b"many")
    radiograph = decode(data, name="x")
    shows(radiograph, UPRIGHT)
    assert not radiograph.sides_known


CONTRADICTIONS = [
    {"orientation": ["A", "F"], "ViewPosition": "PA"},
    {"orientation": ["R", "F"], "ViewPosition": "LL"},
    {"orientation": ["R", "F"], "ImageOrientationPatient": [1.0, 0, 0, 0, 0, -1]},
    {"orientation": ["L", "P"]},
    {"orientation": ["R", "F"], "Modality": "OT"},
    {"orientation": ["R", "F"], "Modality": "SC"},
    {"orientation": ["F", "L"], "SOPClassUID": SecondaryCaptureImageStorage},
]


@pytest.mark.parametrize("tags", CONTRADICTIONS)
def test_what_is_not_certain_is_shown_as_stored_without_sides(tags: dict[str, object]) -> None:
    radiograph = read(Laterality="R", **tags)
    shows(radiograph, UPRIGHT)
    assert not radiograph.sides_known
    assert radiograph.laterality == "unknown"
    assert "right and left are not named" in radiograph.warnings[0]


@pytest.mark.parametrize(
    ("letters", "view", "left"), [("A", "PA", "unknown"), ("P", "AP", "unknown"), ("R", "LL", "LL")]
)
def test_a_contradicted_view_is_never_a_frontal_one(letters: str, view: str, left: str) -> None:
    assert read(orientation=[letters, "F"], ViewPosition=view).view == left


def test_a_secondary_capture_that_stands_upright_names_its_sides() -> None:
    assert read(orientation=["L", "F"], Modality="SC").sides_known


@pytest.mark.parametrize("part", ["HAND", "FOOT", "elbow"])
def test_parts_without_one_way_up_stay_as_they_are(part: str) -> None:
    radiograph = read(orientation=["R", "H"], BodyPartExamined=part)
    shows(radiograph, UPRIGHT)
    assert radiograph.warnings == ()
    shows(read(orientation=["R", "H"], BodyPartExamined="CHEST"), UPRIGHT[::-1, ::-1])


@pytest.mark.parametrize("modality", ["CR", "DX", "DR", "RF", "XA", "PX", None])
def test_every_projection_is_turned_also_of_a_modality_that_is_unknown(modality: str | None) -> None:
    shows(read(orientation=["R", "F"], Modality=modality), UPRIGHT[:, ::-1])


def test_slices_are_shown_as_they_are_stored() -> None:
    radiograph = read(Modality="CT", ImageOrientationPatient=[1.0, 0, 0, 0, 1, 0])
    shows(radiograph, UPRIGHT)
    assert radiograph.warnings == ()


def test_each_frame_has_its_own_image_orientation() -> None:
    def group(cosines: list[float]) -> Dataset:
        plane, groups = Dataset(), Dataset()
        plane.ImageOrientationPatient = cosines
        groups.PlaneOrientationSequence = Sequence([plane])
        return groups

    frames = np.stack([UPRIGHT, UPRIGHT])
    groups = Sequence([group([1.0, 0, 0, 0, 0, -1]), group([-1.0, 0, 0, 0, 0, -1])])
    data = dicom_bytes(frames, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=groups)
    shows(decode(data, name="x", frame=1), UPRIGHT)
    shows(decode(data, name="x", frame=2), UPRIGHT[:, ::-1])
    data = dicom_bytes(frames, NumberOfFrames=2, PatientOrientation=["R", "F"])
    shows(decode(data, name="x", frame=2), UPRIGHT[:, ::-1])


def test_a_turned_film_of_unequal_spacing_swaps_its_spacing() -> None:
    stored = np.asarray(Image.fromarray(UPRIGHT).transpose(Image.Transpose.TRANSPOSE))
    radiograph = read(stored, orientation=["F", "L"], PixelSpacing=[0.1, 0.1005])
    shows(radiograph, UPRIGHT)
    assert radiograph.source.spacing_mm == (0.1005, 0.1)
