"""The gate: may this picture be read, and as what.

`NetworkGate` asks a gate bundle's network and then the file's tags. Where no gate is among the models, every picture
gets the explicit verdict "not judged".
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hilum.bundle.card import GateSpec
from hilum.bundle.load import Bundle, wrong_kind
from hilum.imaging.preprocess import PreprocessSpec
from hilum.reading.engines.engine import Engine
from hilum.reading.engines.network import Network
from hilum.reading.gate.rules import NO_VIEW, NOT_JUDGED, ChestView, judge_picture, seen_as_chest, state_warnings
from hilum.reading.gate.tags import with_tags
from hilum.reading.input.prepare import Prepared
from hilum.reading_result import GateVerdict, ModelRef, PictureState, TypeVerdict


@dataclass(frozen=True, slots=True)
class GateOpinion:
    """The verdict on one picture, warnings beside it, which bundle judged (or None) and how long its network took.

    `chest_state` is what is wrong with the picture if it is a chest, and `chest_view` how it was taken, for a user who
    says that it is one.
    """

    verdict: GateVerdict
    warnings: tuple[str, ...] = ()
    ref: ModelRef | None = None
    network_ms: float = 0.0
    chest_state: tuple[PictureState, ...] = ()
    chest_view: ChestView = NO_VIEW


class Gate(Protocol):
    """Judges pictures before any specialist sees them; `ref` is its bundle, None where it has none."""

    ref: ModelRef | None

    @property
    def preprocess(self) -> PreprocessSpec | None:
        """How its network wants the pixels; None where it has none."""

    def judge(self, batch: Sequence[Prepared]) -> tuple[GateOpinion, ...]:
        """One opinion for each picture, in order."""


class AbsentGate:
    """What stands in where no gate is among the models."""

    ref: ModelRef | None = None

    @property
    def preprocess(self) -> None:
        """It looks at no pixels."""
        return

    def judge(self, batch: Sequence[Prepared]) -> tuple[GateOpinion, ...]:
        """The verdict "not judged", with the reason, for each."""
        return (GateOpinion(NOT_JUDGED),) * len(batch)


class NetworkGate:
    """The gate of a bundle: one network says radiograph or not, of what, and in what state.

    Raises `BundleError` where the bundle is no gate.
    """

    def __init__(self, bundle: Bundle, *, engine: Engine, threads: int) -> None:
        if bundle.card.gate is None:
            raise wrong_kind(bundle.card, expected="gate")
        self._spec: GateSpec = bundle.card.gate
        self._network = Network(bundle, engine=engine, threads=threads)
        self._preprocess = bundle.card.preprocess
        self.ref: ModelRef | None = ModelRef(bundle.card.name, bundle.card.version, bundle.sha256)

    @property
    def preprocess(self) -> PreprocessSpec:
        """How its network wants the pixels."""
        return self._preprocess

    def judge(self, batch: Sequence[Prepared]) -> tuple[GateOpinion, ...]:
        """One opinion for each picture, in order; an empty batch gives none."""
        if not batch:
            return ()
        started = time.perf_counter()
        output = self._network.run(np.stack([prepared.inputs[self._preprocess].array for prepared in batch]))
        network_ms = (time.perf_counter() - started) * 1e3 / len(batch)
        opinions = []
        for prepared, logits in zip(batch, output.logits, strict=True):
            judged = with_tags(judge_picture(logits, spec=self._spec), radiograph=prepared.radiograph)
            seen = judged.chest_state, judged.chest_view
            opinions.append(GateOpinion(judged.verdict, judged.warnings, self.ref, network_ms, *seen))
        return tuple(opinions)


def may_read(verdict: GateVerdict, *, xray_type: str) -> bool:
    """Whether a specialist for `xray_type` may read what got this verdict.

    Refused and unsure pictures are read by none, accepted ones by the specialists of their type, and those that no
    gate judged by all (each with its warning).
    """
    if verdict.status == "not judged":
        return True
    return verdict.status == "accepted" and (verdict.type is None or verdict.type.name == xray_type)


def forced(opinion: GateOpinion, *, xray_type: str) -> tuple[GateVerdict, tuple[str, ...]]:
    """The verdict that specialists get where the user names the type, and the warnings that mark the reading.

    The reading itself keeps the gate's own verdict. What the gate finds wrong with the picture of a chest holds for
    what the user calls a chest, too.
    """
    verdict = opinion.verdict
    said = verdict.status if verdict.type is None else f"{verdict.status}, nearest {verdict.type.name}"
    warning = f"read as {xray_type} because you forced the type; the X-ray check said: {said} ({verdict.reason})"
    vouched = TypeVerdict(xray_type, 1.0, {xray_type: 1.0})
    state = opinion.chest_state if xray_type == "chest" else ()
    read_as = GateVerdict("accepted", f"the type {xray_type} was forced", type=vouched)
    if xray_type == "chest":
        read_as = seen_as_chest(read_as, state=state, view=opinion.chest_view)
    own = state_warnings(verdict.state)
    kept = tuple(each for each in opinion.warnings if each not in own)
    return read_as, (warning, *kept, *state_warnings(state))
