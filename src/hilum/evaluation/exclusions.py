"""Images that are not judged, each with its reason: left out when releases were mixed, or asked for in vain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hilum.datasets.mixed import LeftOut, LeftOutReason

Reason = Literal["could not be read", "no label of the model is known", "another image has its name"] | LeftOutReason


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One image by its name in the predictions file; `detail` says more, or is empty."""

    image: str
    reason: Reason
    detail: str = ""


def of_mixing(left_out: Sequence[LeftOut]) -> tuple[Exclusion, ...]:
    """What `mix_releases` left out; names begin with the release."""
    return tuple(Exclusion(f"{one.record.source}:{one.record.image}", one.reason, one.why) for one in left_out)


def by_reason(exclusions: Sequence[Exclusion]) -> dict[str, int]:
    """How many images each reason took, the commonest first."""
    return dict(Counter(exclusion.reason for exclusion in exclusions).most_common())
