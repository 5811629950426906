"""The tests of subgroups as a table of the report."""

from __future__ import annotations

from hilum.evaluation.judging.judgement import Judgement
from hilum.evaluation.judging.subgroup_tests import TITLES
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.statistics.few_patients import HOLDS_FROM

_FOLDED_FROM = 40


def subgroup_test_table(judgement: Judgement) -> ReportTable | None:
    """Every group and measure beside the rest, with gap, p-value and Holm's; None where there are no groups."""
    if not judgement.subgroup_tests:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            one.column,
            one.group,
            one.label,
            TITLES[one.measure],
            one.patients,
            one.here,
            one.rest,
            one.gap,
            one.p,
            one.p_holm if one.untested is None else f"not tested: {one.untested}",
        )
        for one in judgement.subgroup_tests
    ]
    return ReportTable(
        key="subgroup_tests",
        title="Is a group read worse?",
        columns=("by", "group", "label", "measure", "patients", "here", "rest", "gap", "p", "p after Holm"),
        rows=tuple(rows),
        note="At the one threshold. Gap: group minus the rest of its column, with a 95% interval by patient. patients: "
        "those who carry the measure here. Holm's correction is over the groups of one label and measure, crossed "
        f"groups apart. Below {HOLDS_FROM} patients, here or in the rest, nothing is tested. A gap that is not found "
        "is not shown to be absent: look at its interval.",
        folded=len(rows) > _FOLDED_FROM,
    )
