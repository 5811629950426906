"""A decoded radiograph: pixels, what the file says of them and of the patient, and what decoding did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.float32]
"""float32 (H, W) in [0, 1]; bright is dense (the MONOCHROME2 sense); upright, with square pixels."""

View = Literal["PA", "AP", "LL", "oblique", "decubitus", "other", "unknown"]
"""The view position; LL is any lateral, `decubitus` a frontal view of a patient who lies on a side, and `other` any
that is said to be none of these. What nobody says is `unknown`."""

OLDEST_YEARS = 120.0
"""An age above this one is no age."""

UNITS_PER_YEAR: Mapping[str, float] = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}
"""How many of DICOM's units of an age make a year."""

ADULT_FROM_YEARS = 16.0
"""From where on a chest is read, and its heart measured, as an adult's."""

OTHER_VIEWS: tuple[View, ...] = ("oblique", "decubitus", "other")
"""Views that are neither PA, AP nor lateral."""

VIEW_IN_WORDS: Mapping[View, str] = {"other": "neither PA, AP nor lateral"}
"""What stands after `the view is` where the view's own name does not."""

VIEWS: Mapping[str, View] = {
    "PA": "PA", "AP": "AP", "LL": "LL", "RL": "LL", "LAT": "LL", "LATERAL": "LL", "LLAT": "LL", "RLAT": "LL",
    "RLO": "oblique", "LLO": "oblique", "RAO": "oblique", "LAO": "oblique", "RPO": "oblique", "LPO": "oblique",
    "OBLIQUE": "oblique", "RLD": "decubitus", "LLD": "decubitus", "DECUBITUS": "decubitus",
    "LORDOTIC": "other", "AXIAL": "other", "TANGENTIAL": "other", "OTHER": "other",
}  # fmt: skip
"""The words for a view, in capitals, in DICOM's View Position and in tables."""

Sex = Literal["F", "M", "O", "unknown"]
Laterality = Literal["L", "R", "B", "unknown"]


@dataclass(frozen=True, slots=True)
class Patient:
    """What the file says of the patient; never a name or an identifier.

    `age_years` is in years and within 0 to 120, or None where it is absent or impossible.
    """

    age_years: float | None
    sex: Sex


@dataclass(frozen=True, slots=True)
class StoredGrid:
    """How the file stores a picture that decoding turned or resampled: `rows` x `columns` pixels as they lie there.

    `orientation` is the number 1 to 8 of EXIF and TIFF that turns them upright; resampling to square pixels follows.
    """

    rows: int
    columns: int
    orientation: int


@dataclass(frozen=True, slots=True)
class Source:
    """Which file this is: `name` as the caller gave it, the SHA-256 of its bytes, and its size in pixels.

    `format` is the format found in the bytes (`PNG`, `JPEG`, `TIFF`, `BMP`, `WEBP`, `DICOM`), or `ARRAY` or `PILLOW` of
    pixels that came from memory, whose own bytes are hashed. `rows` and `columns` are those of the upright picture, and
    `stored` says how the file stores it, None where it stores just that.
    `spacing_mm` is the distance between rows, then between columns, at the detector or as calibrated.
    """

    name: str
    sha256: str
    format: str
    rows: int
    columns: int
    frame: int | None = None
    spacing_mm: tuple[float, float] | None = None
    study_uid: str | None = None
    instance_uid: str | None = None
    stored: StoredGrid | None = None


@dataclass(frozen=True, slots=True)
class TrailStep:
    """One thing that was done to the pixels, in order: `step` names it, `detail` says with which values and why."""

    step: str
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """A radiograph as every later stage sees it.

    `pixels` is float32 (H, W) in [0, 1], bright is dense, upright. `sides_known` is false where the file leaves in
    doubt which side of the picture is the patient's right: then nobody may name a side. `modality` and `body_part` are
    what DICOM tags say (upper case), or None. `patient` is None where the format carries nothing about a patient.
    `is_animal` is true where the tags name another species than man, `is_lying` where they say that the patient lies.
    """

    pixels: Pixels
    source: Source
    patient: Patient | None = None
    view: View = "unknown"
    laterality: Laterality = "unknown"
    modality: str | None = None
    body_part: str | None = None
    sides_known: bool = True
    is_animal: bool = False
    is_lying: bool = False
    trail: tuple[TrailStep, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def age_years(self) -> float | None:
        """The patient's age, None where it is not known."""
        return None if self.patient is None else self.patient.age_years

    def with_age_at_most(self, oldest_years: float | None) -> Radiograph:
        """The same, with a higher age told as `oldest_years`; None leaves every age as it is."""
        if oldest_years is None or self.patient is None or self.age_years is None or self.age_years <= oldest_years:
            return self
        return replace(self, patient=replace(self.patient, age_years=oldest_years))

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.float32 or self.pixels.ndim != 2 or self.pixels.size == 0:
            raise ValueError(f"pixels must be float32 (H, W), not {self.pixels.dtype} {self.pixels.shape}")
        low, high = float(self.pixels.min()), float(self.pixels.max())
        if not (low >= 0.0 and high <= 1.0):  # also refuses NaN
            raise ValueError(f"pixels must lie in [0, 1], not [{low}, {high}]")
