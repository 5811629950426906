"""What a paper claims of its models, each claim tested on the paper's own numbers and on ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from hilum.evaluation.comparing.many_models import LabelAurocs, ModelAurocs, Wins
from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.comparing.pair_tests import PairTests
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.comparing.published import PublishedTable, published_pair
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.statistics.estimate import Estimate

Verdict = Literal["holds", "open", "does not hold", "not tested"]
"""Of a difference: its interval lies beyond 0 as claimed, holds 0, or lies beyond 0 the other way.

Of one that says that nothing is sure: its interval holds 0 or lies below it, or lies above. Of a count of classes:
reached, reached by its interval alone, or by neither. Of a t-test: p below the level, p at or above it, or below it the
other way.
"""

NOT_PRINTED = "not printed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What claims are held against: our figures and tests, the arms' titles, and what the paper printed."""

    aurocs: ModelAurocs
    tests: Mapping[Pair, PairTests]
    titles: Mapping[str, str]
    published: PublishedTable | None
    t_level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """One claim: `paper` says in words what the paper's own numbers give, `paper_holds` whether they bear it out.

    `paper_holds` is None where the paper prints no such numbers. `difference` is ours with its interval where the claim
    is about one, and `ours` says it in words.
    """

    key: str
    claim: str
    paper: str
    paper_holds: bool | None
    ours: str
    difference: Estimate | None
    verdict: Verdict


class Claim(Protocol):
    """One sentence of a paper that numbers can bear out or not."""

    @property
    def pair(self) -> Pair:
        """The arm that is claimed to be above, and the other."""

    def result(self, evidence: Evidence) -> ClaimResult:
        """What the paper's numbers and ours say of it."""


@dataclass(frozen=True, slots=True)
class ClassAbove:
    """The first arm of `pair` has the higher AUROC in the class `label`."""

    label: str
    pair: Pair

    def result(self, evidence: Evidence) -> ClaimResult:
        """By the interval of the class's difference."""
        one = next((each for each in evidence.aurocs.labels if each.label == self.label), None)
        difference, ours = None, f"{self.label} was not judged"
        if one is not None and one.undefined is not None:
            ours = one.undefined
        elif one is not None:
            difference = _difference(one, pair=self.pair)
            ours = f"{interval_text(difference, sign='+', unknown='')}, {one.positives:,} positives of {one.n:,}"
        printed = evidence.published
        figures = (None, None) if printed is None else tuple(printed.value(self.label, arm) for arm in self.pair)
        apart = None if printed is None else printed.difference(self.label, self.pair)
        return ClaimResult(
            key=f"{self.pair[0]}-{self.label.lower().replace(' ', '-')}",
            claim=f"{self.label}: {_above(self.pair, evidence=evidence)}",
            paper=_printed(figures, apart=apart),
            paper_holds=None if apart is None else apart > 0,
            ours=ours,
            difference=difference,
            verdict=verdict_of(difference),
        )


@dataclass(frozen=True, slots=True)
class CountAbove:
    """The first arm of `pair` is above the second in as large a share of the classes as the published table prints."""

    pair: Pair

    def result(self, evidence: Evidence) -> ClaimResult:
        """By the count of classes and its interval over draws; raises `UsageError` without printed figures of both."""
        key = f"{self.pair[0]}-over-{self.pair[1]}"
        printed = published_pair(evidence.published, self.pair, claim=key).differences(self.pair)
        above = [label for label, apart in printed.items() if apart > 0]
        but = ", ".join(label for label in printed if label not in above)
        aurocs, wins = evidence.aurocs, evidence.aurocs.wins[self.pair]
        lost = [one.label for one in aurocs.labels if one.undefined is None and one.difference[self.pair].value <= 0]
        return ClaimResult(
            key=key,
            claim=f"{_above(self.pair, evidence=evidence)} in {len(above)} of {len(printed)} classes"
            + (f" (not {but})" if but else ""),
            paper=f"{len(above)} of {len(printed)}" + (f", not {but}" if but else ""),
            paper_holds=True,
            ours=f"{wins.count} of {wins.of} [{wins.interval[0]}, {wins.interval[1]}]"
            + (f", not {', '.join(lost)}" if lost else ""),
            difference=None,
            verdict=_count_verdict(wins, claimed=len(above) / len(printed)),
        )


@dataclass(frozen=True, slots=True)
class MeanAbove:
    """The first arm of `pair` has the higher mean AUROC."""

    pair: Pair

    def result(self, evidence: Evidence) -> ClaimResult:
        """By the interval of the difference of means."""
        first, second = self.pair
        printed, aurocs = evidence.published, evidence.aurocs
        figures = (None, None) if printed is None else (printed.mean(first), printed.mean(second))
        apart = None if printed is None else printed.mean_difference(self.pair)
        difference = aurocs.mean_difference[self.pair]
        left_out = f"; without {', '.join(aurocs.left_out)}" if aurocs.left_out else ""
        return ClaimResult(
            key=f"mean-{first}-over-{second}",
            claim=f"mean of the classes: {_above(self.pair, evidence=evidence)}",
            paper=_printed(figures, apart=apart),
            paper_holds=None if apart is None else apart > 0,
            ours=f"{interval_text(difference, sign='+', unknown='')}{left_out}",
            difference=difference,
            verdict=verdict_of(difference),
        )


@dataclass(frozen=True, slots=True)
class MeanNotSurelyAbove:
    """The first arm of `pair` has no mean AUROC that is surely the higher: what a paper means by no improvement."""

    pair: Pair

    def result(self, evidence: Evidence) -> ClaimResult:
        """By the interval of the difference of means; a paper's means alone can neither bear it out nor deny it."""
        above = MeanAbove(self.pair).result(evidence)
        unsure: Mapping[Verdict, Verdict] = {"holds": "does not hold", "open": "holds", "does not hold": "holds"}
        return replace(
            above,
            key=f"mean-{self.pair[0]}-not-surely-over-{self.pair[1]}",
            claim=f"mean of the classes: {_above(self.pair, evidence=evidence, how='not surely above')}",
            paper_holds=None,
            verdict=unsure.get(above.verdict, above.verdict),
        )


@dataclass(frozen=True, slots=True)
class TTest:
    """The first arm of `pair` is above the second by a paired two-tailed t-test over classes, at the study's level."""

    pair: Pair

    def result(self, evidence: Evidence) -> ClaimResult:
        """By t and p over our classes, beside t and p over the printed columns."""
        first, second = self.pair
        printed = None if evidence.published is None else evidence.published.paired_t(self.pair)
        found, level = evidence.tests[self.pair].paired_t, evidence.t_level
        verdict: Verdict = "not tested"
        if isinstance(found, PairedT):
            verdict = "open" if found.p_value >= level else "holds" if found.t > 0 else "does not hold"
        return ClaimResult(
            key=f"t-{first}-over-{second}",
            claim=f"paired two-tailed t-test over classes, {_above(self.pair, evidence=evidence)}, p below {level}",
            paper=NOT_PRINTED if printed is None else _spoken_t(printed),
            paper_holds=None if printed is None else printed.t > 0 and printed.p_value < level,
            ours=_spoken_t(found) if isinstance(found, PairedT) else found.reason,
            difference=None,
            verdict=verdict,
        )


def _above(pair: Pair, *, evidence: Evidence, how: str = "above") -> str:
    return f"{evidence.titles[pair[0]]} {how} {evidence.titles[pair[1]]}"


def _printed(figures: tuple[float | None, ...], *, apart: float | None) -> str:
    first, second = figures
    if first is None or second is None or apart is None:
        return NOT_PRINTED
    return f"{first:.3f} against {second:.3f}: {apart:+.3f}"


def _difference(one: LabelAurocs, *, pair: Pair) -> Estimate:
    """The difference of a pair in either order."""
    if pair in one.difference:
        return one.difference[pair]
    return one.difference[pair[1], pair[0]].through(lambda apart: -apart)


def verdict_of(difference: Estimate | None) -> Verdict:
    """What the interval of a difference, which is claimed to be above 0, says of the claim."""
    if difference is None or difference.interval is None:
        return "not tested"
    low, high = difference.interval
    return "holds" if low > 0 else "does not hold" if high < 0 else "open"


def _count_verdict(wins: Wins, *, claimed: float) -> Verdict:
    if wins.count / wins.of >= claimed:
        return "holds"
    return "open" if wins.interval[1] / wins.of >= claimed else "does not hold"


def _spoken_t(found: PairedT) -> str:
    p = f"p {found.p_value:.3f}" if found.p_value >= 0.0005 else f"p {found.p_value:.0e}"
    return f"t {found.t:.2f}, {p}, {found.n} classes"
