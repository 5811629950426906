import pytest

from hilum.errors import UsageError
from hilum.evaluation.comparing.margin import against_margin, margin_words


@pytest.mark.parametrize(
    ("interval", "not_worse", "alike", "worse", "loss"),
    [
        ((-0.01, 0.01), True, True, False, 0.01),
        ((-0.01, 0.03), True, False, False, 0.01),
        ((0.03, 0.05), True, False, False, 0.0),
        ((-0.03, 0.01), False, False, False, 0.03),
        ((-0.06, -0.03), False, False, True, 0.06),
        ((-0.02, 0.01), False, False, False, 0.02),  # the margin itself is not ruled out
        ((-0.01, 0.02), True, False, False, 0.01),
        (None, None, None, None, None),
    ],
)
def test_the_interval_decides(interval, not_worse, alike, worse, loss):
    found = against_margin(interval, margin=0.02)
    assert (found.not_worse, found.alike, found.worse, found.hidden_loss) == (not_worse, alike, worse, loss)


@pytest.mark.parametrize("margin", [0.0, -0.02, 1.0, float("nan")])
def test_what_is_no_margin(margin):
    with pytest.raises(UsageError, match="A margin is a loss between 0 and 1"):
        against_margin((0.0, 0.1), margin=margin)


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ((-0.01, 0.01), "new is not worse than old by more than 0.02: shown; within 0.02 of each other: shown"),
        ((-0.01, 0.05), "new is not worse than old by more than 0.02: shown; within 0.02 of each other: not shown"),
        (
            (-0.031, 0.05),
            "new is not worse than old by more than 0.02: not shown, these data could hide a loss of 0.031",
        ),
        (
            (-0.09, -0.03),
            "new is not worse than old by more than 0.02: refuted, a loss of more than 0.02 is shown",
        ),
        (None, "new is not worse than old by more than 0.02: not shown, there is no interval to judge it by"),
    ],
)
def test_the_words_say_no_more_than_the_interval(interval, words):
    assert margin_words(against_margin(interval, margin=0.02), first="new", second="old") == words
