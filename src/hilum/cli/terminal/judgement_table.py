"""A judgement on the terminal, fitted to its width: labels, the mean, decisions, subgroups, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hilum.cli.terminal.say import one_line
from hilum.evaluation.judging.decisions import AT_PREVALENCE, WORTH_AT_PREVALENCE
from hilum.evaluation.judging.judgement import GroupJudgement, Judgement, LabelJudgement, by_unit, images_of
from hilum.evaluation.judging.subgroup_tests import TITLES, SubgroupTest
from hilum.evaluation.predictions.estimate_text import MARK, estimate_text, notes
from hilum.evaluation.report.table import counted
from hilum.statistics.estimate import Estimate
from hilum.statistics.holm import is_significant
from hilum.statistics.outcomes import UndefinedMetric

_NAME_CELLS = 13
_TOLD = 3
_MOST_GAPS = 5
_SHOWN_MEASURES = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
    "lr_positive": "LR+",
    "lr_negative": "LR−",
    "net_benefit": "net benefit",
    "net_benefit_treat_all": "calling everyone",
}


def judgement_tables(judgement: Judgement) -> RenderableType:
    """Everything that a judgement holds, the mean and the labels first."""
    whole = judgement.whole
    parts: list[RenderableType] = [_labels(whole), *_mean_lines(whole)]
    if judgement.smoke:
        parts.insert(0, Text("! a smoke run: these figures prove a path through the code, no result", "bold yellow"))
    if judgement.validation_protocol is not None:
        parts += [Text(""), _decisions(whole)]
        if any(one.decisions is not None and one.decisions.prevalence is not None for one in whole.labels):
            parts += [Text(""), _at_prevalence(whole)]
    parts += [Text(""), _calibration(whole), *_off_lines(whole)]
    if judgement.calibration is not None:
        parts += [Text(""), _calibrated(whole, method=judgement.calibration), *_refused_lines(whole)]
    if judgement.subgroups:
        parts += [Text(""), _subgroups(judgement.subgroups, labels=[one.label for one in whole.labels])]
    if judgement.subgroup_tests:
        parts += [Text(""), *_gap_lines(judgement.subgroup_tests)]
    facts = [
        by_unit(
            f"{images_of(whole.n, patients=whole.patients, known=judgement.patients_known)}; 95% intervals by patient, "
            f"drawn ones from {judgement.replicates:,} bootstrap replicates",
            patients_known=judgement.patients_known,
        ),
        f"{judgement.design}; protocol: {judgement.protocol}",
        f"split: SHA-256 {judgement.split_sha256}",
    ]
    if judgement.validation_protocol is not None:
        facts.append(f"operating points from: {judgement.validation_protocol}")
    return Group(*with_room_for_numbers(parts), Text(""), *(Text(one_line(fact), style="dim") for fact in facts))


def plain_table(*columns: str, names: int = 1) -> Table:
    """A table whose first `names` columns are text and whose others are numbers, flush right.

    Where the terminal is narrow, intervals break into two lines before names become too short to be read.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for place, column in enumerate(columns):
        if place < names:
            table.add_column(column, overflow="fold", min_width=_NAME_CELLS)
        else:
            table.add_column(column, justify="right", overflow="fold")
    return table


def with_room_for_numbers(parts: Sequence[RenderableType]) -> Sequence[RenderableType]:
    """The same parts; in those that are tables of `plain_table`, short names leave their room to the numbers."""
    for column in (column for part in parts if isinstance(part, Table) for column in part.columns):
        if column.min_width == _NAME_CELLS:
            column.min_width = min(_NAME_CELLS, max((len(str(cell)) for cell in column.cells), default=0))
    return parts


def _labels(group: GroupJudgement) -> Table:
    table = plain_table("label", "positive", "AUROC [95%]", "AP [95%]", "Brier", "ECE")
    for one in group.labels:
        first = f"– {one.undefined}" if one.undefined else estimate_text(one.auroc)
        table.add_row(
            Text(one_line(one.label), style="yellow" if one.undefined else ""),
            f"{one.positives:,} / {one.n:,}",
            Text(first, style="yellow" if one.undefined else ""),
            estimate_text(one.average_precision),
            _number(one.brier),
            _number(one.ece),
        )
    return table


def _mean_lines(group: GroupJudgement) -> list[Text]:
    used = [name for name in group.in_mean if name not in group.left_out]
    lines = (
        []
        if len(group.labels) == 1
        else [
            Text.assemble(
                ("mean AUROC ", "bold"),
                (estimate_text(group.mean_auroc), "bold"),
                " ",
                one_line(f"over {counted(len(used), 'label')}: {', '.join(used)}"),
            )
        ]
    )
    lines += [
        Text(one_line(f"! not in the mean: {name}: {group.left_out_why[name]}"), style="bold yellow")
        for name in group.left_out
    ]
    named = [(one.label, one.auroc) for one in group.labels if one.label not in group.left_out]
    return lines + [Text(one_line(f"{MARK} {note}"), style="yellow") for note in notes(named)]


def _decisions(group: GroupJudgement) -> Table:
    table = plain_table("label", "at the point", "value [95%]", names=2)
    table.add_column("prevalence", justify="right")
    for one in group.labels:
        if one.decisions is None:
            table.add_row(one_line(one.label), Text(one.decisions_undefined or "–", style="yellow"), "–", "–")
            continue
        leads = [one_line(one.label), f"  from {one.decisions.threshold:.4g}"]
        for row, (name, title) in enumerate(_SHOWN_MEASURES.items()):
            table.add_row(
                leads[row] if row < len(leads) else "",
                title,
                estimate_text(one.decisions.measures[name]),
                _shift(one)[row] if row < 2 else "",
                end_section=row + 1 == len(_SHOWN_MEASURES),
            )
    return table


def _at_prevalence(group: GroupJudgement) -> Table:
    table = plain_table("label", "stated prevalence", "PPV [95%]", "NPV [95%]", "net benefit [95%]")
    table.columns[1].min_width = len("stated prevalence")
    for one in group.labels:
        if one.decisions is not None and one.decisions.prevalence is not None:
            shown = (estimate_text(one.decisions.measures[name]) for name in (*AT_PREVALENCE, WORTH_AT_PREVALENCE[0]))
            table.add_row(one_line(one.label), f"{one.decisions.prevalence:g}", *shown)
    return table


def _calibration(group: GroupJudgement) -> Table:
    """How far stated probabilities are from what came: 0, 0 and 1 where they are what comes."""
    table = plain_table("label", "stated − observed [95%]", "in the large [95%]", "slope [95%]")
    for one in group.labels:
        if one.calibration is not None:
            fit = one.calibration.fit
            shown = (fit.mean_difference, fit.in_the_large, fit.slope)
            table.add_row(one_line(one.label), *(_signed(value, plus=place < 2) for place, value in enumerate(shown)))
    return table


def _off_lines(group: GroupJudgement) -> list[Text]:
    """Where stated probabilities are off, in words, for the first labels that are; how many more there are."""
    off = [one for one in group.labels if one.calibration is not None and one.calibration.is_off]
    lines = [
        Text(one_line(f"! {one.label}: {one.calibration.in_words}"), style="yellow")
        for one in off[:_TOLD]
        if one.calibration is not None
    ]
    more = len(off) - len(lines)
    return [*lines, Text(f"! and {more} more labels: see `bands` of --json", style="yellow")] if more else lines


def _signed(value: Estimate | UndefinedMetric, *, plus: bool) -> str:
    if isinstance(value, UndefinedMetric):
        return f"– {value.reason}"
    return estimate_text(value, sign="+" if plus else "")


def _calibrated(group: GroupJudgement, *, method: str) -> Table:
    """Brier score and calibration error as the scores are, and after the calibration that validation gave."""
    table = plain_table("label", "Brier as it is", f"after {method} [95%]", "ECE as it is", "after")
    for one in group.labels:
        after = one.calibrated
        if after is None or after.undefined is not None:
            table.add_row(
                one_line(one.label),
                _number(one.brier),
                Text("refused", "yellow"),
                _number(one.ece),
                "–",
            )
            continue
        table.add_row(
            one_line(one.label),
            _number(one.brier),
            estimate_text(after.brier),
            _number(one.ece),
            _number(after.ece),
        )
    return table


def _refused_lines(group: GroupJudgement) -> list[Text]:
    """Why a label has no calibration, one line each."""
    return [
        Text(one_line(f"! {one.label} is not calibrated: {one.calibrated.undefined}"), style="yellow")
        for one in group.labels
        if one.calibrated is not None and one.calibrated.undefined is not None
    ]


def _shift(label: LabelJudgement) -> tuple[str, str]:
    """Validation and judged prevalence, and below it their difference with its interval; "!" where it is not 0."""
    there = label.validation
    if there is None or not there.n or not label.n:
        return "–", ""
    shares = f"{there.positives / there.n:.3f} → {label.positives / label.n:.3f}"
    if there.shift is None or there.shift.interval is None:
        return shares, ""
    low, high = there.shift.interval
    return shares, f"{'' if low <= 0 <= high else '! '}{estimate_text(there.shift, sign='+')}"


def _subgroups(columns: Mapping[str, Mapping[str, GroupJudgement]], *, labels: list[str]) -> Table:
    """The groups of each column: the label where there is one, else the mean over the labels."""
    single = len(labels) == 1
    table = plain_table("subgroup", "label", "positive" if single else "images", "AUROC [95%]", names=2)
    for column, groups in columns.items():
        for name, group in groups.items():
            title = one_line(f"{column}: {name}")
            if single:
                one = group.labels[0]
                counts = f"{one.positives:,} / {one.n:,}"
                table.add_row(title, one_line(one.label), counts, estimate_text(one.auroc))
                continue
            mean = f"mean of {len(group.in_mean) - len(group.left_out)} of {len(group.in_mean)}"
            table.add_row(title, mean, f"{group.n:,}", estimate_text(group.mean_auroc))
    return table


def _gap_lines(tests: Sequence[SubgroupTest]) -> list[Text]:
    """The gaps between groups that stay after Holm's correction, the surest first, and how many were tested."""
    tested = [one for one in tests if one.p_holm is not None]
    stay = sorted((one for one in tested if is_significant(one.p_holm)), key=lambda one: one.p or 0.0)
    few = len(tests) - len(tested)
    head = f"groups beside the rest: {len(stay)} of {len(tested)} gaps stay after Holm's correction"
    lines = [Text(f"{head}; {few} not tested, too few patients" if few else head)]
    lines += [
        Text(
            one_line(
                f"! {one.column}: {one.group}, {one.label}, {TITLES[one.measure]}: "
                f"{estimate_text(one.gap, sign='+')}, p {one.p_holm:.2g} after Holm"
            ),
            style="yellow",
        )
        for one in stay[:_MOST_GAPS]
    ]
    more = len(stay) - _MOST_GAPS
    return [*lines, Text(f"! and {more} more: see `subgroup_tests` of --json", style="yellow")] if more > 0 else lines


def _number(value: float | Estimate | None) -> str:
    return "–" if value is None else f"{value.value if isinstance(value, Estimate) else value:.3f}"
