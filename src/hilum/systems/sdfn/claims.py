"""What the SDFN paper claims of its three networks, each claim tested on the paper's own numbers and on ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hilum.evaluation.comparing.many_models import LabelAurocs, ModelAurocs, Wins
from hilum.evaluation.comparing.pair_tests import ALPHA, PairTests
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.statistics.estimate import Estimate
from hilum.systems.sdfn.paper import MEANS, TABLE_1, paper_difference, paper_t
from hilum.systems.sdfn.predictions import PAIRS, TITLES, Pair

Verdict = Literal["holds", "open", "does not hold", "not tested"]
"""Of a difference: its interval lies beyond 0 as claimed, holds 0, or lies beyond 0 the other way.

Of a count of classes: reached, reached by its interval alone, or by neither. Of a t-test: p below the level, p at or
above it, or below it the other way.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """One claim: `paper` says in words what the paper's own numbers give, `paper_holds` whether they bear it out.

    `difference` is ours with its interval where the claim is about one, and `ours` says it in words.
    """

    key: str
    claim: str
    paper: str
    paper_holds: bool
    ours: str
    difference: Estimate | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class _ClassClaim:
    key: str
    label: str
    pair: Pair


_CLASS_CLAIMS = (
    _ClassClaim("lung-nodule", "Nodule", ("lung", "whole")),
    _ClassClaim("lung-mass", "Mass", ("lung", "whole")),
    _ClassClaim("whole-emphysema", "Emphysema", ("whole", "lung")),
    _ClassClaim("lung-hernia", "Hernia", ("lung", "sdfn")),
)
"""Section 4 of the paper names the first three; the last is the one class in which its SDFN is not above the crop."""


def claims_on(aurocs: ModelAurocs, *, tests: Sequence[PairTests]) -> tuple[ClaimResult, ...]:
    """Every claim, in the paper's order; `tests` are those of `PAIRS` on the same images."""
    by_pair = {one.pair: one for one in tests}
    return (
        *(_class_claim(one, aurocs=aurocs) for one in _CLASS_CLAIMS),
        _wins_claim("sdfn-over-whole", pair=("sdfn", "whole"), aurocs=aurocs),
        _wins_claim("sdfn-over-lung", pair=("sdfn", "lung"), aurocs=aurocs),
        *(_mean_claim(pair, aurocs=aurocs) for pair in reversed(PAIRS)),
        *(_t_claim(by_pair[pair]) for pair in PAIRS[:2] if pair in by_pair),
    )


def _class_claim(claim: _ClassClaim, *, aurocs: ModelAurocs) -> ClaimResult:
    first, second = claim.pair
    printed = paper_difference(claim.label, first=first, second=second)
    row = TABLE_1[claim.label]
    one = next((each for each in aurocs.labels if each.label == claim.label), None)
    difference, ours = None, f"{claim.label} was not judged"
    if one is not None and one.undefined is not None:
        ours = one.undefined
    elif one is not None:
        difference = _difference(one, pair=claim.pair)
        ours = f"{_spoken(difference)}, {one.positives:,} positives of {one.n:,}"
    return ClaimResult(
        key=claim.key,
        claim=f"{claim.label}: {TITLES[first]} above {TITLES[second]}",
        paper=f"{row.of(first):.3f} against {row.of(second):.3f}: {printed:+.3f}",
        paper_holds=printed > 0,
        ours=ours,
        difference=difference,
        verdict=_verdict(difference),
    )


def _wins_claim(key: str, *, pair: Pair, aurocs: ModelAurocs) -> ClaimResult:
    first, second = pair
    above = {label for label in TABLE_1 if paper_difference(label, first=first, second=second) > 0}
    but = ", ".join(label for label in TABLE_1 if label not in above)
    wins = aurocs.wins[pair]
    lost = [one.label for one in aurocs.labels if one.undefined is None and one.difference[pair].value <= 0]
    return ClaimResult(
        key=key,
        claim=f"{TITLES[first]} above {TITLES[second]} in {len(above)} of {len(TABLE_1)} classes"
        + (f" (not {but})" if but else ""),
        paper=f"{len(above)} of {len(TABLE_1)}" + (f", not {but}" if but else ""),
        paper_holds=True,
        ours=f"{wins.count} of {wins.of} [{wins.interval[0]}, {wins.interval[1]}]"
        + (f", not {', '.join(lost)}" if lost else ""),
        difference=None,
        verdict=_count_verdict(wins, claimed=len(above) / len(TABLE_1)),
    )


def _mean_claim(pair: Pair, *, aurocs: ModelAurocs) -> ClaimResult:
    first, second = pair
    printed = round(MEANS.of(first) - MEANS.of(second), 3)
    difference = aurocs.mean_difference[pair]
    left_out = f"; without {', '.join(aurocs.left_out)}" if aurocs.left_out else ""
    return ClaimResult(
        key=f"mean-{first}-over-{second}",
        claim=f"mean of the classes: {TITLES[first]} above {TITLES[second]}",
        paper=f"{MEANS.of(first):.3f} against {MEANS.of(second):.3f}: {printed:+.3f}",
        paper_holds=printed > 0,
        ours=f"{_spoken(difference)}{left_out}",
        difference=difference,
        verdict=_verdict(difference),
    )


def _t_claim(tests: PairTests) -> ClaimResult:
    first, second = tests.pair
    printed, found = paper_t(first=first, second=second), tests.paired_t
    verdict: Verdict = "not tested"
    if isinstance(found, PairedT):
        verdict = "open" if found.p_value >= ALPHA else "holds" if found.t > 0 else "does not hold"
    return ClaimResult(
        key=f"t-{first}-over-{second}",
        claim=f"paired two-tailed t-test over classes, {TITLES[first]} above {TITLES[second]}, p below {ALPHA}",
        paper=_spoken_t(printed),
        paper_holds=printed.t > 0 and printed.p_value < ALPHA,
        ours=_spoken_t(found) if isinstance(found, PairedT) else found.reason,
        difference=None,
        verdict=verdict,
    )


def _difference(one: LabelAurocs, *, pair: Pair) -> Estimate:
    """The difference of a pair in either order."""
    if pair in one.difference:
        return one.difference[pair]
    turned = one.difference[pair[1], pair[0]]
    bounds = None if turned.interval is None else (-turned.interval[1], -turned.interval[0])
    return replace(turned, value=-turned.value, interval=bounds)


def _verdict(difference: Estimate | None) -> Verdict:
    if difference is None or difference.interval is None:
        return "not tested"
    low, high = difference.interval
    return "holds" if low > 0 else "does not hold" if high < 0 else "open"


def _count_verdict(wins: Wins, *, claimed: float) -> Verdict:
    if wins.count / wins.of >= claimed:
        return "holds"
    return "open" if wins.interval[1] / wins.of >= claimed else "does not hold"


def _spoken(difference: Estimate) -> str:
    if difference.interval is None:
        return f"{difference.value:+.3f}"
    return f"{difference.value:+.3f} [{difference.interval[0]:+.3f}, {difference.interval[1]:+.3f}]"


def _spoken_t(found: PairedT) -> str:
    p = f"p {found.p_value:.3f}" if found.p_value >= 0.0005 else f"p {found.p_value:.0e}"
    return f"t {found.t:.2f}, {p}, {found.n} classes"
