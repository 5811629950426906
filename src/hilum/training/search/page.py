"""The page of a search: its space, every trial with its settings, and their validation by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from pydantic import JsonValue

from hilum.evaluation.report.figures import ReportFigure, written_figure
from hilum.evaluation.report.style import BLUE, QUIET, styled
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.table import Cell, ReportTable
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.section_study import SectionStudy, write_section_study
from hilum.training.search.follow import Goal
from hilum.training.search.space import Field
from hilum.training.search.trials import TrialRow

_FAINT = "#a9b3bd"
_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the page says beside the trials: the recipe's name, the command, and what the search is one of."""

    recipe: str
    command: str
    smoke: bool
    facts: Mapping[str, str]


def write_page(
    rows: Sequence[TrialRow], *, best: TrialRow | None, fields: Sequence[Field], goal: Goal, told: Told, folder: Path
) -> Path:
    """Write `study.html` with its tables and figures into `folder`; the path of the page."""
    keys = [field.key for field in fields]
    counts = {
        state: sum(row.state == state for row in rows) for state in ("ended", "stopped early", "failed", "not ended")
    }
    sections = (
        SectionContent(
            key="trials",
            title="Trials",
            note=(
                f"{len(rows)} trials: {', '.join(f'{count} {state}' for state, count in counts.items() if count)}. "
                f"The {'highest' if goal.highest else 'lowest'} {goal.in_words} is what was searched for. It is the "
                "best of many trials on the same validation images, so that it flatters the recipe: judge the model on "
                "images on which nothing was chosen."
            ),
            tables=(_trials(rows, best=best, keys=keys, goal=goal),),
            figures=(_curves(rows, best=best, goal=goal),) if any(row.values for row in rows) else (),
            numbers=[_numbers(row) for row in rows],
        ),
        SectionContent(key="space", title="What was searched", tables=(_space(fields),)),
    )
    study = SectionStudy(
        name="tune",
        title=f"A search over settings of {told.recipe}",
        protocol=f"Every trial is trained and validated on the same images; the {goal.in_words} decides",
        smoke=told.smoke,
        sections=sections,
        facts=(Facts(title="The search", rows=(("Command", told.command), *told.facts.items())),),
        told={"recipe": told.recipe, "command": told.command, "best": None if best is None else best.number},
    )
    return write_section_study(study, folder=folder)


def _trials(rows: Sequence[TrialRow], *, best: TrialRow | None, keys: Sequence[str], goal: Goal) -> ReportTable:
    chosen = None if best is None else best.number
    cells: list[tuple[Cell, ...]] = [
        (
            f"{row.number} (best)" if row.number == chosen else str(row.number),
            f"{row.state}: {row.why}" if row.why else row.state,
            row.value,
            len(row.values),
            *(_short(row.spelled.get(key)) for key in keys),
        )
        for row in rows
    ]
    return ReportTable(
        key="trials",
        title="Every trial",
        columns=("trial", "how it ended", goal.in_words, "epochs", *keys),
        rows=tuple(cells),
        note="Of a trial that trained to its end the value is that of the epoch whose weights it kept; of another the "
        "last one.",
    )


def _short(value: str | None) -> str | None:
    """A long number to four digits; the JSON and the recipe of the best hold all."""
    if value is None or "." not in value:
        return value
    try:
        return f"{float(value):.{_DIGITS}g}"
    except ValueError:
        return value


def _space(fields: Sequence[Field]) -> ReportTable:
    return ReportTable(
        key="space",
        title="Settings",
        columns=("setting", "range or options"),
        rows=tuple((field.key, field.in_words) for field in fields),
    )


def _curves(rows: Sequence[TrialRow], *, best: TrialRow | None, goal: Goal) -> ReportFigure:
    chosen = None if best is None else best.number
    with styled():
        figure = Figure(figsize=(6.4, 3.4))
        axes = figure.add_subplot()
        for row in rows:
            own = row.number == chosen
            colour = BLUE if own else (QUIET if row.state == "ended" else _FAINT)
            axes.plot(
                list(row.values),
                list(row.values.values()),
                color=colour,
                linewidth=2.0 if own else 1.0,
                marker="o",
                markersize=3 if own else 2,
                zorder=3 if own else 2,
                label="the best" if own else None,
            )
        axes.set_xlabel("epoch")
        axes.set_ylabel(goal.in_words)
        axes.locator_params(axis="x", integer=True)
        if chosen is not None:
            axes.legend()
        return written_figure(
            "curves",
            figure,
            title="Validation by epoch",
            caption="Dark lines trained to their end, light ones did not; the thick one is the best.",
            words=f"The {goal.in_words}, of each trial by epoch; the table of trials has the last values.",
            wide=False,
        )


def _numbers(row: TrialRow) -> JsonValue:
    return {
        "number": row.number,
        "state": row.state,
        "value": row.value,
        "values": {str(epoch): value for epoch, value in row.values.items()},
        "settings": dict(row.spelled),
        "why": row.why or None,
    }
