"""What the terminal says of a network in 8 bits: before and after, heatmaps, and every reason against it."""

import io

from rich.console import Console

from hilum.bundle.quantised import QuantisedLabel, QuantisedMaps
from hilum.cli.terminal.quantised_table import lines_of_way, quantised_table
from hilum.evaluation.quantising.compare_forms import Forms
from hilum.evaluation.quantising.quantise import Way

ROW = QuantisedLabel(
    name="Mass",
    n=1000,
    positives=40,
    auroc_before=0.9,
    auroc_after=0.8975,
    flagged_before=0.1,
    flagged_after=0.104,
    sensitivity_before=0.8,
    sensitivity_after=0.775,
    specificity_before=None,
    specificity_after=None,
    decided_otherwise=6,
)
MAPS = QuantisedMaps(maps=100, median_correlation=0.987, unlike_boxes=0.03)


def test_a_row_shows_both_forms() -> None:
    way = Way(overflow_fix="enable", forms=Forms(labels=(ROW,), maps=MAPS, refused=()))
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(quantised_table(way))
    text = console.export_text()
    for shown in ("overflow_fix=enable", "1,000 (40)", "0.9000 0.8975", "+0.0025", "0.100 0.104", "0.800 0.775", "6"):
        assert shown in text
    assert lines_of_way(way) == [
        "heatmaps: 100 compared, median correlation 0.987, boxes unlike 3.0%",
        "accepted",
    ]


def test_every_reason_is_a_line() -> None:
    refused = Way(overflow_fix="disable", forms=Forms(labels=(ROW,), maps=None, refused=("one", "two")))
    assert lines_of_way(refused) == ["refused: one", "refused: two"]
    assert lines_of_way(Way(overflow_fix="disable", problem="NNCF cannot")) == ["refused: NNCF cannot"]
