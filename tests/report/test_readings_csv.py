"""The table for a spreadsheet, read back by Python's own reader."""

import csv
import io
from dataclasses import replace

from hilum.report.readings_csv import readings_csv


def _read(data):
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_row_a_file_with_columns_for_each_finding(reading, refused, failed):
    rows = _read(readings_csv([(refused, "b.html"), (failed, None), (reading, "a.html")]))
    assert [row["result"] for row in rows] == ["flagged", "could not be read", "refused"]
    first = rows[0]
    assert first["in words"] == "Pneumonia flagged: 87% (threshold 42%)"
    assert (first["age and sex"], first["view"], first["X-ray type"]) == ("4 years, female", "AP", "chest")
    assert first["Pneumonia, probability"] == "0.8731"
    assert first["Pneumonia, threshold"] == "0.4250"
    assert (first["Pneumonia, decision"], first["Effusion, decision"]) == ("flagged", "not flagged")
    assert first["page"] == "a.html"
    assert (rows[2]["result"], rows[2]["X-ray type"]) == ("refused", "")  # whose nearest type is the hand
    assert (rows[1]["in words"], rows[1]["Pneumonia, decision"]) == ("the PNG ends after 100 bytes", "")


def test_numbers_that_differ_are_not_written_alike(reading, finding):
    close = replace(finding, probability=0.49996, operating_point=0.5, positive=False)
    (row,) = _read(readings_csv([(replace(reading, findings=(close,)), None)]))
    numbers = (row["Pneumonia, probability"], row["Pneumonia, threshold"], row["Pneumonia, decision"])
    assert numbers == ("0.49996", "0.50000", "not flagged")


def test_findings_of_one_name_are_told_apart_by_their_models(reading, finding):
    both = replace(reading, findings=(finding, replace(finding, model="other", positive=False)))
    (row,) = _read(readings_csv([(both, None)]))
    assert row["Pneumonia (chest-test), decision"] == "flagged"
    assert row["Pneumonia (other), decision"] == "not flagged"


def test_a_name_that_looks_like_a_formula_is_text(reading):
    named = replace(reading, source=replace(reading.source, name='=HYPERLINK("x")\n.png'))
    (row,) = _read(readings_csv([(named, None)]))
    assert row["file"] == '\'=HYPERLINK("x") .png'
