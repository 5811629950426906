"""The record of a picture that a gate learns from: is it a radiograph, and of what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.files import file_sha256
from hilum.datasets.record import Record
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES
from hilum.radiograph import View

NONE_OF_THE_TYPES = "none of the types"
NOT_XRAY = "not an X-ray"


def gate_record(
    path: Path,
    *,
    image: str,
    group: str,
    source: str,
    is_xray: bool,
    xray_type: str | None = None,
    official: str | None = None,
    held_out: bool | None = None,
    study: str | None = None,
    labels: Mapping[str, float] | None = None,
    view: View = "unknown",
) -> Record:
    """One picture; `group` (a patient, a study, a WordNet id) is made unique over releases by the source's name.

    So is `study`. `xray_type` is one of the fourteen, or None for a radiograph of something else. Raises `DataError`
    for another name.
    """
    if xray_type is not None and (xray_type not in XRAY_TYPES or not is_xray):
        raise DataError(f"expected one of the types {', '.join(XRAY_TYPES)} for {path}, came {xray_type!r}")
    return Record(
        path=path,
        image=image,
        patient=f"{source}:{group}",
        source=source,
        official=official,
        held_out=held_out,
        study=None if study is None else f"{source}:{study}",
        labels=labels or {},
        stratum=(xray_type or NONE_OF_THE_TYPES) if is_xray else NOT_XRAY,
        sha256=file_sha256(path),
        view=view,
        is_xray=is_xray,
        xray_type=xray_type,
    )
