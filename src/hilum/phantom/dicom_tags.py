"""The tags that every phantom DICOM file carries; all of them say that there is no patient."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage, generate_uid

from hilum.phantom.phantom import Kind, Phantom

PATIENT_NAME = "PHANTOM^HILUM"
PATIENT_ID = "PHANTOM"
STATEMENT = "Fabricated phantom by hilum, no real patient"

_BODY_PART: dict[Kind, str] = {"chest": "CHEST", "hand": "HAND", "jaw": "JAW"}


def tagged(phantom: Phantom, *, variant: str) -> Dataset:
    """A data set with identity, study and geometry but no pixels; UIDs follow from the phantom's seed and `variant`."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = ComputedRadiographyImageStorage
    for keyword, level in (("StudyInstanceUID", "study"), ("SeriesInstanceUID", "series"), ("SOPInstanceUID", "image")):
        sources = ["hilum phantom", phantom.kind, str(phantom.seed), str(phantom.age_years)]
        setattr(data, keyword, generate_uid(entropy_srcs=[*sources, level, variant if level == "image" else ""]))
    _identify(data, phantom)
    data.Modality = "PX" if phantom.kind == "jaw" else "CR"
    data.Manufacturer = "hilum phantom"
    data.StudyDescription = STATEMENT
    data.SeriesDescription = STATEMENT
    data.ImageComments = f"{STATEMENT}; variant {variant}"
    data.ImageType = ["DERIVED", "PRIMARY"]
    data.DerivationDescription = STATEMENT
    data.BurnedInAnnotation = "YES"
    data.QualityControlImage = "YES"
    data.BodyPartExamined = _BODY_PART[phantom.kind]
    data.SeriesNumber = "1"
    data.InstanceNumber = "1"
    if phantom.kind != "jaw":
        data.ViewPosition = phantom.view
        data.PatientOrientation = ["L", "F"]
        data.ImagerPixelSpacing = [f"{phantom.spacing_mm:.6f}"] * 2
    return data


def _identify(data: Dataset, phantom: Phantom) -> None:
    data.PatientName = PATIENT_NAME
    data.PatientID = PATIENT_ID
    data.PatientBirthDate = ""
    data.PatientSex = "" if phantom.sex == "unknown" else phantom.sex
    data.PatientAge = f"{phantom.age_years:03d}Y"
    data.PatientComments = STATEMENT
    data.QualityControlSubject = "YES"
    data.StudyDate, data.StudyTime, data.StudyID = "", "", "PHANTOM"
    data.AccessionNumber, data.ReferringPhysicianName = "", ""
