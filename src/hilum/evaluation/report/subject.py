"""What a report is about: the predictions with their judgement, and all that is known of where they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hilum.datasets.splits.mixed import LeftOut, LeftOutReason
from hilum.evaluation.judging.judgement import Judgement
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.report.training_log import TrainingLog

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and values under one heading; `folded` ones stand behind a click, because they are many."""

    title: str
    rows: tuple[tuple[str, str], ...]
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnError:
    """One image that was got wrong, with its pictures as PNG: `plain` and `overlay` alike in size, and `whole`.

    `kind` says how; `probability` is the calibrated one; `whole` is the package's own overlay with its legend.
    """

    image: str
    label: str
    kind: str
    probability: float
    threshold: float
    plain: bytes
    overlay: bytes
    whole: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSubject:
    """Everything that a report shows.

    `facts` are what is known of model, data and software; `filled` maps items of the checklist to text; `ledger` is
    the line that this look left in the ledger, or None. `cautions` are what a reader must know before any number.
    `published` is a paper's own table, for a model that reproduces it.
    """

    title: str
    predictions: Predictions
    judgement: Judgement
    facts: tuple[Facts, ...] = ()
    filled: Mapping[str, str] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] | None = None
    training: tuple[TrainingLog, ...] = ()
    errors: tuple[DrawnError, ...] = ()
    ledger: str | None = None
    cautions: tuple[str, ...] = ()
    published: ReportTable | None = None

    @property
    def smoke(self) -> bool:
        """Whether a smoke run made these numbers, so that they enter no results table."""
        return self.predictions.smoke
