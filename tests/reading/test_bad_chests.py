"""Bad input through the network that ships: every picture comes back with a verdict that says what is wrong with it."""

import io

import numpy as np
import pytest
from PIL import Image

from fabricate_dicom import dicom_bytes
from hilum.bundle.shelf import find
from hilum.phantom.hand import render_hand
from hilum.phantom.thorax import render_thorax
from hilum.reading.reader import Reader
from hilum.reading_result import LungVerdict

SIDE = 384


@pytest.fixture(scope="module")
def adult() -> np.ndarray:
    """Grey uint8 (384, 384): a phantom's chest."""
    return np.rint(render_thorax(rows=SIDE, columns=SIDE).pixels * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(models=[find("lung-regions")])


def drawn(reader: Reader, grey: np.ndarray) -> LungVerdict:
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(grey)).save(stream, "PNG")
    verdict = reader.read(stream.getvalue()).lungs
    assert verdict is not None
    assert 0 <= verdict.box.x < verdict.box.x + verdict.box.width <= grey.shape[1]
    assert 0 <= verdict.box.y < verdict.box.y + verdict.box.height <= grey.shape[0]
    return verdict


def test_a_phantoms_lungs_are_two_of_like_size(reader: Reader, adult: np.ndarray) -> None:
    verdict = drawn(reader, adult)
    assert verdict.right_share == pytest.approx(verdict.left_share, rel=0.25)
    assert 0.2 < verdict.right_share + verdict.left_share < 0.45
    assert not {"no lung", "one region", "mirrored", "more than two regions"} & set(verdict.flags)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_without_lungs(reader: Reader, level: int) -> None:
    verdict = drawn(reader, np.full((SIDE, SIDE), level, np.uint8))
    assert not verdict.trusted
    assert verdict.quality < 0.5
    assert verdict.reason


def test_a_chest_with_one_lung(reader: Reader, adult: np.ndarray) -> None:
    white = adult.copy()
    white[:, : SIDE // 2 - 4] = 200
    verdict = drawn(reader, white)
    assert not verdict.trusted, "a lung is guessed where nothing shows one"


def test_two_chests_side_by_side(reader: Reader, adult: np.ndarray) -> None:
    verdict = drawn(reader, np.concatenate([adult, adult], axis=1))
    assert not verdict.trusted


def test_a_chest_on_its_side(reader: Reader, adult: np.ndarray) -> None:
    assert not drawn(reader, np.rot90(adult)).trusted


@pytest.mark.parametrize("rows", [1, 9, 31])
def test_a_crop_of_a_few_pixels(reader: Reader, adult: np.ndarray, rows: int) -> None:
    verdict = drawn(reader, adult[200 : 200 + rows, 180:210])
    assert not verdict.trusted
    assert "tiny image" in verdict.flags
    assert "too small" in verdict.reason


def test_lungs_that_leave_the_picture_touch_its_border(reader: Reader, adult: np.ndarray) -> None:
    assert "touches the border" in drawn(reader, adult[: SIDE // 2]).flags


def test_a_lateral_view_that_the_file_names(reader: Reader, adult: np.ndarray) -> None:
    verdict = reader.read(dicom_bytes(adult.astype(np.uint16) * 257, ViewPosition="LL"), name="lateral.dcm").lungs
    assert verdict is not None
    assert not verdict.trusted
    assert verdict.reason.startswith("this is a lateral view")


def test_a_child_is_named(reader: Reader) -> None:
    child = np.rint(render_thorax(rows=SIDE, columns=SIDE, child=True).pixels * 65535).astype(np.uint16)
    verdict = reader.read(dicom_bytes(child, PatientAge="003Y", ViewPosition="AP"), name="child.dcm").lungs
    assert verdict is not None
    assert "child" in verdict.flags
    assert "a child's chest" in verdict.reason
    assert verdict.right_share > 0
    assert verdict.left_share > 0


def test_a_hand_has_none(reader: Reader) -> None:
    hand = np.rint(render_hand(rows=SIDE, columns=SIDE).pixels * 255).astype(np.uint8)
    assert not drawn(reader, hand).trusted  # nobody judges here whether this is a chest, so its lungs are looked for
