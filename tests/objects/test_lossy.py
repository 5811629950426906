"""What objects say of losses in the image that they are made of."""

from typing import Any

import pytest
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
)

import hilum
from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked
from fabricate_study_image import USUAL, read_image, study_image

KEYWORDS = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")


def told(data: bytes) -> tuple[list[Any], list[Any]]:
    """What the picture and the segmentation say."""
    _, _, picture, masks = (one.dataset for one in hilum.dicom_objects(read_image(data), source=data))
    return [picture.get(keyword) for keyword in KEYWORDS], [masks.get(keyword) for keyword in KEYWORDS]


def test_nothing_is_said_of_what_nobody_knows_but_where_the_standard_asks() -> None:
    assert told(study_image()) == ([None, None, None], ["00", None, None])
    assert told(study_image(syntax=JPEG2000Lossless)) == ([None, None, None], ["00", None, None])


def test_an_image_that_was_never_lossy_says_so_itself() -> None:
    assert told(study_image(LossyImageCompression="00")) == (["00", None, None], ["00", None, None])


@pytest.mark.parametrize(("syntax", "tag"), [(JPEGExtended12Bit, None), (JPEGExtended12Bit, "00")])
def test_a_lossy_stream_is_lossy_whatever_the_tags_say(syntax: Any, tag: str | None) -> None:
    picture, masks = told(study_image(syntax=syntax, LossyImageCompression=tag))
    assert picture == masks
    assert (picture[0], picture[2]) == ("01", "ISO_10918_1")
    assert 1 < float(picture[1]) < 50


def test_the_ratio_is_that_of_the_bytes() -> None:
    grey = (marked(top=4095) // 16).astype("uint8")
    data = dicom_bytes(grey, syntax=JPEGBaseline8Bit, **USUAL)
    picture, _ = told(data)
    plain = dicom_bytes(grey, syntax=ExplicitVRLittleEndian, **USUAL)
    assert float(picture[1]) == pytest.approx(grey.size / (grey.size - (len(plain) - len(data))), rel=0.1)


def test_a_stream_that_may_be_lossy_is_so_only_where_something_must_be_said() -> None:
    picture, masks = told(study_image(syntax=JPEGLSNearLossless))
    assert picture == [None, None, None]
    assert (masks[0], masks[2]) == ("01", "ISO_14495_1")
    assert float(masks[1]) > 1
    assert told(study_image(syntax=JPEGLSNearLossless, LossyImageCompression="00"))[1] == ["00", None, None]


def test_what_the_tags_tell_of_earlier_losses_is_kept() -> None:
    known = {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": ["10", "2"],
        "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
    }
    for found in told(study_image(**known)):
        assert [found[0], list(found[1]), list(found[2])] == ["01", [10, 2], ["ISO_10918_1", "ISO_15444_1"]]
    assert told(study_image(LossyImageCompression="01")) == (["01", None, None], ["01", None, None])
