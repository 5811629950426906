from pathlib import Path
from typing import Annotated, Literal

import pytest

from hilum.training.recipe.setting_values import UnfitValueError, describe_type, parse_value


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("3", int, 3),
        ("3", float, 3.0),
        ("3e-4", float, 3e-4),
        ("true", bool, True),
        ("False", bool, False),
        ("true", str, "true"),
        ("none", float | None, None),
        ("0.5", float | None, 0.5),
        ("best", Literal["last", "best"], "best"),
        ("2", Literal[1, 2], 2),
        ("0.9,0.99", tuple[float, float], (0.9, 0.99)),
        ("(0.9, 0.99)", tuple[float, float], (0.9, 0.99)),
        ("Effusion, Mass", tuple[str, ...], ("Effusion", "Mass")),
        ("Effusion", tuple[str, ...], ("Effusion",)),
        ("", tuple[str, ...], ()),
        ("a/b", Path, Path("a/b")),
        ("7", Annotated[int, "at least one"], 7),
        ("train", tuple[str, ...] | None, ("train",)),
    ],
)
def test_a_text_becomes_the_value_of_its_type(text, annotation, value):
    parsed = parse_value(text, annotation=annotation)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("3.5", int, "a whole number"),
        ("three", float, "a number"),
        ("nan", float, "a finite number"),
        ("inf", float, "a finite number"),
        ("1", bool, "true or false"),
        ("worst", Literal["last", "best"], "last or best"),
        ("0.9", tuple[float, float], "2 values with commas between them"),
        ("0.9,x", tuple[float, float], "a number"),
        ("many", int | None, "a whole number or none"),
        ("x", dict, "nothing: this setting is changed in the recipe's Python"),
    ],
)
def test_a_text_that_is_none_says_what_was_expected(text, annotation, expected):
    with pytest.raises(UnfitValueError) as refused:
        parse_value(text, annotation=annotation)
    assert str(refused.value) == expected


def test_a_type_is_described_in_words():
    assert describe_type(tuple[float, float]) == "2 values (a number, a number) with commas between them"
    assert describe_type(tuple[str, ...]) == "text, ... with commas between them"
    assert describe_type(Annotated[float, "share"] | None) == "a number or none"
