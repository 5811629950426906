"""Counts over all rows of a screening, part by part: what was read, what failed and why, and what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hilum.screening.part_row import Row

TALLIED = ("name", "status", "error_kind", "error", "gate", "xray_type", "findings")
"""What of a row is looked at."""

LISTED_FAILURES = 50
"""So many failures stand on the page by name; all stand in the table."""


@dataclass(slots=True)
class FindingTally:
    """One finding of one model over all contents: decisions, and of how many films nothing was decided."""

    positive: int = 0
    negative: int = 0
    undecided: int = 0

    @property
    def total(self) -> int:
        """Films for which the model gave the finding."""
        return self.positive + self.negative + self.undecided


@dataclass(slots=True)
class Tally:
    """What `add` was told; every content counts once, and each film that was not read counts."""

    films: int = 0
    copies: int = 0
    read: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    gates: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    findings: dict[tuple[str, str], FindingTally] = field(default_factory=dict)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def add(self, rows: Iterable[Row], *, copies: Sequence[int]) -> None:
        """Rows of a part, and of each how many films have its content: 0 where an earlier row stands for it."""
        for row, count in zip(rows, copies, strict=True):
            self.films += 1
            if count == 0:
                self.copies += 1
            elif row["status"] == "failed":
                self.failures[row["error_kind"]] += 1
                if len(self.failed) < LISTED_FAILURES:
                    self.failed.append((row["name"], row["error"]))
            else:
                self._add_reading(row)

    def _add_reading(self, row: Row) -> None:
        self.read += 1
        self.gates[row["gate"]] += 1
        self.types[row["xray_type"] or "not told"] += 1
        for finding in row["findings"]:
            tally = self.findings.setdefault((finding["model"], finding["name"]), FindingTally())
            if finding["positive"] is None:
                tally.undecided += 1
            elif finding["positive"]:
                tally.positive += 1
            else:
                tally.negative += 1
