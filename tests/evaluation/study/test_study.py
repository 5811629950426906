from dataclasses import replace

import pytest

from fabricate_study import STUDY
from hilum.errors import UsageError
from hilum.evaluation.study.claims import MeanAbove
from hilum.evaluation.study.study import Arm, MeanOf

VOTE = MeanOf(arm=Arm(name="vote", title="soft vote"), of=("plain", "crop"))


def test_names_and_titles_are_the_arms() -> None:
    study = replace(STUDY, arms=(*STUDY.arms, VOTE))
    assert study.trained == ("plain", "crop", "both")
    assert list(study.titles) == ["plain", "crop", "both", "vote"]
    assert study.pair_title(("vote", "plain")) == "soft vote − plain picture"


def test_of_many_arms_some_are_shown_closely() -> None:
    assert STUDY.close_titles == STUDY.titles
    assert STUDY.close_pairs == STUDY.pairs
    study = replace(STUDY, closely=("both", "plain"))
    assert list(study.close_titles) == ["plain", "both"], "in the order of the arms"
    assert study.close_pairs == (("both", "plain"),)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arms": STUDY.arms[:1]}, "two arms or more"),
        ({"arms": (*STUDY.arms, STUDY.arms[0])}, "each with a name of its own"),
        ({"pairs": (("both", "none"),)}, "no arm 'none'"),
        ({"closely": ("both", "none")}, "no arm 'none'"),
        ({"claims": (MeanAbove(("both", "early")),)}, "A claim speaks of the pair"),
        ({"arms": (*STUDY.arms, replace(VOTE, of=("plain", "none")))}, "no arm 'none'"),
        ({"arms": (*STUDY.arms, replace(VOTE, of=("plain", "vote")))}, "mean of trained arms"),
        ({"arms": (*STUDY.arms, replace(VOTE, of=()))}, "mean of trained arms"),
        ({"published": replace(STUDY.published, measure="accuracy")}, "its published table holds accuracy"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        replace(STUDY, **changes)
