"""The SDFN study as one object: what three networks reach on images that they never saw, and the paper's claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hilum.evaluation.comparing.many_models import ModelAurocs, model_aurocs
from hilum.evaluation.comparing.pair_tests import PairTests, pair_tests
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES, SEED
from hilum.systems.sdfn.by_view import ViewAurocs, view_aurocs
from hilum.systems.sdfn.claims import ClaimResult, claims_on
from hilum.systems.sdfn.paper import TABLE_1
from hilum.systems.sdfn.predictions import PAIRS, SdfnPredictions


@dataclass(frozen=True, slots=True, kw_only=True)
class LungCounts:
    """How many of the study's images had lungs that were not trusted: there the crop is the whole image.

    `flags` counts what was flagged, whether trusted or not; `bundle` names who drew.
    """

    images: int
    untrusted: int
    flags: Mapping[str, int]
    bundle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRun:
    """How the networks came about, in words and hashes; no path and no name of a machine or an image.

    `calibrations` counts classes of every network and fold; `not_calibrated` are those left as the network gave them.
    """

    recipe: str
    folds_done: int
    folds: int
    split_sha256: str
    command: str = ""
    commit: str | None = None
    environment: Mapping[str, str | int] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    calibrations: int = 0
    not_calibrated: int = 0
    lungs: LungCounts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SdfnStudy:
    """Every number of the study; `predictions` are what they were computed from."""

    predictions: SdfnPredictions
    aurocs: ModelAurocs
    views: tuple[ViewAurocs, ...]
    tests: tuple[PairTests, ...]
    claims: tuple[ClaimResult, ...]
    run: StudyRun
    replicates: int
    seed: int

    @property
    def protocol(self) -> str:
        """How split and labels were made, in one line; a smoke run's begins with SMOKE."""
        return self.predictions.whole.protocol

    @property
    def smoke(self) -> bool:
        """Whether the numbers prove a path through the code and no result."""
        return self.predictions.whole.smoke


def make_sdfn_study(
    predictions: SdfnPredictions, *, run: StudyRun, replicates: int = REPLICATES, seed: int = SEED
) -> SdfnStudy:
    """All figures from the pooled predictions of all folds; classes stand in the order of the paper's table."""
    in_mean = predictions.whole.in_mean
    labels = (*(label for label in TABLE_1 if label in in_mean), *(label for label in in_mean if label not in TABLE_1))
    aurocs = model_aurocs(predictions.many, pairs=PAIRS, labels=labels, replicates=replicates, seed=seed)
    tests = tuple(pair_tests(pair, predictions=predictions.many, aurocs=aurocs) for pair in PAIRS)
    return SdfnStudy(
        predictions=predictions,
        aurocs=aurocs,
        views=view_aurocs(predictions, replicates=replicates, seed=seed),
        tests=tests,
        claims=claims_on(aurocs, tests=tests),
        run=run,
        replicates=replicates,
        seed=seed,
    )
