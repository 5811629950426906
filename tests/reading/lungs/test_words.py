"""Every state of a drawing has its sentence, and the sentence says the most important thing first."""

import pytest

from fabricate_lungs import RULE
from hilum.reading.lungs.words import lung_reason


def said(*flags: str, quality: float = 0.96, area_share: float = 0.3, trusted: bool = True) -> str:
    return lung_reason(flags=flags, quality=quality, area_share=area_share, rule=RULE, trusted=trusted)


def test_two_lungs() -> None:
    assert said() == "both lungs were drawn"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("no lung",), "no lung was found"),
        (("no lung", "tiny image"), "no lung was found; the picture is too small to outline lungs on"),
        (
            ("lateral view",),
            "this is a lateral view, in which the lungs lie over each other; both lungs were drawn",
        ),
        (
            ("more than two regions",),
            "more than two regions were drawn: the two nearest the centre were kept, perhaps no pair",
        ),
    ],
)
def test_what_is_never_trusted(flags: tuple[str, ...], words: str) -> None:
    assert said(*flags, trusted=False) == words


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("one region", "mirrored"), "one lung was drawn, and the box holds its mirror image too"),
        (("one region",), "the lungs were drawn as one region"),
        (("mirrored",), "of two regions of unlike size the box holds the larger one"),
        (("touches the border",), "the drawing touches the border of the picture"),
        (("child",), "this is a child's chest"),
    ],
)
def test_what_is_unusual_is_said_also_where_it_is_trusted(flags: tuple[str, ...], words: str) -> None:
    assert words in said(*flags)


def test_why_a_drawing_is_doubted() -> None:
    assert said(quality=0.71, trusted=False).startswith(
        "the outlines are uncertain: estimated overlap (Dice) 0.710, 0.850 needed"
    )
    assert said(area_share=0.02, trusted=False).startswith(
        "the drawing covers 2% of the picture, where lungs cover 5% to 70%"
    )
