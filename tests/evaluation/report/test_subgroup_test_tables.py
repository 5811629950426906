from dataclasses import replace

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.report.subgroup_test_tables import subgroup_test_table
from hilum.evaluation.report.tables import decision_curve_table


def test_every_test_has_a_row_and_what_was_not_tested_says_why() -> None:
    judgement = judge(fabricate_predictions(patients=40), replicates=100)
    table = subgroup_test_table(judgement)
    assert table is not None
    assert len(table.rows) == len(judgement.subgroup_tests)
    first = judgement.subgroup_tests[0]
    assert table.rows[0][:2] == (first.column, first.group)
    untested = [row[-1] for row, one in zip(table.rows, judgement.subgroup_tests, strict=True) if one.untested]
    assert untested
    assert all(str(cell).startswith("not tested: ") for cell in untested)


def test_predictions_without_columns_have_no_such_table() -> None:
    plain = replace(fabricate_predictions(patients=20), age_years=None, sex=None, view=None, source=None)
    assert subgroup_test_table(judge(plain, replicates=100)) is None


def test_the_decision_curve_stands_in_a_table_at_every_twentieth() -> None:
    judgement = judge(fabricate_predictions(patients=40), replicates=100)
    table = decision_curve_table(judgement)
    assert table is not None
    curve = judgement.whole.labels[1].decision_curve
    assert curve is not None
    rows = [row for row in table.rows if row[0] == "Effusion"]
    assert [row[1] for row in rows] == [round(0.05 * step, 2) for step in range(1, 20)]
    model = rows[9][2]
    assert not isinstance(model, str | int | float | None)
    assert model.value == curve.model[49]
    assert model.interval == (curve.model_low[49], curve.model_high[49])
