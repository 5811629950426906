"""Which way up a DICOM film is stored: Patient Orientation, Image Orientation (Patient) and the view, together.

A frontal film stands upright with the patient's right on the left of the picture and the feet below; a lateral one
with the feet below, facing either way. PS3.3 C.7.6.1.1.1 and C.7.6.2.1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.values import framed, numbers, text, texts
from hilum.imaging.pixels.orientation import IN_WORDS
from hilum.radiograph import View

Directions = tuple[str, str]
"""Where a row runs to (with growing column), then where a column runs to (with growing row): letters as in the tag."""

_AXES = {"L": "across", "R": "across", "A": "depth", "P": "depth", "H": "height", "F": "height"}

_FRONTAL: dict[Directions, int] = {
    ("L", "F"): 1, ("R", "F"): 2, ("R", "H"): 3, ("L", "H"): 4,
    ("F", "L"): 5, ("F", "R"): 6, ("H", "R"): 7, ("H", "L"): 8,
}  # fmt: skip
"""The orientation number that brings L\\F about: the patient's right on the left of the picture, the feet below."""

_FEET_BELOW: dict[str, int] = {"-F": 1, "-H": 3, "F-": 6, "H-": 8}
"""For laterals, which are turned and never mirrored."""

_NO_WAY_UP = frozenset(
    {"BDUS", "BI", "CT", "ES", "GM", "IVOCT", "IVUS", "MG", "MR", "NM", "OCT", "OP", "OPT", "PT", "SM", "US", "XC"}
)
"""Modalities whose pictures are shown as they are stored: slices, ultrasound, mammograms, photographs. All others count
as projections, as do those that the standard does not know and that are met all the same."""

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

_ANY_WAY_UP = frozenset(
    {"ARM", "CALCANEUS", "ELBOW", "FINGER", "FOOT", "FOREARM", "HAND", "HEEL", "THUMB", "TOE", "WRIST"}
)
"""Body parts that are as often shown with the fingers or toes above: they stay as they are stored."""


@dataclass(frozen=True, slots=True)
class FilmOrientation:
    """What the tags say: the orientation number to turn by, whether right and left can be named afterwards, and why.

    `said` names the tag and its value, None where no tag says anything. `is_lateral` is true where the rows run from
    front to back, so that the picture is a lateral view whatever else is known. `contradicts_frontal` is true where
    they do and the view is said to be frontal, so that it is neither.
    """

    number: int = 1
    sides_known: bool = True
    is_lateral: bool = False
    said: str | None = None
    warnings: tuple[str, ...] = ()
    contradicts_frontal: bool = False


def read_orientation(elements: Dataset, *, view: View, body_part: str | None, frame: int) -> FilmOrientation:
    """The orientation of one frame; tags that are absent or empty say nothing, faulty ones warn and never refuse."""
    modality = (text(elements, "Modality") or "").upper()
    if modality in _NO_WAY_UP:
        return FilmOrientation()
    told = _told(elements, frame=frame)
    if isinstance(told, FilmOrientation):
        return told
    directions, said, warnings = told
    film = _by_directions(directions, said=said, view=view, warnings=warnings)
    if film.number == 1:
        return film
    if body_part in _ANY_WAY_UP:
        return FilmOrientation(said=f"{said}: a {body_part} has no one way up", warnings=warnings)
    if modality in ("OT", "SC") or (text(elements, "SOPClassUID") or "").startswith(_SECONDARY_CAPTURE):
        stored = IN_WORDS[film.number]
        return _withheld(f"{said} would mean {stored}, but a secondary capture may carry another picture's", warnings)
    return film


def _told(elements: Dataset, *, frame: int) -> FilmOrientation | tuple[Directions, str, tuple[str, ...]]:
    """The directions, which tag they are from, and warnings; or the whole answer where no tag tells them."""
    letters, said, faults = _patient_orientation(elements)
    cosines, cosines_said, cosine_faults = _image_orientation(elements, frame=frame)
    faults = (*faults, *cosine_faults)
    if letters and cosines and _principal(letters) != _principal(cosines):
        return _withheld(f"{said} and {cosines_said} contradict each other", ())
    warnings = tuple(f"{fault} and not used" for fault in faults)
    if letters or cosines:
        return (letters, said, warnings) if letters else (cosines or ("", ""), cosines_said, warnings)
    return _withheld(" and ".join(faults), ()) if faults else FilmOrientation()


def _by_directions(directions: Directions, *, said: str, view: View, warnings: tuple[str, ...]) -> FilmOrientation:
    row, column = _principal(directions)
    if "height" not in (_AXES[row], _AXES[column]):
        return _withheld(f"{said} does not say where head and feet are", warnings)
    is_lateral = "depth" in (_AXES[row], _AXES[column])
    if view in (("PA", "AP") if is_lateral else ("LL",)):
        counts = ", so the view is treated as unknown" if is_lateral else ""
        withheld = _withheld(f"{said} contradicts the view {view}{counts}", warnings)
        return replace(withheld, contradicts_frontal=is_lateral)
    feet = f"{row}-" if _AXES[row] == "height" else f"-{column}"
    number = _FEET_BELOW[feet] if is_lateral else _FRONTAL[row, column]
    if number > 1:
        warnings = (*warnings, f"the film is stored {IN_WORDS[number]} ({said}): it was turned back")
    is_lateral = is_lateral and not {"L", "R"} & set("".join(directions))  # else it is oblique
    said = f"{said}, a lateral view" if is_lateral else said
    return FilmOrientation(number, is_lateral=is_lateral, said=said, warnings=warnings)


def _withheld(reason: str, warnings: tuple[str, ...]) -> FilmOrientation:
    warning = f"{reason}: the picture is shown as it is stored, and right and left are not named"
    return FilmOrientation(sides_known=False, warnings=(*warnings, warning))


def _patient_orientation(elements: Dataset) -> tuple[Directions | None, str, tuple[str, ...]]:
    parts = tuple(part.upper() for part in texts(elements, "PatientOrientation"))
    if not parts:
        return None, "", ()
    said = "Patient Orientation " + "\\".join(re.sub(r"[^A-Z0-9 ]", "?", part) for part in parts)[:40]
    if len(parts) != 2 or not all(map(_is_direction, parts)) or _axis(parts[0]) == _axis(parts[1]):
        return None, said, (f"{said} is malformed",)
    return (parts[0], parts[1]), said, ()


def _image_orientation(elements: Dataset, *, frame: int) -> tuple[Directions | None, str, tuple[str, ...]]:
    """Six direction cosines as letters; x grows to the patient's left, y to the back, z to the head."""
    keyword = "ImageOrientationPatient"
    holder = framed(elements, "PlaneOrientationSequence", keyword=keyword, frame=frame)
    try:
        values = numbers(holder, keyword)
    except DecodeError:
        values = (0.0,)
    if not values:
        return None, "", ()
    malformed = ("Image Orientation (Patient) is malformed",)
    if len(values) != 6:
        return None, "", malformed
    row, column = np.array(values[:3]), np.array(values[3:])
    if min(np.linalg.norm(row), np.linalg.norm(column)) < 0.5 or abs(float(row @ column)) > 0.1:
        return None, "", malformed
    directions = _letters(row.tolist()), _letters(column.tolist())
    if _axis(directions[0]) == _axis(directions[1]):
        return None, "", malformed
    return directions, f"Image Orientation (Patient) {directions[0]}\\{directions[1]}", ()


def _letters(cosines: list[float]) -> str:
    """The letters of a direction, the largest component first, components below 0.1 left out."""
    named = sorted(zip(("LR", "PA", "HF"), cosines, strict=True), key=lambda pair: -abs(pair[1]))
    return "".join(pair[0] if cosine > 0 else pair[1] for pair, cosine in named if abs(cosine) >= 0.1)


def _is_direction(part: str) -> bool:
    """One to three letters, each of another axis."""
    return bool(re.fullmatch(r"[LRAPHF]{1,3}", part)) and len({_AXES[letter] for letter in part}) == len(part)


def _principal(directions: Directions) -> Directions:
    """The first letters, which stand for the largest components."""
    return directions[0][0], directions[1][0]


def _axis(part: str) -> str:
    return _AXES[part[0]]
