from dataclasses import replace

import pytest

from fabricate_study import PUBLISHED, STUDY, toy_content
from hilum.errors import UsageError
from hilum.evaluation.comparing.many_models import ModelAurocs, Wins
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.study.claims import ClassAbove, CountAbove, Evidence, MeanAbove, MeanNotSurelyAbove, TTest
from hilum.evaluation.study.content import StudyContent
from hilum.statistics.estimate import Estimate

NODULE = ClassAbove("Nodule", ("crop", "plain"))
HERNIA = ClassAbove("Hernia", ("crop", "both"))
COUNT = CountAbove(("both", "crop"))
MEAN = MeanAbove(("both", "plain"))
T = TTest(("both", "plain"))


def evidence(content: StudyContent, *, aurocs: ModelAurocs | None = None) -> Evidence:
    return Evidence(
        aurocs=aurocs or content.aurocs,
        tests={one.pair: one for one in content.tests},
        titles=STUDY.titles,
        published=PUBLISHED,
        t_level=0.01,
    )


def with_difference(aurocs: ModelAurocs, label: str, *, pair, value: float, interval) -> ModelAurocs:
    labels = tuple(
        replace(one, difference={**one.difference, pair: Estimate(value, interval, 0)}) if one.label == label else one
        for one in aurocs.labels
    )
    return replace(aurocs, labels=labels)


def test_the_papers_own_numbers_are_said_in_words(content: StudyContent) -> None:
    found = [claim.result(evidence(content)) for claim in (NODULE, COUNT, MEAN, T)]
    assert [one.paper for one in found] == [
        "0.759 against 0.744: +0.015", "2 of 3, not Hernia", "0.830 against 0.812: +0.018",
        "t 3.93, p 0.059, 3 classes",
    ]  # fmt: skip
    assert [one.paper_holds for one in found] == [True, True, True, False]
    assert [one.key for one in found] == ["crop-nodule", "both-over-crop", "mean-both-over-plain", "t-both-over-plain"]


def test_ours_is_the_difference_of_the_claimed_order(content: StudyContent) -> None:
    turned = ClassAbove("Mass", ("plain", "crop")).result(evidence(content)).difference
    mass = content.aurocs.label("Mass").difference["crop", "plain"]
    assert turned is not None
    assert turned.value == -mass.value
    assert mass.interval is not None
    assert turned.interval == (-mass.interval[1], -mass.interval[0])
    assert NODULE.result(evidence(content)).difference == content.aurocs.label("Nodule").difference["crop", "plain"]


@pytest.mark.parametrize(
    ("interval", "verdict"), [((0.01, 0.2), "holds"), ((-0.1, 0.2), "open"), ((-0.3, -0.01), "does not hold")]
)
def test_the_verdict_is_the_intervals(content: StudyContent, interval: tuple[float, float], verdict: str) -> None:
    moved = with_difference(content.aurocs, "Nodule", pair=NODULE.pair, value=sum(interval) / 2, interval=interval)
    assert NODULE.result(evidence(content, aurocs=moved)).verdict == verdict


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((0.01, 0.2), "does not hold"), ((0.0, 0.2), "holds"), ((-0.3, -0.01), "holds"), (None, "not tested")],
)
def test_that_nothing_is_sure_holds_unless_the_interval_lies_above(
    content: StudyContent, interval: tuple[float, float] | None, verdict: str
) -> None:
    both = MEAN.pair
    moved = {**content.aurocs.mean_difference, both: Estimate(0.05, interval, 0)}
    found = MeanNotSurelyAbove(both).result(
        evidence(content, aurocs=replace(content.aurocs, mean_difference=moved)),
    )
    assert (found.verdict, found.paper_holds) == (verdict, None)
    assert found.key == "mean-both-not-surely-over-plain"
    assert "not surely above" in found.claim
    assert found.paper == "0.830 against 0.812: +0.018"


@pytest.mark.parametrize(
    ("count", "interval", "verdict"), [(10, (8, 14), "holds"), (8, (6, 12), "open"), (4, (3, 8), "does not hold")]
)
def test_the_verdict_on_a_count_is_by_the_share_that_is_printed(
    content: StudyContent, count: int, interval: tuple[int, int], verdict: str
) -> None:
    moved = replace(content.aurocs, wins={**content.aurocs.wins, COUNT.pair: Wins(count, 14, interval)})
    found = COUNT.result(evidence(content, aurocs=moved))
    assert found.verdict == verdict, "the paper prints two of three"
    assert found.ours.startswith(f"{count} of 14 [{interval[0]}, {interval[1]}]")


@pytest.mark.parametrize(
    ("t", "p", "verdict"), [(6.0, 0.001, "holds"), (1.0, 0.3, "open"), (-6.0, 0.001, "does not hold")]
)
def test_the_verdict_on_a_t_test(content: StudyContent, t: float, p: float, verdict: str) -> None:
    made = evidence(content)
    tests = {T.pair: replace(made.tests[T.pair], paired_t=PairedT(0.1, t, p, 14))}
    assert T.result(replace(made, tests=tests)).verdict == verdict


def test_a_class_that_lacks_an_outcome_is_not_tested(content: StudyContent) -> None:
    hernia = HERNIA.result(evidence(content))
    assert (hernia.verdict, hernia.ours, hernia.difference) == ("not tested", "there are no positives", None)
    assert content.aurocs.wins["both", "plain"].of == 3
    assert "without Hernia" in MEAN.result(evidence(content)).ours


def test_a_class_of_other_labels_was_not_judged() -> None:
    found = NODULE.result(evidence(toy_content(labels=("Mass", "Hernia"), replicates=50)))
    assert (found.verdict, found.ours) == ("not tested", "Nodule was not judged")


def test_without_a_printed_table_a_claim_is_about_ours_alone(content: StudyContent) -> None:
    alone = replace(evidence(content), published=None)
    for claim in (NODULE, MEAN, T):
        found = claim.result(alone)
        assert (found.paper, found.paper_holds) == ("not printed", None)
        assert found.verdict == claim.result(evidence(content)).verdict
    with pytest.raises(UsageError, match="published figures of both and crop"):
        COUNT.result(alone)
