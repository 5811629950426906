"""The study of two looks, declared: three arms a pair of networks, their soft vote, and the paper's claims of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.report.label_figures import Pattern
from hilum.evaluation.report.style import BLUE, GREEN, ORANGE, VERMILION
from hilum.evaluation.study.claims import Claim, MeanAbove, MeanNotSurelyAbove
from hilum.evaluation.study.study import Arm, MeanOf, Study
from hilum.systems.attention import paper
from hilum.systems.attention.pairs import HEADS, Head, NetworkPair, studied_titles, vote_of, voters
from hilum.systems.attention.study_sections import branches_section, printed_section

_SHOWN_BESIDE = (NetworkPair("resnet50", "resnet50"), NetworkPair("mobilenet_v1", "mobilenet_v1"))
"""Whose printed figures stand on the page where the paper has none of the pairs that are studied."""

_HEADS_COMPARED: tuple[tuple[Head, Head], ...] = (("fused", "whole"), ("fused", "crop"), ("whole", "crop"))

_LOOKS: Mapping[Head, tuple[str, Pattern]] = {"whole": (BLUE, "--"), "crop": (GREEN, ":"), "fused": (VERMILION, "-")}


def attention_study(pairs: Sequence[NetworkPair], *, name: str) -> Study:
    """The study of these pairs; of two or more the soft vote is an arm too.

    The paper's sentences that are tested: attention is introduced "to improve classification accuracy" (abstract), so
    both looks are claimed to be above the whole picture alone; two different networks do "not seem to lead to
    significant improvement" (section VI.A), so a pair that only changes its crop's network is claimed not to be surely
    above the equal pair; and the soft vote is "the best among all our attempts".
    """
    of = voters(pairs)
    closely = [*(pairs[0].arm(head) for head in HEADS), *([vote_of(of)] if of else [])]
    titles = studied_titles(pairs)
    return Study(
        name=name,
        title=f"The whole image and the part that it attends to: {_named(pairs)}",
        arms=(*(arm for pair in pairs for arm in _arms(pair, titles=titles, drawn=pair == pairs[0])), *_vote(of)),
        pairs=_compared(pairs, of=of),
        published=paper.published(_printed(pairs), titles=titles),
        claims=claims_of(pairs, of=of),
        sections=(partial(branches_section, pairs=tuple(pairs), of=of), printed_section),
        closely=tuple(closely),
    )


def claims_of(pairs: Sequence[NetworkPair], *, of: Sequence[NetworkPair]) -> tuple[Claim, ...]:
    """What the paper says of these pairs, and of the soft vote `of` some of them."""
    gains = [(pair.arm("fused"), pair.arm("whole")) for pair in pairs]
    mixed = (MeanNotSurelyAbove(pair) for pair in _mixed_over_equal(pairs))
    return (*map(MeanAbove, gains), *mixed, *map(MeanAbove, _vote_over(of)))


def _compared(pairs: Sequence[NetworkPair], *, of: Sequence[NetworkPair]) -> tuple[Pair, ...]:
    within = [(pair.arm(first), pair.arm(second)) for pair in pairs for first, second in _HEADS_COMPARED]
    return (*within, *_mixed_over_equal(pairs), *_vote_over(of))


def _mixed_over_equal(pairs: Sequence[NetworkPair]) -> list[Pair]:
    equal = {pair.whole: pair for pair in pairs if pair.equal}
    return [
        (pair.arm(head), equal[pair.whole].arm(head))
        for pair in pairs
        if not pair.equal and pair.whole in equal
        for head in ("fused", "whole")
    ]


def _vote_over(of: Sequence[NetworkPair]) -> list[Pair]:
    return [(vote_of(of), pair.arm(head)) for pair in of for head in ("fused", "whole")]


def _arms(pair: NetworkPair, *, titles: Mapping[str, str], drawn: bool) -> tuple[Arm, ...]:
    plain = tuple(Arm(name=pair.arm(head), title=titles[pair.arm(head)]) for head in HEADS)
    if not drawn:
        return plain
    return tuple(
        replace(arm, colour=_LOOKS[head][0], pattern=_LOOKS[head][1]) for arm, head in zip(plain, HEADS, strict=True)
    )


def _vote(of: Sequence[NetworkPair]) -> tuple[MeanOf, ...]:
    arm = Arm(name=vote_of(of), title="soft vote", colour=ORANGE, pattern="-.")
    return (MeanOf(arm=arm, of=tuple(pair.arm("fused") for pair in of)),) if of else ()


def _named(pairs: Sequence[NetworkPair]) -> str:
    return pairs[0].title if len(pairs) == 1 else f"{len(pairs)} pairs of networks"


def _printed(pairs: Sequence[NetworkPair]) -> tuple[NetworkPair, ...]:
    return tuple(pair for pair in pairs if pair.name in paper.OWN) or _SHOWN_BESIDE
