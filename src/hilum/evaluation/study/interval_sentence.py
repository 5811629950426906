"""How the intervals of a study were made, in one sentence: each method that its JSON names, and what it is of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

METHOD = "_ci_method"
"""How the name of what made an interval ends, behind the name of its value."""

_MEANS = {"mean_auroc": "mean AUROC", "mean_difference": "differences of mean AUROC"}
"""Of one class they are the class's own, and are not told of."""

_NAMES = {
    **_MEANS,
    "difference": "differences of AUROC",
    "f1": "F1",
    "ap": "average precision",
}
"""What is not called as its key, written with spaces."""


def interval_sentence(found: Json) -> str:
    """The methods as the estimates name them, so that none is told of that was not used; without a full stop.

    `found` is the object of a `study.json` or of a judgement, or some of its parts with its `bootstrap`. Where no
    method is written down all are of the bootstrap: hilum had no others then.
    """
    drawn = f"{found['bootstrap']['replicates']:,} bootstrap replicates that draw patients"
    one_class = len(found.get("ours", {}).get("labels", ())) == 1
    methods: dict[str, dict[str, None]] = {}
    for name, method in _methods(found, arms=frozenset(found.get("arms", ())), of="value"):
        if not (one_class and name in _MEANS.values()):
            methods.setdefault(method, {})[name] = None
    if not methods:
        return f"Intervals: 95%, {drawn}"
    each = "; ".join(f"{method}: {', '.join(names)}" for method, names in methods.items())
    seed = f"; drawn ones from {drawn}, seed {found['bootstrap']['seed']}"
    return f"Intervals: 95%, the patient is the unit; {each}{seed if any(map(_is_drawn, methods)) else ''}"


def _methods(part: Any, *, arms: frozenset[str], of: str) -> Iterator[tuple[str, str]]:
    """What each method is of; `of` is the innermost key above that is no arm and no pair of arms."""
    if isinstance(part, list):
        for each in part:
            yield from _methods(each, arms=arms, of=of)
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        if key.endswith(METHOD):
            own = key.removesuffix(METHOD)
            yield _spoken(of if own == "value" or of == "claims" else own), value
        plain = key in arms or " - " in key
        yield from _methods(value, arms=arms, of=of if plain else key)


def _spoken(key: str) -> str:
    return _NAMES.get(key) or re.sub(r"\bauroc\b", "AUROC", key.replace("_", " "))


def _is_drawn(method: str) -> bool:
    return method.startswith(("percentile", "BCa"))
