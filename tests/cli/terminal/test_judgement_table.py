"""A judgement on a terminal of 80 columns."""

from rich.console import Console

from fabricate_predictions import fabricate_predictions
from hilum.cli.terminal.judgement_table import judgement_tables
from hilum.evaluation.judging.judge import judge


def shown(*labels: str) -> list[str]:
    console = Console(width=80, no_color=True)
    with console.capture() as caught:
        console.print(judgement_tables(judge(fabricate_predictions(labels=labels), replicates=100)))
    return caught.get().splitlines()


def test_intervals_of_a_short_label_stay_on_its_line() -> None:
    lines = shown("Effusion", "Mass")
    assert max(map(len, lines)) <= 80
    (line,) = [one for one in lines if one.lstrip().startswith("Mass") and " / " in one]
    assert line.count("[0.") == line.count("]") == 2
    assert any("mean AUROC" in one for one in lines)


def test_one_label_has_no_mean() -> None:
    assert not any("mean AUROC" in one for one in shown("Mass"))
