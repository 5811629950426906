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
        (["high"], "such as 0.05 or Effusion=0.05, came 'high'"),
        (["Effusion="], "came 'Effusion='"),
        (["1.5"], "between 0 and 1, came 1.5"),
        (["Effusion=nan"], "between 0 and 1"),
        (["0.1", "0.2"], "each prevalence once, came '0.2'"),
        (["Mass=0.1", "Mass=0.1"], "each prevalence once"),
    ],
)
def test_refused(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        stated_prevalences(words)
