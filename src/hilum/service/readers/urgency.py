"""Where a reading stands in a worklist, by a rule that fits in a sentence.

What a model flagged comes first, the further over its threshold the higher; then what was not read, since no model
looked at it; then what no model decided on, the more probable the higher; then what nothing was found in. It is an
order for working through a list, no judgement of how ill a patient is.
"""

from __future__ import annotations

from hilum.reading_result import Finding, Reading
from hilum.report.headline import headline
from hilum.service.store.job import Urgency

FLAGGED, NOT_READ, UNDECIDED = 3.0, 2.0, 1.0


def urgency(reading: Reading) -> Urgency:
    """The group, the value (flagged: 3 to 4; not read: 2; undecided: 1 to 2; else 0) and the reason of a reading."""
    why = headline(reading)
    flagged = [finding for finding in reading.findings if finding.positive]
    if flagged:
        names = tuple(dict.fromkeys(finding.name for finding in flagged))
        return Urgency(rank="flagged", value=FLAGGED + max(map(_excess, flagged)), why=why, flagged=names)
    if not reading.findings:
        return Urgency(rank="not read", value=NOT_READ, why=why)
    undecided = [finding.probability for finding in reading.findings if finding.positive is None]
    if len(undecided) == len(reading.findings):
        return Urgency(rank="undecided", value=UNDECIDED + min(max(undecided), 0.999), why=why)
    return Urgency(rank="nothing found", value=0.0, why=why)


def _excess(finding: Finding) -> float:
    """How far a probability lies over its threshold, as a share of the way to 1."""
    threshold = finding.operating_point or 0.0
    return (finding.probability - threshold) / (1.0 - threshold) if threshold < 1.0 else 1.0
