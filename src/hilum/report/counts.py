"""What became of many files, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hilum.reading_result import FailedReading, Reading


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files were read (`refused` and `unsure` at the gate included), and how many failed.

    `positive` counts readings with at least one positive finding; `undecided` those with findings, but no decision.
    """

    read: int = 0
    failed: int = 0
    refused: int = 0
    unsure: int = 0
    positive: int = 0
    undecided: int = 0

    def plus(self, result: Reading | FailedReading) -> Counts:
        """These counts with one more file."""
        if isinstance(result, FailedReading):
            return replace(self, failed=self.failed + 1)
        decisions = [finding.positive for finding in result.findings]
        return Counts(
            read=self.read + 1,
            failed=self.failed,
            refused=self.refused + (result.gate.status == "refused"),
            unsure=self.unsure + (result.gate.status == "unsure"),
            positive=self.positive + any(decisions),
            undecided=self.undecided + (bool(decisions) and all(positive is None for positive in decisions)),
        )
