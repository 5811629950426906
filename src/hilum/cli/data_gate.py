"""What a gate says of a release's images: which it refuses, and which show something else than the release says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hilum.bundle.load import Bundle
from hilum.cli.choose_models import choose_bundle, choose_bundles
from hilum.datasets.record import Record
from hilum.errors import UsageError
from hilum.reading.reader import Reader
from hilum.reading_result import Examination


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTally:
    """How many images have each status of the gate, and each type; `odd` maps an image to what is odd about it.

    An image is odd that is refused, whose type the gate cannot settle, or whose type is not the release's.
    """

    gate: str
    statuses: Mapping[str, int]
    types: Mapping[str, int]
    odd: Mapping[str, str]


def choose_gate(model: str | None) -> Bundle:
    """The named gate, or the one on the shelf. Raises `UsageError` where there is none or it is no gate."""
    bundles = choose_bundles(()) if model is None else (choose_bundle(model),)
    gates = [bundle for bundle in bundles if bundle.card.kind == "gate"]
    if not gates:
        raise UsageError(f"expected a gate, came {model or 'none on the shelf'}; see `hilum models` and name one")
    return gates[0]


def judge_with_gate(records: Sequence[Record], *, gate: Bundle, jobs: int) -> GateTally:
    """Judge every image that can be decoded; the others are the check's corrupt ones."""
    statuses: Counter[str] = Counter()
    types: Counter[str] = Counter()
    odd: dict[str, str] = {}
    results = Reader(models=[gate]).examine_many((record.path for record in records), jobs=jobs)
    for record, result in zip(records, results, strict=True):
        if not isinstance(result, Examination):
            continue
        verdict = result.reading.gate
        found = verdict.type.name if verdict.type is not None and verdict.status != "refused" else "none"
        statuses[verdict.status] += 1
        types[found] += 1
        if verdict.status != "accepted":
            odd[record.image] = f"{verdict.status}: {verdict.reason}"
        elif record.xray_type is not None and found != record.xray_type:
            odd[record.image] = f"looks like {found}, the release says {record.xray_type}"
    return GateTally(gate=gate.card.name, statuses=dict(statuses), types=dict(types), odd=odd)
