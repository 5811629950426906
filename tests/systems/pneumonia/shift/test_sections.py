from dataclasses import replace

import numpy as np
import pytest

from fabricate_shift import judged, sample
from hilum.evaluation.judging.sharpness import BASELINE
from hilum.evaluation.report.table import table_csv
from hilum.statistics.auroc import auroc
from hilum.systems.pneumonia.shift.arms import TODAY
from hilum.systems.pneumonia.shift.sections import SetRecord, set_section


@pytest.fixture(scope="module")
def section():
    plain, (truth, z) = sample(prevalence=0.5, seed=1, n=400), sample(prevalence=0.5, seed=2, n=400)
    better = z + 2.0 * truth
    own = {
        way: {TODAY: judged(plain, (truth, z), way=way), "other": judged(plain, (truth, better), way=way)}
        for way in ("picture", "copies")
    }
    record = SetRecord(
        name="shifted",
        judged=own,
        titles={TODAY: "today's recipe", "other": "another"},
        sharpness=np.where(truth, 0.03, 0.02),
    )
    return set_section(record, replicates=200), auroc(truth, scores=better), auroc(truth, scores=z)


def test_each_arm_has_its_row_and_its_difference_from_todays(section):
    content, better, today = section
    once, copies = content.tables
    assert [row[0] for row in once.rows] == ["today's recipe", "another", BASELINE]
    assert once.rows[0][2] is None
    assert once.rows[1][1].value == pytest.approx(better)
    assert once.rows[1][2].value == pytest.approx(better - today)
    assert once.rows[1][2].interval[0] > 0
    assert once.rows[2][1].value == 0.0, "the ill are the sharper ones here"
    assert [row[0] for row in copies.rows] == ["today's recipe", "another"]
    assert once.columns[-1] == "map inside the lungs"
    assert copies.columns[-1] == "copies disagree"
    assert all(len(row) == len(once.columns) for row in (*once.rows, *copies.rows))
    assert b"another" in table_csv(once)


def test_the_numbers_are_those_of_the_tables(section):
    content, better, _ = section
    found = content.numbers["picture"]["other"]
    assert content.numbers["n"] == 400
    assert found["auroc"] == pytest.approx(better)
    assert found["specificity"] == content.tables[0].rows[1][5].value
    assert content.numbers["copies"][TODAY]["copies_disagree"] == 0.0
    assert found["inside_lungs_median"] is None
    assert content.numbers["baseline"]["auroc"] == 0.0


def test_arms_without_todays_stand_without_a_difference():
    plain, shifted = sample(prevalence=0.5, seed=1, n=100), sample(prevalence=0.5, seed=2, n=100)
    record = SetRecord(
        name="shifted", judged={"picture": {"other": judged(plain, shifted)}}, titles={"other": "another"},
        sharpness=np.ones(100),
    )  # fmt: skip
    (table,) = set_section(record, replicates=50).tables
    assert table.rows[0][2] is None
    assert replace(table, note="").title.startswith("Shifted validation")
