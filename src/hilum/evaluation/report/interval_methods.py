"""How the intervals of a judgement were made, in one sentence: each method, and what it was used for."""

from __future__ import annotations

from collections.abc import Iterator

from hilum.evaluation.judging.judgement import GroupJudgement, Judgement, LabelJudgement, by_unit
from hilum.evaluation.judging.subgroup_tests import TITLES
from hilum.evaluation.report.tables import MEASURES
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric

_NAMES = {
    **MEASURES,
    "net_benefit_treat_all": "net benefit of calling everyone",
    "ppv_at_prevalence": "PPV at the stated prevalence",
    "npv_at_prevalence": "NPV at the stated prevalence",
    "net_benefit_at_prevalence": "net benefit at the stated prevalence",
    "slope": "calibration slope",
    "intercept": "calibration intercept",
    "in_the_large": "calibration in the large",
    "mean_stated_minus_observed": "mean stated minus observed",
}
"""How measures are called here: as in the tables, but where those lean on a heading; others as they are in files."""


def interval_methods(judgement: Judgement) -> str:
    """The methods as the estimates name them, so that none is told of that was not used.

    How many replicates were drawn is said where any were. A measure of several labels or groups may have several
    methods: it then stands behind each.
    """
    found: dict[str, dict[str, None]] = {}
    drawn = False
    for name, one in _estimates(judgement):
        if isinstance(one, Estimate) and one.interval is not None and one.method is not None:
            found.setdefault(one.method, {})[name] = None
            drawn |= one.replicates > 0
    if not found:
        return "no interval: the patients are too few"
    unit = "patient" if judgement.patients_known else "image"
    each = "; ".join(f"{method}: {', '.join(names)}" for method, names in found.items())
    replicates = (
        f"; drawn ones from {judgement.replicates:,} bootstrap replicates that draw {unit}s, seed {judgement.seed}"
    )
    text = f"95% intervals whose unit is the {unit}; {each}{replicates if drawn else ''}"
    return by_unit(text, patients_known=judgement.patients_known)


_Named = tuple[str, Estimate | UndefinedMetric | None]


def _estimates(judgement: Judgement) -> Iterator[_Named]:
    """Every estimate of the judgement by what it is called, those of the whole set first."""
    groups = [group for column in judgement.subgroups.values() for group in column.values()]
    for group in (judgement.whole, *groups):
        yield from _of_group(group)
    for test in judgement.subgroup_tests:
        yield f"gap of a subgroup in {TITLES[test.measure]}", test.gap


def _of_group(group: GroupJudgement) -> Iterator[_Named]:
    for label in group.labels:
        yield from _of_label(label)
    yield "mean AUROC", group.mean_auroc


def _of_label(label: LabelJudgement) -> Iterator[_Named]:
    yield from (("AUROC", label.auroc), ("AUROC to compare with papers", label.delong))
    yield from (("average precision", label.average_precision), ("Brier score", label.brier))
    named = dict(label.decisions.measures) if label.decisions is not None else {}
    yield from ((_NAMES.get(name, name), one) for name, one in named.items())
    for calibration in (label.calibration, None if label.calibrated is None else label.calibrated.calibration):
        if calibration is not None:
            yield from ((_NAMES[name], one) for name, one in calibration.numbers.items())
    if label.calibrated is not None:
        yield "Brier score", label.calibrated.brier
    if label.validation is not None:
        yield from (
            ("prevalence on validation", label.validation.share),
            ("shift of prevalence", label.validation.shift),
        )
