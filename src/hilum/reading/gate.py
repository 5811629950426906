"""The gate: may this picture be read, and as what.

No gate model is on the shelf yet, so every picture gets the explicit verdict "not judged" with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hilum.radiograph import Radiograph
from hilum.reading_result import GateVerdict

NOT_JUDGED = GateVerdict(
    status="not judged",
    reason="no gate model is on the shelf: nobody checked that this is a radiograph, or of what",
)


class Gate(Protocol):
    """Judges radiographs before any specialist sees them."""

    def judge(self, radiographs: Sequence[Radiograph]) -> tuple[GateVerdict, ...]:
        """One verdict for each radiograph, in order."""


class AbsentGate:
    """The gate of a shelf without a gate model."""

    def judge(self, radiographs: Sequence[Radiograph]) -> tuple[GateVerdict, ...]:
        """The verdict "not judged", with the reason, for each."""
        return (NOT_JUDGED,) * len(radiographs)


def may_read(verdict: GateVerdict, *, xray_type: str) -> bool:
    """Whether a specialist for `xray_type` may read what got this verdict.

    Refused and unsure pictures are read by none, accepted ones by the specialists of their type, and those that no
    gate judged by all (each with its warning).
    """
    if verdict.status == "not judged":
        return True
    return verdict.status == "accepted" and (verdict.type is None or verdict.type.name == xray_type)
