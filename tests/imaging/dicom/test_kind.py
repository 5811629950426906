"""What a DICOM object is, told by its first bytes."""

import numpy as np
import pytest
from pydicom import uid

from fabricate_dicom import dicom_bytes, elements, object_bytes, without_meta
from fabricate_pictures import marked
from hilum.errors import DecodeError
from hilum.imaging.decode import decode
from hilum.imaging.dicom.kind import object_name, read_kind

OBJECTS = {
    uid.BasicTextSRStorage: "Basic Text SR",
    uid.KeyObjectSelectionDocumentStorage: "Key Object Selection Document",
    uid.GrayscaleSoftcopyPresentationStateStorage: "Grayscale Softcopy Presentation State",
    uid.HangingProtocolStorage: "Hanging Protocol",
    uid.TwelveLeadECGWaveformStorage: "12-lead ECG Waveform",
    uid.EncapsulatedPDFStorage: "Encapsulated PDF",
    uid.RTPlanStorage: "RT Plan",
    uid.RTStructureSetStorage: "RT Structure Set",
    uid.RawDataStorage: "Raw Data",
    uid.MediaStorageDirectoryStorage: "Media Storage Directory",
}


@pytest.mark.parametrize("sop_class", OBJECTS, ids=OBJECTS.get)
def test_objects_that_are_no_image_have_their_registered_name(sop_class: str) -> None:
    data = object_bytes(sop_class, modality="OT")
    kind = read_kind(data[:4096])
    assert kind is not None
    assert kind.object_name == OBJECTS[sop_class]
    with pytest.raises(DecodeError, match=f"no image but another object, {OBJECTS[sop_class]}. Give the images"):
        decode(data, name="x")


def test_images_have_none() -> None:
    for sop_class in (
        uid.ComputedRadiographyImageStorage, uid.DigitalXRayImageStorageForPresentation, uid.CTImageStorage,
        uid.UltrasoundMultiFrameImageStorage, uid.EnhancedXAImageStorage, uid.SecondaryCaptureImageStorage,
        uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage, uid.RTImageStorage, "1.2.3.4", "", None,
    ):  # fmt: skip
        assert object_name(sop_class) is None


def test_modality_and_frames_are_found_without_the_pixels() -> None:
    data = dicom_bytes(np.stack([marked()] * 4), NumberOfFrames=4, Modality="US")
    kind = read_kind(data[: data.index(b"US\x02\x00") + 400])
    assert kind is not None
    assert (kind.object_name, kind.modality, kind.frames, kind.has_rows) == (None, "US", 4, True)


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_a_report_without_meta_information_is_known(syntax: str) -> None:
    ds = elements(marked())
    ds.SOPClassUID = uid.ComprehensiveSRStorage
    kind = read_kind(without_meta(ds, syntax=syntax))
    assert kind is not None
    assert kind.object_name == "Comprehensive SR"


@pytest.mark.parametrize(
    ("sop_class", "is_radiograph"),
    [
        (uid.ComputedRadiographyImageStorage, True),
        (uid.DigitalXRayImageStorageForPresentation, True),
        (uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage, True),
        ("1.2.3.4", True),  # it may be anything
        (uid.UltrasoundMultiFrameImageStorage, False),
        (uid.XRayAngiographicImageStorage, False),
        (uid.NuclearMedicineImageStorage, False),
    ],
)
def test_the_class_tells_films_from_other_images(sop_class: str, is_radiograph: bool) -> None:
    kind = read_kind(dicom_bytes(marked(), SOPClassUID=sop_class, Modality=""))
    assert kind.is_radiograph is is_radiograph


def test_rows_that_are_missing_and_rows_that_were_not_reached_differ() -> None:
    whole = object_bytes("1.3.12.2.1107.5.9.1", modality="CT", ReasonForStudy="follow-up")
    kind = read_kind(whole)
    assert kind is not None
    assert (kind.has_rows, kind.may_be_image) == (False, False)
    short = object_bytes("1.3.12.2.1107.5.9.1", modality="CT")  # it ends before rows would come
    assert read_kind(short).has_rows is None
    assert read_kind(short, is_whole=True).has_rows is False
    cut = read_kind(dicom_bytes(marked())[:300])
    assert cut is None or cut.has_rows is None


def test_nothing_is_raised_on_any_bytes() -> None:
    rng = np.random.default_rng(3)
    whole = object_bytes(uid.BasicTextSRStorage, modality="SR")
    for length in range(0, len(whole), 7):
        read_kind(whole[:length])
    for _ in range(500):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 5):
            data[at] = rng.integers(0, 256)
        read_kind(bytes(data))
