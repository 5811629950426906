"""From a gate's logits to its verdict on the picture alone, as the card's `GateSpec` says; no file's tags come in here.

The study judges through this function too, so that what is measured is what reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GateSpec
from hilum.bundle.gate_outputs import CROPPED, INVERTED, IS_XRAY, TURNS, TURNS_DEG, TYPES
from hilum.findings import XRAY_TYPES
from hilum.reading.calibration import calibrated
from hilum.reading_result import GateVerdict, TypeVerdict

Logits = npt.NDArray[np.float32]
"""float32 (21,) in the order of `GATE_OUTPUTS`."""

NOT_XRAY = "not an X-ray"
_NAMED = 3
"""How many of the nearest types a refusal names."""


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """The verdict on the picture, and what a chest's state warns of."""

    verdict: GateVerdict
    warnings: tuple[str, ...]


def judge_picture(logits: Logits, *, spec: GateSpec) -> PictureVerdict:
    """Refused, unsure or accepted; the type's probabilities stand in every verdict, also where they decide nothing."""
    probability = calibrated(float(logits[IS_XRAY]), calibration=spec.is_xray)
    types = type_verdict(logits, spec=spec)
    if probability < spec.refuse_below:
        reason = "this does not look like an X-ray"
        return PictureVerdict(GateVerdict("refused", reason, probability, types), ())
    if probability < spec.accept_from:
        reason = "this may be no X-ray"
        candidates = (NOT_XRAY, *candidate_types(types, mass=spec.candidates_mass))
        return PictureVerdict(GateVerdict("unsure", reason, probability, types, candidates), ())
    return _judge_type(logits, spec=spec, probability=probability, types=types)


def _judge_type(logits: Logits, *, spec: GateSpec, probability: float, types: TypeVerdict) -> PictureVerdict:
    sureness = score(logits, spec=spec)
    if sureness < spec.none_below:
        nearest = nearest_types(types)
        reason = f"an X-ray, but none of the {len(XRAY_TYPES)} types; nearest: {', '.join(nearest)}"
        return PictureVerdict(GateVerdict("refused", reason, probability, types, nearest), ())
    is_sure = types.probability >= spec.chest_from if types.name == "chest" else sureness >= spec.unsure_below
    if not is_sure:
        candidates = candidate_types(types, mass=spec.candidates_mass)
        reason = f"an X-ray, but of what is not sure: {' or '.join(candidates)}"
        return PictureVerdict(GateVerdict("unsure", reason, probability, types, candidates), ())
    reason = f"an X-ray of type {types.name}"
    warnings = chest_warnings(logits, spec=spec) if types.name == "chest" else ()
    return PictureVerdict(GateVerdict("accepted", reason, probability, types), warnings)


def type_verdict(logits: Logits, *, spec: GateSpec) -> TypeVerdict:
    """The most probable type and the probability of each, by softmax at the card's temperature."""
    probabilities = _softmax(logits[TYPES], temperature=spec.type_temperature)
    best = int(probabilities.argmax())
    every = {name: float(value) for name, value in zip(XRAY_TYPES, probabilities, strict=True)}
    return TypeVerdict(XRAY_TYPES[best], float(probabilities[best]), MappingProxyType(every))


def score(logits: Logits, *, spec: GateSpec) -> float:
    """How sure the type is; higher is surer. Energy is the log of the sum of exponentials of the type logits."""
    if spec.score == "energy":
        return float(np.logaddexp.reduce(logits[TYPES].astype(np.float64)))
    return float(_softmax(logits[TYPES], temperature=1.0).max())


def candidate_types(types: TypeVerdict, *, mass: float) -> tuple[str, ...]:
    """The fewest types that hold `mass` of the probability together, most probable first; two at least."""
    ordered = sorted(types.all.items(), key=lambda item: -item[1])
    held = 0.0
    chosen: list[str] = []
    for name, probability in ordered:
        if held >= mass and len(chosen) >= 2:
            break
        chosen.append(name)
        held += probability
    return tuple(chosen)


def nearest_types(types: TypeVerdict) -> tuple[str, ...]:
    """The three most probable types, most probable first."""
    return tuple(sorted(types.all, key=lambda name: -types.all[name])[:_NAMED])


def chest_warnings(logits: Logits, *, spec: GateSpec) -> tuple[str, ...]:
    """What looks wrong with a chest: turned, inverted or strongly cropped; one line each."""
    turns = _softmax(logits[TURNS], temperature=1.0)
    best = int(turns[1:].argmax()) + 1
    warnings = []
    if turns[best] >= spec.turned_from:
        how = "upside down" if TURNS_DEG[best] == 180 else f"turned by {TURNS_DEG[best]}° counter-clockwise"
        warnings.append(f"the chest looks {how}; turn the picture upright, its findings may not hold")
    if _sigmoid(float(logits[INVERTED])) >= spec.inverted_from:
        warnings.append("the picture looks inverted (bright lungs); its findings may not hold, check the export")
    if _sigmoid(float(logits[CROPPED])) >= spec.cropped_from:
        warnings.append("only a part of the chest seems to be in the picture; its findings may not hold")
    return tuple(warnings)


def _softmax(logits: npt.NDArray[np.float32], *, temperature: float) -> npt.NDArray[np.float64]:
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max())
    return np.asarray(powers / powers.sum(), np.float64)


def _sigmoid(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -60.0, 60.0))))
