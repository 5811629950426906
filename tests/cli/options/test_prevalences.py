import pytest

from hilum.cli.options.prevalences import stated_prevalences
from hilum.errors import UsageError


def test_for_every_label_and_by_name() -> None:
    assert stated_prevalences([]) == (None, {})
    assert stated_prevalences(["0.05"]) == (0.05, {})
    assert stated_prevalences(["Effusion=0.1", "0.2", "A=B=0.3"]) == (0.2, {"Effusion": 0.1, "A=B": 0.3})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["high"], "'high' is no prevalence; say 0.05"),
        (["Effusion="], "'Effusion=' is no prevalence"),
        (["1.5"], "between 0 and 1; 1.5 does not"),
        (["Effusion=nan"], "between 0 and 1"),
        (["0.1", "0.2"], "'0.2' states a prevalence a second time"),
        (["Mass=0.1", "Mass=0.1"], "'Mass=0.1' states a prevalence a second time"),
    ],
)
def test_refused(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        stated_prevalences(words)
