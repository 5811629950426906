"""From a gate's logits to its verdict on the picture alone, as the card's `GateSpec` says; no file's tags come in here.

The study judges through this function too, so that what is measured is what reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GateSpec
from hilum.bundle.gate_outputs import CROPPED, INVERTED, IS_XRAY, PICTURE_VIEWS, TURNS, TYPES, VIEWS
from hilum.bundle.view_rule import ViewRule
from hilum.findings import XRAY_TYPES
from hilum.reading_result import GateVerdict, PictureState, PictureView, TypeVerdict

Logits = npt.NDArray[np.float32]
"""float32 (24,) in the order of `GATE_OUTPUTS`, or its first 21 from a gate that tells no view."""

NOT_JUDGED = GateVerdict(
    status="not judged",
    reason="no X-ray check was made, so it is not known whether this is a radiograph, and of what",
)
"""The verdict where no gate was asked."""

NOT_XRAY = "not an X-ray"
_NAMED = 3
"""How many of the nearest types a refusal names."""


STATES: dict[PictureState, str] = {
    "turned 90": "the chest looks turned by 90° counter-clockwise",
    "turned 180": "the chest looks upside down",
    "turned 270": "the chest looks turned by 270° counter-clockwise",
    "inverted": "the picture looks inverted (bright lungs)",
    "cropped": "only a part of the chest seems to be in the picture",
}
"""What is wrong with a chest's picture, in words."""

_REMEDIES: dict[PictureState, str] = {
    "inverted": ". Read it with --read-inverted, or check the export",
    "cropped": "",
}
_TURN_IT = ". Turn it upright and read it again"
_TURNED: tuple[PictureState, ...] = ("turned 90", "turned 180", "turned 270")


def is_turned(gate: GateVerdict) -> bool:
    """Whether the picture of a chest looks as if it did not stand upright."""
    return not set(_TURNED).isdisjoint(gate.state)


@dataclass(frozen=True, slots=True)
class ChestView:
    """How a chest was taken: `name` is None where that is not sure; `probabilities` of all views, if any are told."""

    name: PictureView | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)


NO_VIEW = ChestView()


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """The verdict on the picture, and what a chest's state warns of.

    `chest_state` is what is wrong with the picture if it is a chest, and `chest_view` how it was taken, whatever the
    verdict says of that.
    """

    verdict: GateVerdict
    warnings: tuple[str, ...]
    chest_state: tuple[PictureState, ...] = ()
    chest_view: ChestView = NO_VIEW


def judge_picture(logits: Logits, *, spec: GateSpec) -> PictureVerdict:
    """Refused, unsure or accepted; the type's probabilities stand in every verdict, also where they decide nothing."""
    verdict = _judge(logits, spec=spec)
    view = NO_VIEW if spec.view is None else chest_view(logits, rule=spec.view)
    return with_state(PictureVerdict(verdict, (), chest_state(logits, spec=spec), view))


def with_state(picture: PictureVerdict) -> PictureVerdict:
    """The verdict on an accepted chest with its view and what is wrong with it, and the warnings of that.

    Others stay as they are.
    """
    verdict = picture.verdict
    if verdict.status != "accepted" or verdict.type is None or verdict.type.name != "chest":
        return picture
    warnings = (*picture.warnings, *state_warnings(picture.chest_state))
    return replace(
        picture, verdict=seen_as_chest(verdict, state=picture.chest_state, view=picture.chest_view), warnings=warnings
    )


def seen_as_chest(verdict: GateVerdict, *, state: tuple[PictureState, ...], view: ChestView) -> GateVerdict:
    """The verdict with what a chest's picture shows."""
    return replace(verdict, state=state, view=view.name, view_probabilities=view.probabilities)


def _judge(logits: Logits, *, spec: GateSpec) -> GateVerdict:
    probability = spec.is_xray.probability(float(logits[IS_XRAY]))
    types = type_verdict(logits, spec=spec)
    if probability < spec.refuse_below:
        reason = "this does not look like an X-ray"
        return GateVerdict("refused", reason, probability, types)
    if probability < spec.accept_from:
        reason = "this may not be an X-ray"
        candidates = (NOT_XRAY, *candidate_types(types, mass=spec.candidates_mass))
        return GateVerdict("unsure", reason, probability, types, candidates)
    return _judge_type(logits, spec=spec, probability=probability, types=types)


def _judge_type(logits: Logits, *, spec: GateSpec, probability: float, types: TypeVerdict) -> GateVerdict:
    sureness = score(logits, spec=spec)
    if sureness < spec.none_below:
        nearest = nearest_types(types)
        reason = f"an X-ray, but none of the {len(XRAY_TYPES)} types; nearest: {', '.join(nearest)}"
        return GateVerdict("refused", reason, probability, types, nearest)
    is_sure = types.probability >= spec.chest_from if types.name == "chest" else sureness >= spec.unsure_below
    if not is_sure:
        candidates = candidate_types(types, mass=spec.candidates_mass)
        reason = f"an X-ray, but it is not clear of what: {' or '.join(candidates)}"
        return GateVerdict("unsure", reason, probability, types, candidates)
    return GateVerdict("accepted", f"an X-ray of type {types.name}", probability, types)


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


def chest_state(logits: Logits, *, spec: GateSpec) -> tuple[PictureState, ...]:
    """What looks wrong with the picture if it is a chest: turned, inverted, strongly cropped."""
    turns = _softmax(logits[TURNS], temperature=1.0)
    best = int(turns[1:].argmax())
    found: list[PictureState] = []
    if turns[best + 1] >= spec.turned_from:
        found.append(_TURNED[best])
    if _sigmoid(float(logits[INVERTED])) >= spec.inverted_from:
        found.append("inverted")
    if _sigmoid(float(logits[CROPPED])) >= spec.cropped_from:
        found.append("cropped")
    return tuple(found)


def view_probabilities(logits: npt.NDArray[np.float32], *, temperature: float) -> npt.NDArray[np.float64]:
    """The probabilities (3,) of `PICTURE_VIEWS` from a gate's logits (24,)."""
    return _softmax(logits[VIEWS], temperature=temperature)


def chest_view(logits: Logits, *, rule: ViewRule) -> ChestView:
    """How the picture was taken if it is a chest."""
    every = dict(zip(PICTURE_VIEWS, map(float, view_probabilities(logits, temperature=rule.temperature)), strict=True))
    found: PictureView | None = None
    if every["lateral"] >= rule.lateral_from:
        found = "lateral"
    elif every["AP"] >= rule.ap_from:
        found = "AP"
    elif every["PA"] >= rule.pa_from:
        found = "PA"
    return ChestView(found, MappingProxyType(every))


def state_warnings(state: Sequence[PictureState]) -> tuple[str, ...]:
    """One line for each thing that is wrong with a chest's picture, with what to do."""
    return tuple(f"{STATES[each]}: nothing is decided{_REMEDIES.get(each, _TURN_IT)}" for each in state)


def _softmax(logits: npt.NDArray[np.float32], *, temperature: float) -> npt.NDArray[np.float64]:
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max())
    return np.asarray(powers / powers.sum(), np.float64)


def _sigmoid(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -60.0, 60.0))))
