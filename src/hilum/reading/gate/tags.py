"""What a DICOM file's tags add to the gate's verdict on the picture: modality and body part.

A tag may refuse or settle a doubt; it never makes a radiograph of a picture that does not look like one. Where tag and
picture contradict each other, the reading says so in a warning.
"""

from __future__ import annotations

from dataclasses import replace

from hilum.findings import XRAY_TYPES
from hilum.radiograph import Radiograph
from hilum.reading.gate.rules import NOT_XRAY, PictureVerdict, with_state
from hilum.reading_result import GateVerdict

RADIOGRAPH_MODALITIES = frozenset({"CR", "DX", "IO", "PX", "RG"})
"""DICOM modalities that are plain radiographs (PS3.3 C.7.3.1.1.1)."""

UNTOLD_MODALITIES = frozenset({"OT", "SC"})
"""Modalities that tell nothing of how the picture came about: other, and secondary captures."""

BODY_PARTS: dict[str, str] = {
    "ANKLE": "ankle",
    "CHEST": "chest",
    "CLAVICLE": "clavicle",
    "CSPINE": "spine",
    "ABDOMEN": "abdomen",
    "ELBOW": "elbow",
    "FINGER": "finger",
    "FOOT": "foot",
    "FOREARM": "forearm",
    "HAND": "hand",
    "HEAD": "head",
    "HIP": "hip",
    "HUMERUS": "humerus",
    "KNEE": "knee",
    "LEG": "leg",
    "LSPINE": "spine",
    "LUNG": "chest",
    "PELVIS": "pelvis",
    "SHOULDER": "shoulder",
    "SKULL": "skull",
    "SPINE": "spine",
    "THORAX": "chest",
    "TSPINE": "spine",
    "WRIST": "wrist",
}
"""Values of DICOM's Body Part Examined (PS3.16 annex L, and THORAX as it is met) as X-ray types or other body parts."""

OTHER_XRAYS: dict[str, str] = {
    "DXR": "digitised film of an unknown part",
    "MG": "mammography",
    "RF": "fluoroscopy",
    "XA": "angiography",
    "XRF": "fluoroscopy",
}
"""DICOM modalities that are X-rays and none of the fourteen types (PS3.3 C.7.3.1.1.1; XRF is met in old files)."""


ALSO_SHOWN: dict[str, tuple[str, ...]] = {
    "clavicle": ("shoulder", "chest"),
    "head": ("dental",),
    "leg": ("ankle", "knee"),
    "pelvis": ("hip",),
}
"""Types that a radiograph of a body part outside the fourteen may rightly be called: no contradiction, no warning."""


def with_tags(picture: PictureVerdict, *, radiograph: Radiograph) -> PictureVerdict:
    """The verdict on picture and tags together."""
    modality = radiograph.modality
    if modality in OTHER_XRAYS:
        return _other_xray(picture, modality=modality)
    if modality is not None and modality not in RADIOGRAPH_MODALITIES | UNTOLD_MODALITIES:
        return _other_modality(picture, modality=modality)
    if modality in RADIOGRAPH_MODALITIES and picture.verdict.status == "refused":
        picture = _contradicted_refusal(picture, modality=modality)
    return _with_body_part(picture, body_part=radiograph.body_part)


def _other_xray(picture: PictureVerdict, *, modality: str) -> PictureVerdict:
    what = OTHER_XRAYS[modality]
    reason = f"the file's modality {modality} ({what}) is an X-ray, but none of the {len(XRAY_TYPES)} types"
    return _refused_by_modality(picture, modality=modality, reason=reason)


def _other_modality(picture: PictureVerdict, *, modality: str) -> PictureVerdict:
    reason = f"the file's modality {modality} is not a radiograph"
    return _refused_by_modality(picture, modality=modality, reason=reason)


def _refused_by_modality(picture: PictureVerdict, *, modality: str, reason: str) -> PictureVerdict:
    verdict = picture.verdict
    warnings: tuple[str, ...] = ()
    if verdict.status == "accepted" and verdict.type is not None:
        like = f"the picture, which looks like a {verdict.type.name} radiograph"
        warnings = (f"the modality {modality} contradicts {like}",)
    refused = replace(verdict, status="refused", reason=reason, candidates=(), state=())
    return replace(picture, verdict=refused, warnings=warnings)


def _contradicted_refusal(picture: PictureVerdict, *, modality: str | None) -> PictureVerdict:
    """A radiograph by its tag whose picture looks like none is left undecided; none of the types stays refused."""
    verdict = picture.verdict
    if verdict.candidates:  # an X-ray of none of the types contradicts nothing
        return picture
    warning = f"the modality {modality} says radiograph, but the picture does not look like one"
    reason = f"{verdict.reason}; the file's modality {modality} says otherwise"
    candidates = (NOT_XRAY, *(() if verdict.type is None else (verdict.type.name,)))
    unsure = replace(verdict, status="unsure", reason=reason, candidates=candidates)
    return replace(picture, verdict=unsure, warnings=(warning,))


def _with_body_part(picture: PictureVerdict, *, body_part: str | None) -> PictureVerdict:
    told = BODY_PARTS.get(body_part or "")
    verdict = picture.verdict
    if told is None or verdict.type is None:
        return picture
    if verdict.status == "accepted" and verdict.type.name not in (told, *ALSO_SHOWN.get(told, ())):
        warning = f"the tags say {body_part}, but the picture looks like {verdict.type.name}: the picture was followed"
        return replace(picture, warnings=(*picture.warnings, warning))
    if _settles(verdict, told=told):
        reason = f"{verdict.reason}; the file's body part {body_part} settles it"
        return with_state(replace(picture, verdict=replace(verdict, status="accepted", reason=reason, candidates=())))
    return picture


def _settles(verdict: GateVerdict, *, told: str) -> bool:
    """Whether the tag names the most probable type of a picture that is an X-ray and only its type is in doubt."""
    doubtful_type = verdict.status == "unsure" and NOT_XRAY not in verdict.candidates
    return doubtful_type and verdict.type is not None and verdict.type.name == told
