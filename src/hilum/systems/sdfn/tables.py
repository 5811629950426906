"""The tables of the SDFN study; the paper's and ours never stand in one table, since their protocols differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hilum.evaluation.comparing.many_models import LabelAurocs, ModelAurocs
from hilum.evaluation.comparing.pair_tests import ALPHA, PairTests
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.statistics.estimate import Estimate
from hilum.systems.sdfn.by_view import LEAST_POSITIVES
from hilum.systems.sdfn.claims import ClaimResult
from hilum.systems.sdfn.paper import MEANS, PROTOCOL, PROTOCOL_SHORT, SOURCE, TABLE_1, PaperRow, paper_t
from hilum.systems.sdfn.predictions import NETWORKS, PAIRS, TITLES, Pair
from hilum.systems.sdfn.study import LungCounts, SdfnStudy


def sdfn_tables(study: SdfnStudy) -> tuple[ReportTable, ...]:
    """Every table, in the order of the page."""
    tables = (
        paper_table(),
        ours_table(study),
        differences_table(study),
        claims_table(study.claims),
        t_table(study.tests),
        within_table(study.tests),
        *(tests_table(one) for one in study.tests),
        view_table(study),
        None if study.run.lungs is None else lung_table(study.run.lungs),
    )
    return tuple(table for table in tables if table is not None)


def paper_table() -> ReportTable:
    """Table 1 as printed, its own three columns last."""
    rows: list[tuple[Cell, ...]] = [(label, *_printed(row)) for label, row in TABLE_1.items()]
    rows.append(("mean of 14 classes", *_printed(MEANS)))
    return ReportTable(
        key="paper",
        title=f"The paper ({PROTOCOL_SHORT}): {SOURCE}",
        columns=("class", "Wang et al. 2017", "Yao et al. 2018", "Gündel et al. 2018", "whole image", "lung", "SDFN"),
        rows=tuple(rows),
        note=f"Protocol: {PROTOCOL}. Not comparable with our table, whose images and networks are others.",
    )


def ours_table(study: SdfnStudy) -> ReportTable:
    """AUROC of the three networks by class with intervals, and the mean below."""
    aurocs = study.aurocs
    return ReportTable(
        key="ours",
        title=f"Ours ({protocol_short(study)}): AUROC by class",
        columns=("class", "n", "positives", *(TITLES[network] for network in NETWORKS)),
        rows=(*(_auroc_row(one) for one in aurocs.labels), _mean_row(aurocs)),
        note=f"Protocol: {study.protocol}. {_mean_note(aurocs)}",
    )


def differences_table(study: SdfnStudy) -> ReportTable:
    """Differences of AUROC by class with intervals, and of the mean."""
    aurocs = study.aurocs
    rows: list[tuple[Cell, ...]] = [
        (one.label, one.positives, *(_difference(one, pair) for pair in PAIRS)) for one in aurocs.labels
    ]
    rows.append((_mean_name(aurocs), None, *(aurocs.mean_difference[pair] for pair in PAIRS)))
    return ReportTable(
        key="differences",
        title=f"Ours ({protocol_short(study)}): differences of AUROC",
        columns=("class", "positives", *map(pair_title, PAIRS)),
        rows=tuple(rows),
        note="First minus second, on the same draws of patients. An interval that holds 0 leaves open which is better.",
    )


def claims_table(claims: Sequence[ClaimResult]) -> ReportTable:
    """What the paper says, what its own numbers say, and what ours say."""
    return ReportTable(
        key="claims",
        title="The paper's claims, by name",
        columns=("claim", "the paper's numbers", "ours", "on our images"),
        rows=tuple((one.claim, one.paper, one.ours, one.verdict) for one in claims),
        note='"holds": the interval of the difference lies above 0, the count is reached, or p is below the level. '
        '"open": the interval holds 0, or reaches the count alone, or p is not below the level. "does not hold": '
        "the interval lies below 0, or under the count, or the t-test points the other way.",
    )


def t_table(tests: Sequence[PairTests]) -> ReportTable:
    """The paired t-test over classes, ours beside the one over the paper's own columns, and the mean difference."""
    rows: list[tuple[Cell, ...]] = []
    for one in tests:
        t, printed = one.paired_t, paper_t(first=one.pair[0], second=one.pair[1])
        ours: tuple[Cell, ...] = (
            (t.n, f"{t.t:.2f}", p_text(t.p_value)) if isinstance(t, PairedT) else (None, t.reason, None)
        )
        rows.append((pair_title(one.pair), f"{printed.t:.2f}", p_text(printed.p_value), *ours, one.mean_difference))
    return ReportTable(
        key="paired_t",
        title=f"Paired two-tailed t-test over classes, level {ALPHA}",
        columns=("pair", "t, paper's columns", "p, paper's columns", "our classes", "t", "p", "mean difference"),
        rows=tuple(rows),
        note="The t-test takes classes as independent, though every image counts in each of them, and it does not see "
        "how uncertain each AUROC is: beside it stands the mean difference with its interval by patient.",
    )


def tests_table(tests: PairTests) -> ReportTable:
    """One pair, class by class: bootstrap by patient and DeLong within folds, each with Holm's adjustment."""
    rows: list[tuple[Cell, ...]] = []
    for one in tests.labels:
        within = one.delong
        inside = None
        if within is not None:
            half = 1.959964 * within.standard_error
            inside = Estimate(within.difference, (within.difference - half, within.difference + half), 0)
        rows.append(
            (
                one.label,
                one.difference,
                p_text(one.bootstrap_p),
                p_text(one.bootstrap_p_holm),
                inside,
                p_text(None if within is None else within.p_value),
                p_text(one.delong_p_holm),
                None if within is None else within.folds,
            )
        )
    return ReportTable(
        key=f"tests_{tests.pair[0]}_{tests.pair[1]}",
        title=f"{pair_title(tests.pair)}: every class tested",
        columns=("class", "pooled difference", "p, bootstrap", "Holm", "within folds", "p, DeLong", "Holm", "folds"),
        rows=tuple(rows),
        note="Pooled: bootstrap by patient over all folds. Within folds: DeLong's test of each fold with at least two "
        "positives, joined by their pairs; scores of different folds are never compared, and images count as "
        "independent. Holm adjusts over the classes of this table.",
        folded=True,
    )


def within_table(tests: Sequence[PairTests]) -> ReportTable:
    """AUROC within folds: what pooling the scores of several networks cannot have changed."""
    by_pair = {one.pair: {each.label: each.delong for each in one.labels} for one in tests}
    rows: list[tuple[Cell, ...]] = []
    for label, found in by_pair["sdfn", "whole"].items():
        lung = by_pair["sdfn", "lung"][label]
        if found is None or lung is None:
            rows.append((label, None, None, None, None, 0))
        else:
            rows.append((label, found.positives, found.second, lung.second, found.first, found.folds))
    known = [row for row in rows if row[-1]]
    if known:
        means = (float(np.mean([row[place] for row in known])) for place in (2, 3, 4))
        rows.append((f"mean of {len(known)} classes", None, *means, None))
    return ReportTable(
        key="tests_within_folds",
        title="AUROC within folds",
        columns=("class", "positives", *(TITLES[network] for network in NETWORKS), "folds"),
        rows=tuple(rows),
        note="The chance that of two images of one fold the positive scores above the negative: no score of one "
        "network is compared with another network's, so that calibration plays no part. A fold needs two positives.",
        folded=True,
    )


def view_table(study: SdfnStudy) -> ReportTable | None:
    """Every view with the classes that have enough positives there; None where no view is known."""
    rows: list[tuple[Cell, ...]] = []
    for view in study.views:
        if view.aurocs is None:
            rows.append((view.view, f"no class has {LEAST_POSITIVES} positives", view.n, *([None] * 6)))
            continue
        for one in view.aurocs.labels:
            pairs = (_difference(one, pair) for pair in PAIRS[:2])
            rows.append((view.view, *_auroc_row(one), *pairs))
        means = (view.aurocs.mean_difference[pair] for pair in PAIRS[:2])
        rows.append((view.view, *_mean_row(view.aurocs), *means))
    if not rows:
        return None
    few = "; ".join(f"{view.view}: {', '.join(view.too_few)}" for view in study.views if view.too_few)
    return ReportTable(
        key="views",
        title=f"Ours ({protocol_short(study)}), by view",
        columns=(
            "view",
            "class",
            "n",
            "positives",
            *(TITLES[network] for network in NETWORKS),
            *map(pair_title, PAIRS[:2]),
        ),
        rows=tuple(rows),
        note=f"Classes with at least {LEAST_POSITIVES} positives in the view. Means of two views are over other "
        f"classes: do not compare them. Fewer positives: {few or 'none'}.",
    )


def lung_table(lungs: LungCounts) -> ReportTable:
    """How many crops were whole images because the lungs were not trusted, and what was flagged."""
    rows: list[tuple[Cell, ...]] = [
        ("images", lungs.images, None),
        ("lungs not trusted: the whole image is the crop", lungs.untrusted, _percent(lungs.untrusted, lungs.images)),
        *((f"flag: {flag}", count, _percent(count, lungs.images)) for flag, count in lungs.flags.items()),
    ]
    return ReportTable(
        key="lungs",
        title="The lung crops",
        columns=("what", "images", "share"),
        rows=tuple(rows),
        note=f"Drawn by {lungs.bundle}. The paper found 4.16% of ChestX-ray14 with false or missing regions.",
    )


def protocol_short(study: SdfnStudy) -> str:
    """The protocol as a heading bears it; the whole of it stands below the table."""
    smoke = "SMOKE, no result; " if study.smoke else ""
    aurocs = study.aurocs
    return f"{smoke}{study.run.folds} folds by patient, {aurocs.n:,} images, {aurocs.patients:,} patients"


def pair_title(pair: Pair) -> str:
    """A pair as a column names it."""
    return f"{TITLES[pair[0]]} − {TITLES[pair[1]]}"


def p_text(p: float | None) -> str | None:
    """A p-value with three decimals, or its first digit where it is smaller."""
    if p is None:
        return None
    return f"{p:.3f}" if p >= 0.0005 else f"{p:.0e}"


def _printed(row: PaperRow) -> tuple[Cell, ...]:
    return row.wang, row.yao, row.guendel, row.whole, row.lung, row.sdfn


def _auroc_row(one: LabelAurocs) -> tuple[Cell, ...]:
    if one.undefined is not None:
        return one.label, one.n, one.positives, one.undefined, None, None
    return one.label, one.n, one.positives, *(one.auroc[network] for network in NETWORKS)


def _mean_row(aurocs: ModelAurocs) -> tuple[Cell, ...]:
    return _mean_name(aurocs), None, None, *(aurocs.mean[network] for network in NETWORKS)


def _mean_name(aurocs: ModelAurocs) -> str:
    count = len(aurocs.in_mean) - len(aurocs.left_out)
    return f"mean of {count} {'class' if count == 1 else 'classes'}"


def _mean_note(aurocs: ModelAurocs) -> str:
    if not aurocs.left_out:
        return f"The mean is over all {len(aurocs.in_mean)} classes."
    lacking = "; ".join(f"{name}: {aurocs.left_out_why[name]}" for name in aurocs.left_out)
    return f"Not in the mean: {lacking}."


def _difference(one: LabelAurocs, pair: Pair) -> Cell:
    return one.difference[pair] if one.undefined is None else None


def _percent(count: int, of: int) -> str | None:
    return f"{count / of:.1%}" if of else None
