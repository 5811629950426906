"""Images that were asked for and not judged, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Reason = Literal["could not be read", "no label of the model is known", "another image has its name"]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One image by its name in the predictions file; `detail` says more, or is empty."""

    image: str
    reason: Reason
    detail: str = ""


def by_reason(exclusions: Sequence[Exclusion]) -> dict[str, int]:
    """How many images each reason took, the commonest first."""
    return dict(Counter(exclusion.reason for exclusion in exclusions).most_common())
