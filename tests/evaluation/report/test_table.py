import csv
import io

from hilum.evaluation.report.table import ReportTable, cell_text, counted, table_csv
from hilum.statistics.estimate import Estimate

TABLE = ReportTable(
    key="t",
    title="T",
    columns=("label", "n", "AUROC", "Brier"),
    rows=(
        ('with "quotes", and a comma', 1200, Estimate(1 / 3, (0.25, 0.5), 0), 0.1),
        ("no interval", 3, Estimate(0.5, None, 7), None),
        ("no value", 0, None, 0.25),
        ("in words", 0, "there are no positives", 0.25),
    ),
)


def test_csv_keeps_every_digit_and_gives_intervals_columns_of_their_own():
    rows = list(csv.DictReader(io.StringIO(table_csv(TABLE).decode())))
    assert list(rows[0]) == ["label", "n", "AUROC", "AUROC_low", "AUROC_high", "Brier"]
    assert rows[0]["label"] == 'with "quotes", and a comma'
    assert float(rows[0]["AUROC"]) == 1 / 3
    assert (rows[0]["AUROC_low"], rows[0]["AUROC_high"]) == ("0.25", "0.5")
    assert (rows[1]["AUROC"], rows[1]["AUROC_low"], rows[1]["Brier"]) == ("0.5", "", "")
    assert (rows[2]["AUROC"], rows[3]["AUROC"]) == ("", "there are no positives")


def test_csv_tells_notes_and_lost_replicates_in_a_column_of_their_own():
    table = ReportTable(
        key="t",
        title="T",
        columns=("label", "AUROC"),
        rows=(
            ("lost", Estimate(0.875, (0.82, 0.93), 351, replicates=10_000)),
            ("few", Estimate(0.9, None, note="only 1 patient")),
            ("plain", Estimate(0.9, (0.8, 0.95))),
        ),
    )
    rows = list(csv.DictReader(io.StringIO(table_csv(table).decode())))
    notes = [row["AUROC_note"] for row in rows]
    assert notes == ["351 of 10,000 replicates had no value", "only 1 patient", ""]


def test_cells_in_words():
    assert cell_text(Estimate(0.12345, (0.1, 0.2), 0)) == "0.123 [0.100, 0.200]"
    assert cell_text(Estimate(0.5, None, 7)) == "0.500 [no interval]"
    assert [cell_text(cell, 1) for cell in (None, 1234, 8.96, "x")] == ["–", "1,234", "9.0", "x"]
    assert [cell_text(cell) for cell in (None, 1234, 0.5, "x")] == ["–", "1,234", "0.500", "x"]


def test_columns_with_a_number_stand_flush_right():
    assert TABLE.flush_right == (False, True, True, True)
    dashes = ReportTable(key="t", title="T", columns=("a", "b"), rows=(("x", None), ("y", None)))
    assert dashes.flush_right == (False, True)


def test_counts_have_a_plural():
    assert (counted(1, "label"), counted(14, "label"), counted(1234, "image")) == (
        "1 label",
        "14 labels",
        "1,234 images",
    )
