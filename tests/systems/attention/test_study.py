import pytest

from hilum.evaluation.study.claims import MeanNotSurelyAbove
from hilum.systems.attention.pairs import PAPER_PAIRS, NetworkPair
from hilum.systems.attention.study import attention_study

LOCAL = NetworkPair("mobilenet_v2", "mobilenet_v2")
BOTH = (LOCAL, NetworkPair("mobilenet_v2", "resnet18"))


def claimed(study):
    return {one.pair for one in study.claims}


def test_all_pairs_of_the_paper_are_arms_branch_by_branch_with_the_soft_vote():
    study = attention_study(PAPER_PAIRS, name="attention")
    assert len(study.trained) == 36
    (vote,) = study.means
    assert vote.of == ("resnet50-fused", "resnext50_32x4d-fused", "resnext101_32x8d-fused")
    assert set(study.titles) == set(study.published.columns)
    assert list(study.close_titles) == ["resnet50-whole", "resnet50-crop", "resnet50-fused", "vote"]
    assert study.close_pairs == (
        ("resnet50-fused", "resnet50-whole"),
        ("resnet50-fused", "resnet50-crop"),
        ("resnet50-whole", "resnet50-crop"),
        ("vote", "resnet50-fused"),
        ("vote", "resnet50-whole"),
    )


def test_its_claims_are_attention_mixed_networks_that_gain_nothing_sure_and_the_vote():
    """By the paper's own means: attention helps 4 of 12 pairs and leaves two as they are, mixed pairs win 6 of 12."""
    study = attention_study(PAPER_PAIRS, name="attention")
    attention = {pair for pair in claimed(study) if pair[0].removesuffix("-fused") == pair[1].removesuffix("-whole")}
    mixed = {one.pair for one in study.claims if isinstance(one, MeanNotSurelyAbove)}
    assert all("+" in first and "+" not in second for first, second in mixed)
    vote = {pair for pair in claimed(study) if pair[0] == "vote"}
    assert (len(attention), len(mixed), len(vote)) == (12, 12, 6)
    assert claimed(study) == attention | mixed | vote
    means = {pair: study.published.mean_difference(pair) for pair in claimed(study)}
    assert sorted(pair[1] for pair in attention if means[pair] > 0) == [
        "capsnet-whole",
        "mobilenet_v1-whole",
        "resnet50-whole",
        "resnext50_32x4d-whole",
    ]
    assert sorted(pair[1] for pair in attention if means[pair] == 0) == [
        "resnet50+capsnet-whole",
        "resnet50+mobilenet_v1-whole",
    ]
    assert sum(means[pair] > 0 for pair in mixed) == 6
    assert all(means[pair] > 0 for pair in vote)
    assert means["resnext101_32x8d+resnext50_32x4d-whole", "resnext101_32x8d-whole"] == -0.0069


def test_one_pair_has_three_arms_no_vote_and_the_papers_nearest_figures_beside_it():
    study = attention_study((LOCAL,), name="attention-local")
    assert study.titles == {
        "mobilenet_v2-whole": "whole picture",
        "mobilenet_v2-crop": "crop",
        "mobilenet_v2-fused": "both looks",
    }
    assert "MobileNetV2" in study.title
    assert [name for name in study.published.columns if name.endswith("fused")] == [
        "resnet50-fused",
        "mobilenet_v1-fused",
    ]
    assert claimed(study) == {("mobilenet_v2-fused", "mobilenet_v2-whole")}
    assert study.groups == ("view",)


def test_other_pairs_vote_too_under_another_name_than_the_papers():
    study = attention_study(BOTH, name="attention-local")
    (vote,) = study.means
    assert (vote.arm.name, vote.of) == ("vote-of-all", ("mobilenet_v2-fused", "mobilenet_v2+resnet18-fused"))
    assert ("mobilenet_v2+resnet18-whole", "mobilenet_v2-whole") in claimed(study)
    assert study.published.mean("vote-of-all") is None


@pytest.mark.parametrize("pairs", [PAPER_PAIRS, (LOCAL,), BOTH])
def test_titles_are_as_many_as_arms(pairs):
    titles = attention_study(pairs, name="attention").titles
    assert len(set(titles.values())) == len(titles)
