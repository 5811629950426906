"""The tables of a study; the paper's and ours never stand in one table, since their protocols differ.

Of one class there is no mean over classes, and no t-test over them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from hilum.evaluation.comparing.fold_delong import FoldDelong
from hilum.evaluation.comparing.many_models import LabelAurocs, ModelAurocs
from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.comparing.pair_tests import PairTests
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.comparing.published import PublishedTable
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.claims import ClaimResult
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import LEAST_POSITIVES
from hilum.evaluation.study.study import Study
from hilum.statistics.estimate import Estimate

_NORMAL_95 = 1.959964


def study_tables(study: Study, *, content: StudyContent) -> tuple[ReportTable, ...]:
    """Every table but those of the study's own sections, in the order of the page."""
    close = [one for one in content.tests if one.pair in study.close_pairs]
    tables = (
        None if study.published is None else published_table(study.published),
        ours_table(study, content=content),
        differences_table(study, content=content),
        claims_table(content.claims) if content.claims else None,
        t_table(study, tests=content.tests) if content.tests and not content.aurocs.of_one_class else None,
        within_table(study, tests=close) if close else None,
        *(tests_table(study, tests=one) for one in close),
        *(group_table(study, content=content, column=column) for column in content.groups),
    )
    return tuple(table for table in tables if table is not None)


def published_table(published: PublishedTable) -> ReportTable:
    """The paper's table as printed."""
    mean = f"mean of {len(published.rows)} classes" if published.rows else "mean"
    means = () if len(published.rows) == 1 else ((mean, *published.means),)
    return ReportTable(
        key="paper",
        title=f"Published ({published.protocol_short}): {published.source}",
        columns=("class", *published.columns.values()),
        rows=(*((label, *row) for label, row in published.rows.items()), *means),
        note=f"Protocol: {published.protocol}. Not comparable with our table, whose images and networks are others.",
        decimals=published.decimals,
    )


def ours_table(study: Study, *, content: StudyContent) -> ReportTable:
    """AUROC of every arm by class with intervals, and the mean below."""
    aurocs = content.aurocs
    return ReportTable(
        key="ours",
        title=f"Ours ({protocol_short(content)}): AUROC{'' if aurocs.of_one_class else ' by class'}",
        columns=("class", "n", "positives", *study.titles.values()),
        rows=(*(_auroc_row(one, arms=study.titles) for one in aurocs.labels), *_mean_rows(aurocs, arms=study.titles)),
        note=f"Protocol: {content.protocol}.{_mean_note(aurocs)}",
    )


def differences_table(study: Study, *, content: StudyContent) -> ReportTable | None:
    """Differences of AUROC by class with intervals, and of the mean; None where no pair is compared."""
    aurocs = content.aurocs
    rows: list[tuple[Cell, ...]] = [
        (one.label, one.positives, *(_difference(one, pair) for pair in study.close_pairs)) for one in aurocs.labels
    ]
    if not aurocs.of_one_class:
        rows.append((_mean_name(aurocs), None, *(aurocs.mean_difference[pair] for pair in study.close_pairs)))
    table = ReportTable(
        key="differences",
        title=f"Ours ({protocol_short(content)}): differences of AUROC",
        columns=("class", "positives", *map(study.pair_title, study.close_pairs)),
        rows=tuple(rows),
        note="First minus second, on the same draws of patients. An interval that holds 0 leaves open which is better.",
    )
    return table if study.close_pairs else None


def claims_table(claims: Sequence[ClaimResult]) -> ReportTable:
    """What the paper says, what its own numbers say, and what ours say."""
    return ReportTable(
        key="claims",
        title="The paper's claims, by name",
        columns=("claim", "the paper's numbers", "ours", "on our images"),
        rows=tuple((one.claim, one.paper, one.ours, one.verdict) for one in claims),
        note='"holds": the interval of the difference lies above 0, the count is reached, or p is below the level. '
        '"open": the interval holds 0, or reaches the count alone, or p is not below the level. "does not hold": '
        "the interval lies below 0, or under the count, or the t-test points the other way. "
        '"not surely above" holds unless the interval lies above 0.',
    )


def t_table(study: Study, *, tests: Sequence[PairTests]) -> ReportTable:
    """The paired t-test over classes, ours beside the one over the paper's own columns, and the mean difference."""
    published = study.published
    rows: list[tuple[Cell, ...]] = []
    for one in tests:
        t, printed = one.paired_t, None if published is None else published.paired_t(one.pair)
        theirs: tuple[Cell, ...] = (None, None) if printed is None else (f"{printed.t:.2f}", p_text(printed.p_value))
        ours: tuple[Cell, ...] = (
            (t.n, f"{t.t:.2f}", p_text(t.p_value)) if isinstance(t, PairedT) else (None, t.reason, None)
        )
        rows.append((study.pair_title(one.pair), *theirs, *ours, one.mean_difference))
    return ReportTable(
        key="paired_t",
        title=f"Paired two-tailed t-test over classes, level {study.t_level}",
        columns=("pair", "t, paper's columns", "p, paper's columns", "our classes", "t", "p", "mean difference"),
        rows=tuple(rows),
        note="The t-test takes classes as independent, though every image counts in each of them, and it does not see "
        "how uncertain each AUROC is: beside it stands the mean difference with its interval by patient.",
    )


def tests_table(study: Study, *, tests: PairTests) -> ReportTable:
    """One pair, class by class: bootstrap by patient and DeLong within folds, each with Holm's adjustment."""
    rows: list[tuple[Cell, ...]] = [
        (
            one.label,
            one.difference,
            p_text(one.bootstrap_p),
            p_text(one.bootstrap_p_holm),
            None if one.delong is None else _inside(one.delong),
            p_text(None if one.delong is None else one.delong.p_value),
            p_text(one.delong_p_holm),
            None if one.delong is None else one.delong.folds,
        )
        for one in tests.labels
    ]
    return ReportTable(
        key=f"tests_{tests.pair[0]}_{tests.pair[1]}",
        title=f"{study.pair_title(tests.pair)}: every class tested",
        columns=("class", "pooled difference", "p, bootstrap", "Holm", "within folds", "p, DeLong", "Holm", "folds"),
        rows=tuple(rows),
        note="Pooled: bootstrap by patient over all folds. Within folds: DeLong's test of each fold with at least two "
        "positives, joined by their pairs; scores of different folds are never compared, and images count as "
        "independent. Holm adjusts over the classes of this table.",
        folded=True,
    )


def within_table(study: Study, *, tests: Sequence[PairTests]) -> ReportTable:
    """AUROC within folds: what pooling the scores of several networks cannot have changed."""
    by_label = {each.label: {one.pair: test.delong for one in tests for test in one.labels if test.label == each.label}
                for each in tests[0].labels}  # fmt: skip
    paired = [arm for arm in study.titles if any(arm in one.pair for one in tests)]
    rows: list[tuple[Cell, ...]] = []
    for label, delongs in by_label.items():
        found = {pair: one for pair, one in delongs.items() if one is not None}
        if len(found) < len(delongs):
            rows.append((label, None, *([None] * len(paired)), 0))
            continue
        any_of = next(iter(found.values()))
        rows.append((label, any_of.positives, *(_within(arm, delongs=found) for arm in paired), any_of.folds))
    known = [row for row in rows if row[-1]]
    if known and len(by_label) > 1:
        means = (float(np.mean([row[place] for row in known])) for place in range(2, 2 + len(paired)))
        rows.append((f"mean of {len(known)} classes", None, *means, None))
    return ReportTable(
        key="tests_within_folds",
        title="AUROC within folds",
        columns=("class", "positives", *(study.titles[arm] for arm in paired), "folds"),
        rows=tuple(rows),
        note="The chance that of two images of one fold the positive scores above the negative: no score of one "
        "network is compared with another network's, so that calibration plays no part. A fold needs two positives.",
        folded=True,
    )


def group_table(study: Study, *, content: StudyContent, column: str) -> ReportTable | None:
    """Every group with the classes that have enough positives there; None where no group is known."""
    groups = content.groups[column]
    rows: list[tuple[Cell, ...]] = []
    for group in groups:
        if group.aurocs is None:
            blank = [None] * (len(study.close_titles) + len(study.close_pairs) + 1)
            rows.append((group.group, f"no class has {LEAST_POSITIVES} positives", group.n, *blank))
            continue
        for one in group.aurocs.labels:
            apart = (_difference(one, pair) for pair in study.close_pairs)
            rows.append((group.group, *_auroc_row(one, arms=study.close_titles), *apart))
        means = (group.aurocs.mean_difference[pair] for pair in study.close_pairs)
        rows += [(group.group, *row, *means) for row in _mean_rows(group.aurocs, arms=study.close_titles)]
    few = "; ".join(f"{group.group}: {', '.join(group.too_few)}" for group in groups if group.too_few)
    table = ReportTable(
        key=f"by_{column.replace(' ', '_')}",
        title=f"Ours ({protocol_short(content)}), by {column}",
        columns=(
            column, "class", "n", "positives", *study.close_titles.values(),
            *map(study.pair_title, study.close_pairs),
        ),
        rows=tuple(rows),
        note=f"Classes with at least {LEAST_POSITIVES} positives in the {column}. Means of two {column}s are over "
        f"other classes: do not compare them. Fewer positives: {few or 'none'}.",
    )  # fmt: skip
    return table if rows else None


def protocol_short(content: StudyContent) -> str:
    """The protocol as a heading bears it; the whole of it stands below the table."""
    smoke = "SMOKE, no result; " if content.smoke else ""
    first, aurocs = content.predictions.first, content.aurocs
    how = f"{content.run.folds} folds by patient" if first.cross_validated else "held out"
    return f"{smoke}{how}, {aurocs.n:,} images, {aurocs.patients:,} patients"


def p_text(p: float | None) -> str | None:
    """A p-value with three decimals, or its first digit where it is smaller."""
    if p is None:
        return None
    return f"{p:.3f}" if p >= 0.0005 else f"{p:.0e}"


def _inside(within: FoldDelong) -> Estimate:
    half = _NORMAL_95 * within.standard_error
    return Estimate(within.difference, (within.difference - half, within.difference + half), 0)


def _within(arm: str, *, delongs: dict[Pair, FoldDelong]) -> float:
    """The arm's AUROC within folds, from the first pair that it is in."""
    pair, found = next((pair, one) for pair, one in delongs.items() if arm in pair)
    return found.first if pair[0] == arm else found.second


def _auroc_row(one: LabelAurocs, *, arms: Collection[str]) -> tuple[Cell, ...]:
    if one.undefined is not None:
        return one.label, one.n, one.positives, one.undefined, *([None] * (len(arms) - 1))
    return one.label, one.n, one.positives, *(one.auroc[arm] for arm in arms)


def _mean_rows(aurocs: ModelAurocs, *, arms: Collection[str]) -> tuple[tuple[Cell, ...], ...]:
    """The row of the mean; none of one class, whose own row says it."""
    return () if aurocs.of_one_class else ((_mean_name(aurocs), None, None, *(aurocs.mean[arm] for arm in arms)),)


def _mean_name(aurocs: ModelAurocs) -> str:
    count = len(aurocs.in_mean) - len(aurocs.left_out)
    return f"mean of {count} {'class' if count == 1 else 'classes'}"


def _mean_note(aurocs: ModelAurocs) -> str:
    """A sentence with a space before it; nothing of one class."""
    if aurocs.of_one_class:
        return ""
    if not aurocs.left_out:
        return f" The mean is over all {len(aurocs.in_mean)} classes."
    lacking = "; ".join(f"{name}: {aurocs.left_out_why[name]}" for name in aurocs.left_out)
    return f" Not in the mean: {lacking}."


def _difference(one: LabelAurocs, pair: Pair) -> Cell:
    return one.difference[pair] if one.undefined is None else None
