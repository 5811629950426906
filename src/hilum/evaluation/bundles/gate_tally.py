"""What a gate says of a release's images: which it refuses, and which show something else than the release says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.reading.gate.rules import STATES
from hilum.reading.reader import Reader
from hilum.reading_result import Examination, GateVerdict

NO_XRAY = "no X-ray"
NO_TYPE = "none of the types"
UNSURE = "unsure"
OTHER_TYPE = "another type"
STATE = "turned, inverted or cropped"
LATERAL = "lateral by table or tags"
LOOKS_LATERAL = "lateral by its picture alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTally:
    """How many images have each status of the gate, and each type; `odd` maps an image to what is odd about it.

    `kinds` counts what does not belong among frontal radiographs of the release's type. A view that the release's table
    or the file's tags call lateral is not odd; one that only the gate takes for lateral is.
    """

    gate: str
    statuses: Mapping[str, int]
    types: Mapping[str, int]
    kinds: Mapping[str, int]
    odd: Mapping[str, str]


def judge_with_gate(records: Sequence[Record], *, gate: Bundle, jobs: int) -> GateTally:
    """Judge every image that can be decoded; the others are the check's corrupt ones."""
    statuses: Counter[str] = Counter()
    types: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    odd: dict[str, str] = {}
    results = Reader(models=[gate]).examine_many((record.path for record in records), jobs=jobs)
    for record, result in zip(records, results, strict=True):
        if not isinstance(result, Examination):
            continue
        verdict = result.reading.gate
        statuses[verdict.status] += 1
        types[_type_found(verdict)] += 1
        kinds[LATERAL] += "LL" in (record.view, result.reading.view)
        oddity = _oddity(result, record=record)
        if oddity is not None:
            kinds[oddity[0]] += 1
            odd[record.image] = oddity[1]
    counted = {kind: count for kind, count in kinds.most_common() if count}
    return GateTally(gate=gate.card.name, statuses=dict(statuses), types=dict(types), kinds=counted, odd=odd)


def _type_found(verdict: GateVerdict) -> str:
    return verdict.type.name if verdict.type is not None and verdict.status != "refused" else "none"


def _oddity(result: Examination, *, record: Record) -> tuple[str, str] | None:
    """What kind of odd an image is, and why in one line; None where nothing is odd."""
    verdict = result.reading.gate
    if verdict.status != "accepted":
        kind = UNSURE if verdict.status == "unsure" else NO_TYPE if verdict.candidates else NO_XRAY
        return kind, f"{verdict.status}: {verdict.reason}"
    found = _type_found(verdict)
    if record.xray_type is not None and found != record.xray_type:
        return OTHER_TYPE, f"looks like {found}, the data set says {record.xray_type}"
    if verdict.view == "lateral" and "LL" not in (record.view, result.reading.view):
        said = next((view for view in (record.view, result.reading.view) if view != "unknown"), None)
        return LOOKS_LATERAL, f"looks lateral, {'nothing tells its view' if said is None else f'said to be {said}'}"
    return (STATE, STATES[verdict.state[0]]) if verdict.state else None
