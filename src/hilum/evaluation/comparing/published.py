"""What a paper printed, as data: a measure by class and model, with the protocol that its figures hold under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hilum.errors import DataError, UsageError
from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.comparing.paired_t import PairedT, paired_t_test

Printed = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTable:
    """`rows` hold, by canonical class name, one figure for each of `columns`, None where the paper prints none.

    The figures are of `measure`; a study compares AUROCs alone with its own. `columns` are names with their titles; a
    column that is called as an arm of the study is the paper's figure of it. `means` is the row of means as printed.
    `source` cites the table, `protocol` says what its figures hold under and `protocol_short` says it in a heading.
    Differences are rounded to `decimals`, which is what the paper prints. Raises `DataError` for a row of another
    length.
    """

    source: str
    protocol: str
    protocol_short: str
    columns: Mapping[str, str]
    rows: Mapping[str, Printed]
    means: Printed
    decimals: int = 3
    measure: str = "AUROC"

    def __post_init__(self) -> None:
        for label, row in (*self.rows.items(), ("mean", self.means)):
            if len(row) != len(self.columns):
                raise DataError(f"{self.source} needs {len(self.columns)} figures for {label}; given: {len(row)}")

    def value(self, label: str, column: str) -> float | None:
        """What is printed for a class; None where nothing is."""
        return self._cell(self.rows[label], column) if label in self.rows else None

    def mean(self, column: str) -> float | None:
        """The mean as printed."""
        return self._cell(self.means, column)

    def difference(self, label: str, pair: Pair) -> float | None:
        """The printed figure of the first of `pair` minus that of the second, to the digits of the paper."""
        return self._apart(self.value(label, pair[0]), self.value(label, pair[1]))

    def mean_difference(self, pair: Pair) -> float | None:
        """The difference of the printed means, to the digits of the paper."""
        return self._apart(self.mean(pair[0]), self.mean(pair[1]))

    def differences(self, pair: Pair) -> dict[str, float]:
        """The printed differences of every class that has both figures."""
        found = {label: self.difference(label, pair) for label in self.rows}
        return {label: value for label, value in found.items() if value is not None}

    def paired_t(self, pair: Pair) -> PairedT | None:
        """Student's paired t over the printed columns; None where it cannot be computed of them."""
        both = [(self.value(label, pair[0]), self.value(label, pair[1])) for label in self.rows]
        known = [(first, second) for first, second in both if first is not None and second is not None]
        found = paired_t_test([first for first, _ in known], second=[second for _, second in known])
        return found if isinstance(found, PairedT) else None

    def _cell(self, row: Printed, column: str) -> float | None:
        return row[list(self.columns).index(column)] if column in self.columns else None

    def _apart(self, first: float | None, second: float | None) -> float | None:
        return None if first is None or second is None else round(first - second, self.decimals)


def published_pair(published: PublishedTable | None, pair: Pair, *, claim: str) -> PublishedTable:
    """The table, which has both columns of `pair`; raises `UsageError`, naming the `claim`, for another or none."""
    if published is None or not published.differences(pair):
        raise UsageError(f"The claim {claim} needs published figures of {pair[0]} and {pair[1]}, and there are none")
    return published
