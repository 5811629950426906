"""The table of both ways: one row a label, empty where something is not known."""

import csv
import io

from hilum.bundle.quantised import QuantisedLabel
from hilum.evaluation.quantising.compare_forms import Forms
from hilum.evaluation.quantising.quantise import Way
from hilum.evaluation.quantising.table import COLUMNS, table_bytes

ROW = QuantisedLabel(
    name="Mass",
    n=10,
    positives=4,
    auroc_before=0.9,
    auroc_after=0.85,
    flagged_before=None,
    flagged_after=None,
    sensitivity_before=None,
    sensitivity_after=None,
    specificity_before=None,
    specificity_after=None,
    decided_otherwise=None,
)


def test_a_row_a_label_and_none_for_a_way_that_failed() -> None:
    forms = Forms(labels=(ROW,), maps=None, refused=("Mass: AUROC falls by 0.0500 (allowed 0.002)",))
    ways = (Way(overflow_fix="disable", forms=forms), Way(overflow_fix="enable", problem="NNCF cannot"))
    header, row = csv.reader(io.StringIO(table_bytes(ways).decode()))
    assert header == list(COLUMNS)
    assert row == ["disable", "no", "Mass", "10", "4", "0.9", "0.85", "", "", "", "", "", "", ""]
    assert ways[1].refused == ("NNCF cannot",)
    assert ways[1].loss == float("inf")
