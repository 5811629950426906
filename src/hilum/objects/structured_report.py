"""The structured report: a Comprehensive 3D SR by TID 1500, encoded as IHE AIR describes."""

from __future__ import annotations

from pydicom.sr.coding import Code

from hilum.objects import codes
from hilum.objects.finish import HILUM, equipment
from hilum.objects.kinds import KINDS
from hilum.objects.library import highdicom
from hilum.objects.measurement_groups import measurement_groups
from hilum.objects.source import SourceImage
from hilum.objects.uids import Uids, derived_uid, models_sha256
from hilum.reading_result import Reading
from hilum.report.headline import headline
from hilum.report.wording import RESEARCH_USE, plain_text, ratio_cautions, sentence

sr = highdicom.sr

_CONTAINS = sr.RelationshipTypeValues.CONTAINS
_HAS_ACQ_CONTEXT = sr.RelationshipTypeValues.HAS_ACQ_CONTEXT


def structured_report(reading: Reading, *, image: SourceImage, uids: Uids) -> sr.Comprehensive3DSR:
    """The report on one image: unverified, preliminary, by a device that names its models' hash."""
    sha256 = models_sha256(reading)
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=derived_uid(HILUM, "device", reading.hilum_version, sha256),
        name=HILUM,
        manufacturer_name=HILUM,
        model_name=f"{HILUM} {reading.hilum_version}",
        serial_number=f"SHA-256 of the models' hashes: {sha256}",
    )
    context = sr.ObservationContext(
        observer_device_context=sr.ObserverContext(
            observer_type=sr.CodedConcept("121007", "DCM", "Device"), observer_identifying_attributes=device
        )
    )
    report = sr.MeasurementReport(
        observation_context=context,
        procedure_reported=codes.PLAIN_RADIOGRAPHY,
        imaging_measurements=measurement_groups(reading, image=image, uids=uids),
        title=Code("126000", "DCM", "Imaging Measurement Report"),
    )
    root = report[0].ContentSequence
    root.insert(_before_measurements(root), _image_library(image))
    root.extend(_comments(reading))
    row = KINDS["sr"]
    return sr.Comprehensive3DSR(
        evidence=[image.header],
        content=report[0],
        series_instance_uid=uids.uid("sr", "series"),
        series_number=row.series_number,
        sop_instance_uid=uids.uid("sr", "instance"),
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description="hilum structured report (research use)",
        coding_schemes=codes.coding_schemes(),
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        **equipment(reading),
    )


def _before_measurements(root: sr.ContentSequence) -> int:
    names = [item.ConceptNameCodeSequence[0].CodeValue for item in root]
    return names.index("126010")


def _image_library(image: SourceImage) -> sr.ContainerContentItem:
    """TID 1600 with the one image and what its tags tell; highdicom's own needs tags that images lack."""
    header = image.header
    entry = sr.ImageContentItem(
        name=Code("260753009", "SCT", "Source"),
        referenced_sop_class_uid=image.class_uid,
        referenced_sop_instance_uid=image.instance_uid,
        relationship_type=_CONTAINS,
    )
    told: list[sr.ContentItem] = [
        sr.NumContentItem(
            name=Code(code, "DCM", meaning), value=int(value), unit=codes.PIXELS, relationship_type=_HAS_ACQ_CONTEXT
        )
        for code, meaning, value in (
            ("110910", "Pixel Data Rows", header.Rows),
            ("110911", "Pixel Data Columns", header.Columns),
        )
    ]
    orientation = image.orientation()
    if orientation is not None:
        told += [
            sr.TextContentItem(name=Code(code, "DCM", meaning), value=value, relationship_type=_HAS_ACQ_CONTEXT)
            for code, meaning, value in (
                ("111044", "Patient Orientation Row", orientation[0]),
                ("111043", "Patient Orientation Column", orientation[1]),
            )
        ]
    entry.ContentSequence = sr.ContentSequence(told)
    group = sr.ContainerContentItem(name=Code("126200", "DCM", "Image Library Group"), relationship_type=_CONTAINS)
    group.ContentSequence = sr.ContentSequence([entry])
    library = sr.ContainerContentItem(name=Code("111028", "DCM", "Image Library"), relationship_type=_CONTAINS)
    library.ContentSequence = sr.ContentSequence([group])
    return library


def _comments(reading: Reading) -> list[sr.TextContentItem]:
    """What the first line of a page says, that this is no medical device, every warning, and cautions of the ratio."""
    lines = [f"{headline(reading)}.", f"{RESEARCH_USE}.", *(f"{sentence(warning)}." for warning in reading.warnings)]
    lines += [f"Cardiothoracic ratio: {caution}." for caution in ratio_cautions(reading)]
    if reading.stated:
        lines.insert(1, f"Stated by the user, not by the file: {reading.stated.in_words()}.")
    return [
        sr.TextContentItem(name=codes.COMMENT, value=plain_text(line), relationship_type=_CONTAINS) for line in lines
    ]
