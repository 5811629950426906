"""The record of a DICOM chest of a release whose files name no patient: each study counts as its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.dicom_header import Header
from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.label_values import clean_age
from hilum.datasets.records.record import LabelledBox, Record


def chest_of_header(
    path: Path,
    *,
    header: Header,
    image: str,
    study: str,
    source: str,
    official: str,
    labels: Mapping[str, float],
    boxes: tuple[LabelledBox, ...],
    held_out: bool | None = None,
) -> Record:
    """The record of `image` of the release `source`; `study` names the study, and so the patient, within it.

    Age, sex and view are the header's. Raises what reading the file raises.
    """
    return Record(
        path=path,
        image=image,
        patient=f"{source}:{study}",
        study=f"{source}:{study}",
        source=source,
        official=official,
        held_out=held_out,
        labels=labels,
        stratum=header.view,
        sha256=file_sha256(path),
        view=header.view,
        age_years=clean_age(header.age),
        sex=header.sex,
        is_xray=True,
        xray_type="chest",
        boxes=boxes,
    )
