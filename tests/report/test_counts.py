"""Counting what became of many files."""

from dataclasses import replace

from hilum.report.counts import Counts


def test_every_file_is_counted_once_and_where_it_belongs(reading, refused, outside, failed, negative):
    unsure = replace(refused, gate=replace(refused.gate, status="unsure"))
    counts = Counts()
    for result in (reading, refused, unsure, outside, failed, replace(reading, findings=(negative,))):
        counts = counts.plus(result)
    assert counts == Counts(read=5, failed=1, refused=1, unsure=1, positive=1, undecided=1)
