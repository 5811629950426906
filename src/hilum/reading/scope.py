"""Whether a radiograph lies within what a model was trained for: type, age, view.

Outside, the model decides nothing; where something is unknown, it decides, and a warning says what is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

from hilum.bundle.card import Scope
from hilum.radiograph import Radiograph
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


@dataclass(frozen=True, slots=True)
class ScopeVerdict:
    """`in_scope` is None where something is unknown and nothing known is outside; unless true, warnings say why."""

    in_scope: bool | None
    warnings: tuple[str, ...]


def judge_scope(radiograph: Radiograph, *, gate: GateVerdict, scope: Scope, model: str) -> ScopeVerdict:
    """Compare what is known of the radiograph with `scope`, the card's declaration of the model called `model`."""
    outside, unknown = [], []
    for is_inside, what, found in (
        _modality(radiograph),
        _type(radiograph, gate=gate, scope=scope),
        _age(radiograph, scope=scope),
        _view(radiograph, scope=scope),
    ):
        if is_inside is None:
            unknown.append(what)
        elif not is_inside:
            outside.append(f"{what} {found}")
    trained = f"{model} was trained for {scope.in_words()}"
    if outside:
        return ScopeVerdict(False, (f"{trained}; this one is outside that ({', '.join(outside)}): nothing is decided",))
    if unknown:
        return ScopeVerdict(None, (f"{trained}; not known of this one: {', '.join(unknown)}; its result may not hold",))
    return ScopeVerdict(True, ())


_Check = tuple[bool | None, str, str]


def _modality(radiograph: Radiograph) -> _Check:
    """A picture file has no modality and is not asked for one; the type below carries that doubt."""
    modality = radiograph.modality
    if modality is None or modality in RADIOGRAPH_MODALITIES:
        return True, "modality", ""
    return (None if modality in UNTOLD_MODALITIES else False), "modality", modality


def _type(radiograph: Radiograph, *, gate: GateVerdict, scope: Scope) -> _Check:
    """The gate's verdict on the pixels outranks the tag, which is often wrong."""
    found = BODY_PARTS.get(radiograph.body_part or "") if gate.type is None else gate.type.name
    return (None if found is None else found == scope.xray_type), "type", found or ""


def _age(radiograph: Radiograph, *, scope: Scope) -> _Check:
    if scope.age_years is None:
        return True, "age", ""
    age = None if radiograph.patient is None else radiograph.patient.age_years
    if age is None:
        return None, "age", ""
    low, high = scope.age_years
    return low <= age <= high, "age", f"{age:g} years"


def _view(radiograph: Radiograph, *, scope: Scope) -> _Check:
    if scope.views is None:
        return True, "view", ""
    if radiograph.view == "unknown":
        return None, "view", ""
    return radiograph.view in scope.views, "view", radiograph.view
