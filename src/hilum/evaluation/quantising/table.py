"""How both ways of a quantisation did, label by label: the file that stands beside the new bundle, or in its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from hilum.bundle.quantised import OverflowFix, QuantisedLabel
from hilum.evaluation.quantising.quantise import Way

TABLE_SUFFIX = ".quantise.csv"
"""Follows the name of the bundle's folder."""

COLUMNS = ("overflow_fix", "accepted", *(name for name in QuantisedLabel.model_fields))
"""One row a label and way; rates and AUROC are shares."""


def table_bytes(ways: Sequence[Way]) -> bytes:
    """The table as CSV in UTF-8; what is not known is empty."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *_rows(ways)])
    return text.getvalue().encode()


def _rows(ways: Sequence[Way]) -> Iterator[tuple[object, ...]]:
    for way in ways:
        for label in () if way.forms is None else way.forms.labels:
            yield _row(way.overflow_fix, accepted=not way.refused, label=label)


def _row(overflow_fix: OverflowFix, *, accepted: bool, label: QuantisedLabel) -> tuple[object, ...]:
    values = (getattr(label, name) for name in QuantisedLabel.model_fields)
    shown = ("" if value is None else f"{value:.6g}" if isinstance(value, float) else value for value in values)
    return (overflow_fix, "yes" if accepted else "no", *shown)
