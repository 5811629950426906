"""Means over many images, by the parts that a summary names."""

from dataclasses import replace

import pytest

from hilum.report.costs import PARTS, Costs


def test_means_add_the_stages_of_a_part(reading):
    first = replace(reading, timings_ms={"decode": 10.0, "network": 30.0, "explain": 2.0, "lungs": 8.0, "total": 50.0})
    second = replace(reading, timings_ms={"decode": 20.0, "network": 50.0, "explain": 4.0, "lungs": 0.0, "total": 74.0})
    costs = Costs().plus(first).plus(second).plus_writing(60.0)
    assert dict(costs.each_ms()) == pytest.approx({"decode": 15.0, "lungs": 4.0, "specialists": 43.0, "write": 30.0})
    assert [name for name, _ in costs.each_ms()] == [name for name, _ in PARTS if name in dict(costs.each_ms())]


def test_nothing_read_costs_nothing():
    assert Costs().each_ms() == ()
    assert Costs().plus_writing(3.0).each_ms() == ()


def test_one_more_image_leaves_the_earlier_costs_as_they_were(reading):
    one = Costs().plus(reading)
    one.plus(reading)
    assert one.images == 1
    assert one.spent_ms["decode"] == 12.5
