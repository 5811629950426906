import pytest

from hilum.errors import UsageError
from hilum.networks.pooled_classifier import BACKBONES
from hilum.systems.attention.pairs import (
    PAPER_PAIRS,
    VOTERS,
    NetworkPair,
    pairs_of,
    studied_titles,
    vote_of,
    voters,
)

SMALL, MIXED = NetworkPair("squeezenet1_1", "squeezenet1_1"), NetworkPair("squeezenet1_1", "resnet18")


def test_a_pair_is_named_by_its_networks():
    assert pairs_of("squeezenet1_1, squeezenet1_1+resnet18") == (SMALL, MIXED)
    assert [pair.name for pair in (SMALL, MIXED)] == ["squeezenet1_1", "squeezenet1_1+resnet18"]
    assert pairs_of("resnet50+resnet50") == (NetworkPair("resnet50", "resnet50"),)
    assert MIXED.arm("fused") == "squeezenet1_1+resnet18-fused"
    assert NetworkPair("resnet50", "densenet121").title == "ResNet-50 + DenseNet-121"


def test_the_pairs_of_the_paper_are_six_equal_and_six_mixed():
    assert pairs_of("paper") == PAPER_PAIRS
    assert sum(pair.equal for pair in PAPER_PAIRS) == 6
    assert len(PAPER_PAIRS) == 12
    assert {name for pair in PAPER_PAIRS for name in (pair.whole, pair.crop)} <= set(BACKBONES)


@pytest.mark.parametrize("text", ["", "resnet50,", "resnet50+", "a+b+c", "resnet50,resnet50+resnet50"])
def test_what_names_no_pairs_is_refused(text):
    with pytest.raises(UsageError, match=r"pair"):
        pairs_of(text)


def test_the_papers_three_vote_where_they_are_there_else_all():
    assert voters(PAPER_PAIRS) == VOTERS
    assert vote_of(VOTERS) == "vote"
    assert voters((SMALL, MIXED)) == (SMALL, MIXED)
    assert vote_of((SMALL, MIXED)) == "vote-of-all"
    assert voters((SMALL,)) == ()


def test_one_pair_needs_no_network_in_the_titles_of_its_arms():
    assert studied_titles((SMALL,))["squeezenet1_1-fused"] == "both looks"
    assert studied_titles((SMALL, MIXED))["squeezenet1_1-fused"] == "squeezenet1_1, both looks"
    assert studied_titles(PAPER_PAIRS)["resnet50+densenet121-crop"] == "R-50 + D-121, crop"
