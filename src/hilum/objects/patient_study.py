"""What stands in every object as it stands in the image: patient, study, and the character set of both."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from hilum.imaging.dicom.values import tag_of

PATIENT: tuple[str, ...] = (
    "PatientName", "PatientID", "IssuerOfPatientID", "TypeOfPatientID", "IssuerOfPatientIDQualifiersSequence",
    "SourcePatientGroupIdentificationSequence", "GroupOfPatientsIdentificationSequence", "PatientBirthDate",
    "PatientBirthTime", "PatientBirthDateInAlternativeCalendar", "PatientDeathDateInAlternativeCalendar",
    "PatientAlternativeCalendar", "PatientSex", "ReferencedPatientSequence", "ReferencedPatientPhotoSequence",
    "QualityControlSubject", "StrainDescription", "StrainNomenclature", "StrainStockSequence",
    "StrainAdditionalInformation", "StrainCodeSequence", "GeneticModificationsSequence", "OtherPatientNames",
    "OtherPatientIDsSequence", "EthnicGroupCodeSequence", "PatientSpeciesDescription", "PatientSpeciesCodeSequence",
    "PatientBreedDescription", "PatientBreedCodeSequence", "BreedRegistrationSequence", "ResponsiblePerson",
    "ResponsiblePersonRole", "ResponsibleOrganization", "PatientComments", "PatientIdentityRemoved",
    "DeidentificationMethod", "DeidentificationMethodCodeSequence",
)  # fmt: skip
"""The Patient module (PS3.3 C.7.1.1)."""

STUDY: tuple[str, ...] = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "IssuerOfAccessionNumberSequence", "StudyID",
    "ReferringPhysicianName", "ReferringPhysicianIdentificationSequence", "ConsultingPhysicianName",
    "ConsultingPhysicianIdentificationSequence", "StudyDescription", "ProcedureCodeSequence", "PhysiciansOfRecord",
    "PhysiciansOfRecordIdentificationSequence", "NameOfPhysiciansReadingStudy",
    "PhysiciansReadingStudyIdentificationSequence", "ReferencedStudySequence", "RequestingService",
    "RequestingServiceCodeSequence", "ReasonForPerformedProcedureCodeSequence",
)  # fmt: skip
"""The General Study module (PS3.3 C.7.2.1)."""

PATIENT_STUDY: tuple[str, ...] = (
    "AdmittingDiagnosesDescription", "AdmittingDiagnosesCodeSequence", "PatientAge", "PatientSize",
    "PatientSizeCodeSequence", "PatientBodyMassIndex", "MeasuredAPDimension", "MeasuredLateralDimension",
    "PatientWeight", "MedicalAlerts", "Allergies", "Occupation", "SmokingStatus", "AdditionalPatientHistory",
    "PregnancyStatus", "LastMenstrualDate", "PatientSexNeutered", "ReasonForVisit", "ReasonForVisitCodeSequence",
    "AdmissionID", "IssuerOfAdmissionIDSequence", "ServiceEpisodeID", "ServiceEpisodeDescription",
    "IssuerOfServiceEpisodeIDSequence", "PatientState",
)  # fmt: skip
"""The Patient Study module (PS3.3 C.7.2.2)."""

CLINICAL_TRIAL: tuple[str, ...] = (
    "ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName",
    "IssuerOfClinicalTrialProtocolID", "OtherClinicalTrialProtocolIDsSequence", "ClinicalTrialSiteID",
    "ClinicalTrialSiteName", "IssuerOfClinicalTrialSiteID", "ClinicalTrialSubjectID", "IssuerOfClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID", "IssuerOfClinicalTrialSubjectReadingID",
    "ClinicalTrialProtocolEthicsCommitteeName", "ClinicalTrialProtocolEthicsCommitteeApprovalNumber",
    "ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription", "LongitudinalTemporalOffsetFromEvent",
    "LongitudinalTemporalEventType", "ClinicalTrialTimePointTypeCodeSequence", "IssuerOfClinicalTrialTimePointID",
    "ConsentForClinicalTrialUseSequence",
)  # fmt: skip
"""The Clinical Trial Subject and Study modules (PS3.3 C.7.1.3 and C.7.2.3)."""

COPIED: tuple[str, ...] = (
    "SpecificCharacterSet",
    "TimezoneOffsetFromUTC",
    *PATIENT,
    *STUDY,
    *PATIENT_STUDY,
    *CLINICAL_TRIAL,
)
"""All that is copied. What the image lacks is left out, but for what every object must have, which is left empty."""

REQUIRED: tuple[str, ...] = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
    "StudyID", "ReferringPhysicianName",
)  # fmt: skip
"""Of type 2: there, but empty where nothing is known."""

_OF_BYTES = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
)
"""Value representations whose bytes mean the same in every transfer syntax."""


def copied_elements(header: Dataset) -> Iterator[DataElement | RawDataElement]:
    """Each of `COPIED` that the image has, and empty ones of `REQUIRED`; texts byte by byte as they stand.

    `header` is the image as read from its file, in which nothing was asked for or changed.
    """
    for keyword in COPIED:
        tag = tag_of(keyword)
        if tag in header:
            yield _as_it_stands(header, keyword)
        elif keyword in REQUIRED:
            yield DataElement(tag, dictionary_VR(tag), None)


def without_copied(header: Dataset) -> None:
    """Take out of `header` what `copied_elements` gives but the study's UID, and leave empty what must be there.

    What is wrong with a name or a date then keeps no object from being made.
    """
    for keyword in COPIED:
        if keyword in header and keyword != "StudyInstanceUID":
            del header[keyword]
    for keyword in REQUIRED:
        setattr(header, keyword, None)


def _as_it_stands(header: Dataset, keyword: str) -> DataElement | RawDataElement:
    tag = tag_of(keyword)
    element = header.get_item(tag)
    if not isinstance(element, RawDataElement):
        return header[tag]
    vr = dictionary_VR(tag) if element.VR in (None, "UN") else element.VR
    if vr not in _OF_BYTES:
        return header[tag]
    value = element.value or b""
    padding = b"\0" if vr == "UI" else b" "
    value += padding * (len(value) % 2)
    return RawDataElement(tag, vr, len(value), value, 0, False, True)
