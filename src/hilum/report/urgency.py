"""How urgent a reading is to be looked at, among many: the order, the filters and the words of lists."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.reading_result import FailedReading, Reading

_FLAGGED, _NOT_FLAGGED, _NOT_DECIDED, _SCOPE_UNKNOWN, _WARNINGS, _REFUSED, _UNSURE, _FAILED = (1 << n for n in range(8))

FILTERS: tuple[tuple[str, int], ...] = (
    ("flagged", _FLAGGED),
    ("could not be read", _FAILED),
    ("not decided", _NOT_DECIDED),
    ("scope unknown", _SCOPE_UNKNOWN),
    ("with warnings", _WARNINGS),
    ("unsure", _UNSURE),
    ("refused", _REFUSED),
    ("not flagged", _NOT_FLAGGED),
)
"""What lists can be narrowed to, each with its bit in `Urgency.bits`."""

_WORDS = (
    ("flagged", "positive"),
    ("could not be read", "positive"),
    ("not decided", "undecided"),
    ("unsure", "caution"),
    ("refused", "caution"),
    ("nothing looked for", "undecided"),
    ("not flagged", "negative"),
)
"""The word and tone of each rank, the most urgent first."""

SORT_WORDS = (
    "Most urgent first: flagged (the highest probability first), could not be read, not decided, unsure, refused, "
    "nothing looked for, not flagged"
)


@dataclass(frozen=True, slots=True)
class Urgency:
    """`rank` counts from 0, the most urgent; `strongest` is the highest probability of a decided finding, or -1."""

    rank: int
    strongest: float
    bits: int

    @staticmethod
    def of(result: Reading | FailedReading) -> Urgency:
        """Where a result stands."""
        if isinstance(result, FailedReading):
            return Urgency(1, -1.0, _FAILED)
        decisions = [finding.positive for finding in result.findings]
        strongest = max((one.probability for one in result.findings if one.positive is not None), default=-1.0)
        bits = _WARNINGS if result.warnings else 0
        bits |= _SCOPE_UNKNOWN if any(finding.unknown for finding in result.findings) else 0
        if not decisions:
            rank, bit = {"unsure": (3, _UNSURE), "refused": (4, _REFUSED)}.get(result.gate.status, (5, 0))
        elif any(decisions):
            rank, bit = 0, _FLAGGED
        elif all(decision is None for decision in decisions):
            rank, bit = 2, _NOT_DECIDED
        else:
            rank, bit = 6, _NOT_FLAGGED
        return Urgency(rank, strongest, bits | bit)

    @property
    def key(self) -> tuple[int, float]:
        """What sorts the most urgent first; equal ones keep their order."""
        return self.rank, -self.strongest

    @property
    def word(self) -> str:
        """The result in a word or two."""
        return _WORDS[self.rank][0]

    @property
    def tone(self) -> str:
        """The tone of its chip."""
        return _WORDS[self.rank][1]

    def is_among(self, one: tuple[str, int]) -> bool:
        """Whether a filter shows it."""
        return bool(self.bits & one[1])
