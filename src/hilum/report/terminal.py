"""A reading as a table on the terminal, and the summary of many; both fit 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hilum.bundle.label import NOT_RELIABLE
from hilum.reading_result import Finding, Reading
from hilum.report.costs import Costs
from hilum.report.counts import Counts
from hilum.report.headline import headline, warnings_beside
from hilum.report.wording import (
    RESEARCH_USE,
    decision,
    disagreement_text,
    gate_title,
    looks_text,
    members_text,
    number_name,
    number_texts,
    ordered,
    patient_text,
    printable,
    ratio_cautions,
    ratio_line,
    size_text,
    stated_text,
    stood_aside_text,
    told_text,
    view_text,
)

_BAR_CELLS = 12
_STYLES = {"positive": "bold red", "negative": "green", "not decided": "dim"}
_GATE_STYLES = {"accepted": "green", "refused": "yellow", "unsure": "yellow", "not judged": "dim"}


def reading_table(reading: Reading) -> RenderableType:
    """One reading: source and gate, the headline, findings with probability, bar and decision, then warnings."""
    said = headline(reading)
    parts: list[RenderableType] = [*_header(reading), Text(said, style="bold")]
    if reading.findings:
        parts.extend(_findings(reading))
    if reading.stood_aside:
        parts.append(_marked("-", stood_aside_text(reading), style="dim"))
    doubts = (f"cardiothoracic ratio: {caution}" for caution in ratio_cautions(reading))
    parts.extend(_marked("!", warning, style="yellow") for warning in (*warnings_beside(reading, said=said), *doubts))
    parts.append(Text(RESEARCH_USE, style="dim italic"))
    return Group(*parts)


def batch_summary(
    counts: Counts,
    *,
    skipped: int = 0,
    without_objects: int = 0,
    seconds: float | None = None,
    destination: str | None = None,
    costs: Costs | None = None,
) -> RenderableType:
    """The numbers after many files; `skipped` were read before, `destination` is where the results lie.

    `without_objects` were read, and can have none of the DICOM objects that were asked for.
    """
    rows: tuple[tuple[str, int, str], ...] = (
        ("read", counts.read, "bold"),
        ("with a positive finding", counts.positive, "bold red"),
        ("not decided", counts.undecided, "dim"),
        ("refused at the gate", counts.refused, "yellow"),
        ("unsure at the gate", counts.unsure, "yellow"),
        ("read, but without DICOM objects", without_objects, "yellow"),
        ("failed", counts.failed, "bold red"),
        ("skipped, read before", skipped, "dim"),
    )
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    for words, number, style in rows:
        if number or words == "read":
            table.add_row(Text(f"{number:,}", style=style), words)
    parts: list[RenderableType] = [table]
    if seconds is not None and counts.read + counts.failed:
        each = seconds / (counts.read + counts.failed)
        parts.append(Text(f"{seconds:.1f} s, {each:.2f} s an image", style="dim"))
    parts_ms = () if costs is None else costs.each_ms()
    if parts_ms:
        named = ", ".join(f"{name} {spent:.0f}" for name, spent in parts_ms)
        parts.append(Text(f"ms an image: {named}", style="dim"))
    if destination is not None:
        parts.append(Text.assemble(("results in ", "dim"), printable(destination)))
    parts.append(Text(RESEARCH_USE, style="dim italic"))
    return Group(*parts)


def _header(reading: Reading) -> list[Text]:
    source, gate = reading.source, reading.gate
    frame = "" if source.frame is None else f", frame {source.frame}"
    facts = f"{source.format}{frame}, {size_text(reading)}, {patient_text(reading)}, view {view_text(reading)}"
    verdict = Text.assemble("gate: ", (gate_title(gate), _GATE_STYLES[gate.status]))
    if gate.status != "accepted":
        verdict.append(f" ({printable(gate.reason)})")
    if gate.candidates:
        verdict.append(f"; between {', '.join(gate.candidates)}")
    stated = [Text(stated_text(reading), style="yellow")] if reading.stated else []
    return [Text(printable(source.name), style="bold"), Text(facts, style="dim"), *stated, verdict, *_lungs(reading)]


def _lungs(reading: Reading) -> list[Text]:
    lungs = reading.lungs
    if lungs is None:
        return []
    verdict = ("trusted", "green") if lungs.trusted else ("not trusted", "yellow")
    heart = ratio_line(reading)
    said = [Text.assemble("lungs: ", verdict, f" ({lungs.reason})")]
    return said if heart is None else [*said, Text(f"heart: {heart[:1].lower()}{heart[1:]}")]


def _findings(reading: Reading) -> list[RenderableType]:
    """A table for each model, under its name where there are several, with its notes; then what is said of them all."""
    models = tuple(dict.fromkeys(finding.model for finding in reading.findings))
    one_reason = len({decision(finding) for finding in reading.findings}) == 1  # then the headline says it
    parts: list[RenderableType] = []
    for model in models:
        own = [finding for finding in ordered(reading.findings) if finding.model == model]
        if len(models) > 1:
            parts.append(Text(f"\n{printable(model)}", style="dim bold"))
        parts.append(_table(own))
        own_notes = dict.fromkeys(note for finding in own if (note := _note(finding, said_above=one_reason)))
        parts += [_marked("*", note, style="dim") for note in own_notes]
    notes: dict[str, None] = {}
    if any(finding.inside_lungs is not None for finding in reading.findings):
        notes["in lungs: the share of the finding's heatmap that lies inside the lungs"] = None
    for finding in ordered(reading.findings):
        if finding.positive or finding.members_disagree:
            said = "; ".join(filter(None, (members_text(finding), disagreement_text(finding))))
            notes |= {f"{finding.name}: {said}": None} if said else {}
        if finding.looks:
            said = "; ".join(filter(None, (looks_text(finding), told_text(finding))))
            notes[f"{finding.name}: {said}"] = None
    return [*parts, *(_marked("*", note, style="dim") for note in notes)]


def _note(finding: Finding, *, said_above: bool) -> str:
    said = decision(finding)
    if not said.note or said.word != "not decided":
        return said.note
    if finding.not_decided is not None and finding.not_decided.code == "not reliable":
        return f"not decided: {NOT_RELIABLE}; `hilum models show {finding.model}` says what each lacks"
    reason = [] if said_above else [f"not decided: {said.note}"]
    score = ["the score is no probability for this patient"] if number_name(finding) == "score" else []
    return "; ".join([*reason, *score])


def _table(findings: Sequence[Finding]) -> Table:
    """The findings of one model; only their names may break, so that it stays a table in 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("finding", overflow="fold", min_width=8)
    names = {number_name(finding) for finding in findings}
    table.add_column("score" if names == {"score"} else "probability", justify="right", no_wrap=True)
    table.add_column("", width=_BAR_CELLS, no_wrap=True)
    table.add_column(Text.assemble("threshold ", ("┃", "bold")), justify="right", style="dim", no_wrap=True)
    table.add_column("decision", no_wrap=True)
    shares = any(finding.inside_lungs is not None for finding in findings)
    if shares:
        table.add_column("in lungs", justify="right", no_wrap=True)
    for finding in findings:
        said = decision(finding)
        style = _STYLES[said.word]
        probability, threshold = number_texts(finding)
        number = Text(probability, style="dim" if said.word == "not decided" else "")
        word = Text(f"{said.word} *" if said.note or finding.members_disagree else said.word, style=style)
        cells: list[RenderableType] = [printable(finding.name), number, _bar(finding, style)]
        cells += [threshold, word]
        if shares:
            cells.append("" if finding.inside_lungs is None else f"{finding.inside_lungs:.0%}")
        table.add_row(*cells)
    return table


def _bar(finding: Finding, style: str) -> Text:
    """The probability as a bar of `_BAR_CELLS` cells from 0 to 1, with a mark at its operating point, if any."""
    filled = round(finding.probability * _BAR_CELLS)
    point = finding.operating_point
    mark = None if point is None else min(int(point * _BAR_CELLS), _BAR_CELLS - 1)
    bar = Text()
    for cell in range(_BAR_CELLS):
        letter = "━" if cell < filled else "─"
        bar.append("┃" if cell == mark else letter, style="bold" if cell == mark else style if cell < filled else "dim")
    return bar


def _marked(mark: str, words: str, *, style: str) -> RenderableType:
    """`words` with a hanging indent behind `mark`."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(mark, style=f"bold {style}"), Text(printable(words), style=style))
    return table
