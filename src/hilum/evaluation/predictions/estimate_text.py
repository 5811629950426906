"""An estimate in words and as JSON: the same on the terminal, on the page, in figures and in files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric

Json = dict[str, Any]

MARK = "!"
"""Stands behind an interval with a note, and before the note."""


def estimate_text(estimate: Estimate | None, *, sign: str = "") -> str:
    """`0.812 [0.790, 0.833]`, with `!` where there is a note; a dash where there is no value.

    Replicates without a value are counted behind the interval that leaves them out. `sign` "+" shows that of a number
    that can be negative.
    """
    if estimate is None:
        return "–"
    if estimate.interval is None:
        return interval_text(estimate, sign=sign)
    mark = "" if estimate.note is None else f" {MARK}"
    lost = "" if not estimate.undefined else f", {lost_text(estimate)}"
    return f"{interval_text(estimate, sign=sign)}{mark}{lost}"


def interval_text(estimate: Estimate, *, sign: str = "", unknown: str = " [no interval]") -> str:
    """The value and its interval alone, to three decimals; `unknown` stands where there is no interval."""
    if estimate.interval is None:
        return f"{estimate.value:{sign}.3f}{unknown}"
    low, high = estimate.interval
    return f"{estimate.value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def lost_text(estimate: Estimate) -> str:
    """`351 of 10,000 replicates had no value`."""
    return f"{estimate.undefined:,} of {estimate.replicates:,} replicates had no value"


def remarks(estimate: Estimate | None) -> str:
    """All that is to be known of an interval in one line; empty where there is nothing."""
    if estimate is None:
        return ""
    lost = (lost_text(estimate),) if estimate.undefined and estimate.interval is not None else ()
    return "; ".join((*(() if estimate.note is None else (estimate.note,)), *lost))


def notes(named: Iterable[tuple[str, Estimate | None]]) -> list[str]:
    """The notes of estimates by what they are of, those of one text together: `Hernia, Mass: only 1 patient ...`."""
    by_note: dict[str, list[str]] = {}
    for name, estimate in named:
        if estimate is not None and estimate.note is not None:
            by_note.setdefault(estimate.note, []).append(name)
    return [f"{', '.join(dict.fromkeys(names))}: {note}" for note, names in by_note.items()]


def value_json(name: str, estimate: Estimate | UndefinedMetric | None) -> Json:
    """`{name: value, name_ci: [low, high]}`; both are null where there is no value, the latter without an interval."""
    if estimate is None or isinstance(estimate, UndefinedMetric):
        return {name: None, f"{name}_ci": None}
    return {name: estimate.value, f"{name}_ci": None if estimate.interval is None else list(estimate.interval)}


def estimate_json(name: str, estimate: Estimate | None) -> Json:
    """`value_json` with what made the interval, a note where there is one, and how many replicates had no value."""
    found = value_json(name, estimate)
    if estimate is None:
        return found
    if estimate.method is not None:
        found[f"{name}_ci_method"] = estimate.method
    if estimate.note is not None:
        found[f"{name}_note"] = estimate.note
    if estimate.undefined:
        found[f"{name}_undefined_replicates"] = estimate.undefined
    return found
