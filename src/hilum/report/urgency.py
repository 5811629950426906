"""Where a result stands among many, by one rule: the order, the filters and the words of every list.

What a model flagged comes first, the further over its threshold the higher. Then comes what could not be read, since no
model looked at it; what no model decided on, the more probable the higher; what the gate was unsure of or refused; what
no model looks for anything in; and what nothing was flagged in, the nearer to a threshold the higher. It is an order
for working through a list, no judgement of how ill a patient is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from hilum.reading_result import FailedReading, Finding, Reading
from hilum.report.headline import headline

Rank = Literal["flagged", "could not be read", "not decided", "unsure", "refused", "nothing looked for", "not flagged"]
"""The groups, the most urgent first."""

RANKS: tuple[Rank, ...] = get_args(Rank)

_FLAGGED, _NOT_FLAGGED, _NOT_DECIDED, _SCOPE_UNKNOWN, _WARNINGS, _REFUSED, _UNSURE, _FAILED, _NOT_LOOKED = (
    1 << n for n in range(9)
)

FILTERS: tuple[tuple[str, int], ...] = (
    ("flagged", _FLAGGED),
    ("could not be read", _FAILED),
    ("not decided", _NOT_DECIDED),
    ("scope unknown", _SCOPE_UNKNOWN),
    ("with warnings", _WARNINGS),
    ("unsure", _UNSURE),
    ("refused", _REFUSED),
    ("nothing looked for", _NOT_LOOKED),
    ("not flagged", _NOT_FLAGGED),
)
"""What lists can be narrowed to, each with its bit in `Urgency.bits`."""

_BITS: dict[Rank, int] = {
    "flagged": _FLAGGED,
    "could not be read": _FAILED,
    "not decided": _NOT_DECIDED,
    "unsure": _UNSURE,
    "refused": _REFUSED,
    "nothing looked for": _NOT_LOOKED,
    "not flagged": _NOT_FLAGGED,
}
_TONES: dict[Rank, str] = {
    "flagged": "positive",
    "could not be read": "positive",
    "not decided": "undecided",
    "unsure": "caution",
    "refused": "caution",
    "nothing looked for": "undecided",
    "not flagged": "negative",
}

SORT_WORDS = (
    "Most urgent first: flagged (the further over its threshold the higher), could not be read, not decided (the more "
    "probable the higher), unsure, refused, nothing looked for, not flagged (the nearer to its threshold the higher)"
)

NO_JUDGEMENT = "This is an order for working through a list, no judgement of how ill a patient is"

_BELOW_ONE = 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """The group of a result, its `share` of the way up within the group, in [0, 1), and `why` in words.

    `flagged` are the names of what was flagged, each once; `strongest` is the highest probability among them, where
    nothing was flagged among all decided findings, or -1; `bits` are those of the filters that show it.
    """

    rank: Rank
    share: float = 0.0
    why: str
    flagged: tuple[str, ...] = ()
    strongest: float = -1.0
    bits: int

    @staticmethod
    def of(result: Reading | FailedReading) -> Urgency:
        """Where a result stands."""
        if isinstance(result, FailedReading):
            return could_not_be_read(result.message)
        rank = _rank(result)
        flagged = [finding.name for finding in result.findings if finding.positive]
        bits = _BITS[rank] | (_WARNINGS if result.warnings else 0)
        bits |= _SCOPE_UNKNOWN if any(finding.unknown for finding in result.findings) else 0
        return Urgency(
            rank=rank,
            share=min(_share(rank, findings=result.findings), _BELOW_ONE),
            why=headline(result),
            flagged=tuple(dict.fromkeys(flagged)),
            strongest=_strongest(result.findings),
            bits=bits,
        )

    @property
    def value(self) -> float:
        """One number, the most urgent the highest: 6 to 7 for what is flagged, below 1 for what is not."""
        return len(RANKS) - 1 - RANKS.index(self.rank) + self.share

    @property
    def tone(self) -> str:
        """The tone of its chip."""
        return _TONES[self.rank]

    def is_among(self, one: tuple[str, int]) -> bool:
        """Whether a filter shows it."""
        return bool(self.bits & one[1])


def could_not_be_read(why: str) -> Urgency:
    """Where a file stands that could not be read, for this reason."""
    return Urgency(rank="could not be read", why=why, bits=_FAILED)


def _rank(reading: Reading) -> Rank:
    decisions = [finding.positive for finding in reading.findings]
    if not decisions:
        status = reading.gate.status
        return status if status in ("unsure", "refused") else "nothing looked for"
    if any(decisions):
        return "flagged"
    return "not decided" if all(decision is None for decision in decisions) else "not flagged"


def _strongest(findings: Sequence[Finding]) -> float:
    flagged = [one.probability for one in findings if one.positive]
    return max(flagged or [one.probability for one in findings if one.positive is not None], default=-1.0)


def _share(rank: Rank, *, findings: Sequence[Finding]) -> float:
    if rank == "flagged":
        return max(_over_threshold(finding) for finding in findings if finding.positive)
    if rank == "not decided":
        return max(finding.probability for finding in findings)
    if rank == "not flagged":
        return max(_up_to_threshold(finding) for finding in findings if finding.positive is False)
    return 0.0


def _over_threshold(finding: Finding) -> float:
    """How far a probability lies over its threshold, as a share of the way to 1."""
    threshold = finding.operating_point or 0.0
    return (finding.probability - threshold) / (1.0 - threshold) if threshold < 1.0 else 1.0


def _up_to_threshold(finding: Finding) -> float:
    """How much of the way to its threshold a probability is."""
    return finding.probability / finding.operating_point if finding.operating_point else 0.0
