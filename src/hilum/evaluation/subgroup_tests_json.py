"""The tests of subgroups as JSON: one object a group, label and measure."""

from __future__ import annotations

from typing import Any

from hilum.evaluation.subgroup_tests import SubgroupTest
from hilum.statistics.estimate import Estimate

Json = dict[str, Any]


def subgroup_test_json(test: SubgroupTest) -> Json:
    """What has no value is null; `untested` says why there is no gap, or is null."""
    return {
        "by": test.column,
        "group": test.group,
        "label": test.label,
        "measure": test.measure,
        "patients": test.patients,
        "rest_patients": test.rest_patients,
        **_number("here", test.here),
        **_number("rest", test.rest),
        **_number("gap", test.gap),
        "p": test.p,
        "p_holm": test.p_holm,
        "untested": test.untested,
    }


def _number(name: str, estimate: Estimate | None) -> Json:
    if estimate is None:
        return {name: None, f"{name}_ci": None}
    return {name: estimate.value, f"{name}_ci": None if estimate.interval is None else list(estimate.interval)}
