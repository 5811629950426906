"""One image of a release, as every adapter gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hilum.radiograph import Sex, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One image with its labels.

    `image` is the name within the release (folder and file), `patient` is unique over releases (it starts with the
    release's name), `official` is the release's own split or None. `labels` maps canonical finding names to 1.0, 0.0
    or NaN (not labelled). `stratum` names what a split balances. `is_xray` and `xray_type` are what a gate learns; a
    radiograph whose type is None shows none of the fourteen.
    """

    path: Path
    image: str
    patient: str
    source: str
    official: str | None
    labels: Mapping[str, float]
    stratum: str
    sha256: str
    view: View = "unknown"
    age_years: float | None = None
    sex: Sex = "unknown"
    is_xray: bool | None = None
    xray_type: str | None = None
