"""What DICOM tags say of the patient and of how the picture was taken; never a name or an identifier of a person."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.orientation import FilmOrientation, read_orientation
from hilum.imaging.dicom.values import framed, items, numbers, text, texts
from hilum.imaging.dicom.view import read_view
from hilum.radiograph import OLDEST_YEARS, UNITS_PER_YEAR, Laterality, Patient, Sex, View

_AGE = re.compile(r"\s*([0-9]{1,3})\s*([DWMY])\s*")

_SEXES: dict[str, Sex] = {"F": "F", "M": "M", "O": "O"}
_LATERALITIES: dict[str, Laterality] = {"L": "L", "R": "R", "B": "B"}

_OF_ANIMALS = ("PatientBreedDescription", "PatientSexNeutered")
"""Elements of the patient module that are for animals alone (PS3.3 C.7.1.1)."""

_HUMAN = frozenset({"", "HUMAN", "HOMO SAPIENS"})
_HUMAN_CODES = frozenset({"", "337915000", "L-85003", "L-85B00"})
"""Homo sapiens in DICOM context group 7454 (animal taxonomic rank values), SNOMED CT and the older SNOMED-RT.

A test compares them with pydicom's dictionary."""


@dataclass(frozen=True, slots=True)
class DicomTags:
    """The tags of one frame, in hilum's terms, and what the reader should know about them.

    `spacing_mm` and `aspect` (the distance between rows divided by that between columns) are of the stored pixels.
    """

    patient: Patient
    view: View
    laterality: Laterality
    modality: str | None
    body_part: str | None
    spacing_mm: tuple[float, float] | None
    spacing_from: str | None
    aspect: float
    film: FilmOrientation
    is_animal: bool
    is_lying: bool
    study_uid: str | None
    instance_uid: str | None
    warnings: tuple[str, ...]


def read_tags(elements: Dataset, *, frame: int) -> DicomTags:
    """Read the tags of one frame; what is absent, malformed or impossible is None or unknown, the latter two warn."""
    age, age_warnings = age_years("\\".join(texts(elements, "PatientAge")) or None)
    spacing, spacing_from, spacing_warnings = _spacing(elements, frame=frame)
    aspect, aspect_warnings = (spacing[0] / spacing[1], ()) if spacing else _aspect(elements)
    filmed = read_view(elements)
    body_part = _upper(elements, "BodyPartExamined")
    film = read_orientation(elements, view=filmed.view, body_part=body_part, frame=frame)
    laterality, laterality_warnings = _laterality(elements)
    return DicomTags(
        patient=Patient(age, read_sex(elements)),
        view="LL" if film.is_lateral else "unknown" if film.contradicts_frontal else filmed.view,
        laterality=laterality if film.sides_known else "unknown",
        modality=_upper(elements, "Modality"),
        body_part=body_part,
        spacing_mm=spacing,
        spacing_from=spacing_from,
        aspect=aspect,
        film=film,
        is_animal=_is_animal(elements),
        is_lying=filmed.is_lying,
        study_uid=_uid(elements, "StudyInstanceUID"),
        instance_uid=_uid(elements, "SOPInstanceUID"),
        warnings=(
            *age_warnings,
            *spacing_warnings,
            *aspect_warnings,
            *filmed.warnings,
            *film.warnings,
            *laterality_warnings,
            *_notices(elements),
        ),
    )


def read_sex(elements: Dataset) -> Sex:
    """Patient's Sex, unknown where it is absent or none of F, M and O."""
    return _SEXES.get((text(elements, "PatientSex") or "").upper(), "unknown")


def _notices(elements: Dataset) -> tuple[str, ...]:
    """What a reader must know of a picture whose values are all sound."""
    controls = [text(elements, keyword) for keyword in ("QualityControlImage", "QualityControlSubject")]
    burned_in = (text(elements, "BurnedInAnnotation") or "").upper() == "YES"
    said = (
        (_is_animal(elements), "the tags say that the patient is an animal"),
        ("YES" in controls, "the tags say that this is a phantom or a test image: it shows no patient"),
        (burned_in, "text is burned into the picture (Burned In Annotation YES): every report of it may show a name"),
    )
    return tuple(words for there, words in said if there)


def _is_animal(elements: Dataset) -> bool:
    """Whether the species is named, in words or by its code, and is not man; or what only animals have is told."""
    breeds = (text(item, "CodeValue") for item in items(elements, "PatientBreedCodeSequence"))
    if any(text(elements, keyword) for keyword in _OF_ANIMALS) or any(breeds):
        return True
    species = (text(elements, "PatientSpeciesDescription") or "").upper()
    codes = [text(item, "CodeValue") or "" for item in items(elements, "PatientSpeciesCodeSequence")[:1]]
    return species not in _HUMAN or any(code not in _HUMAN_CODES for code in codes)


def age_years(age: str | None) -> tuple[float | None, tuple[str, ...]]:
    """An age string (PS3.5 6.2: three digits and D, W, M or Y) in years, or None with a warning.

    `45Y` and `6M` lack only the zeros before them and say the same. `62` without a unit is malformed and gives
    None: its unit would be a guess.
    """
    if age is None:
        return None, ()
    match = _AGE.fullmatch(age.upper())
    if match is None:
        return None, (
            "Patient Age is malformed (it should be digits and D, W, M or Y, such as 045Y), so the age is treated as "
            "unknown",
        )
    years = int(match[1]) / UNITS_PER_YEAR[match[2]]
    if years > OLDEST_YEARS:
        return None, (
            f"Patient Age is above {OLDEST_YEARS:.0f} years, which is impossible, so the age is treated as unknown",
        )
    return years, ()


def _laterality(elements: Dataset) -> tuple[Laterality, tuple[str, ...]]:
    """Image Laterality, else Laterality; left in one and right in the other leave it unknown, with a warning."""
    found = [_LATERALITIES.get((text(elements, one) or "").upper()) for one in ("ImageLaterality", "Laterality")]
    if set(found) == {"L", "R"}:
        warning = f"Image Laterality says {found[0]}, Laterality {found[1]}, so the side is treated as unknown"
        return "unknown", (warning,)
    return found[0] or found[1] or "unknown", ()


def _aspect(elements: Dataset) -> tuple[float, tuple[str, ...]]:
    """Pixel Aspect Ratio (vertical, then horizontal spacing), 1 where it is absent or, with a warning, unusable."""
    try:
        values = numbers(elements, "PixelAspectRatio")
    except DecodeError:
        values = (0.0,)
    if not values:
        return 1.0, ()
    if len(values) != 2 or min(values) <= 0:
        return 1.0, ("Pixel Aspect Ratio is not two positive numbers and is not used",)
    return values[0] / values[1], ()


def _spacing(elements: Dataset, *, frame: int) -> tuple[tuple[float, float] | None, str | None, tuple[str, ...]]:
    """Row and column spacing in mm, the element it comes from, and a warning where an element is unusable."""
    warnings: list[str] = []
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        holder = framed(elements, "PixelMeasuresSequence", keyword=keyword, frame=frame)
        try:
            values = numbers(holder, keyword)
        except DecodeError:
            values = (0.0, 0.0)
        if len(values) == 2 and min(values) > 0:
            return (values[0], values[1]), keyword, tuple(warnings)
        if values:
            warnings.append(f"{keyword} is not two positive numbers and is not used")
    return None, None, tuple(warnings)


def _upper(elements: Dataset, keyword: str) -> str | None:
    value = text(elements, keyword)
    return value.upper() if value else None


def _uid(elements: Dataset, keyword: str) -> str | None:
    """A UID as it stands, or None where it holds anything but digits and dots."""
    value = text(elements, keyword)
    return value if value and re.fullmatch(r"[0-9.]{1,64}", value) else None
