"""A reading as a table on the terminal, and the summary of many; both fit 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hilum.bundle.card import Card
from hilum.reading_result import FailedReading, Finding, Reading
from hilum.report.costs import Costs
from hilum.report.counts import Counts
from hilum.report.wording import (
    RESEARCH_USE,
    card_of,
    decision,
    gate_title,
    operating_point_text,
    ordered,
    patient_text,
    printable,
    probability_text,
    size_text,
)

_BAR_CELLS = 12
_STYLES = {"positive": "bold red", "negative": "green", "no decision": "yellow"}
_GATE_STYLES = {"accepted": "green", "refused": "bold red", "unsure": "yellow", "not judged": "dim"}


def reading_table(reading: Reading, *, cards: Sequence[Card] = ()) -> RenderableType:
    """One reading: source and gate, findings with probability, bar and decision, then warnings.

    `cards` of the models let a finding out of scope say what its model was made for.
    """
    parts: list[RenderableType] = [*_header(reading)]
    if reading.findings:
        parts.append(_findings(reading, cards))
    parts.extend(_marked("!", warning, style="yellow") for warning in reading.warnings)
    parts.append(Text(RESEARCH_USE, style="dim italic"))
    return Group(*parts)


def failure_line(failed: FailedReading) -> RenderableType:
    """A file that could not be read, in one line: name, kind and message."""
    return Text.assemble(
        ("✗ ", "bold red"),
        (printable(failed.name), "bold"),
        "  ",
        (f"{failed.kind}: ", "red"),
        printable(failed.message),
    )


def batch_summary(
    counts: Counts,
    *,
    skipped: int = 0,
    seconds: float | None = None,
    destination: str | None = None,
    costs: Costs | None = None,
) -> RenderableType:
    """The numbers after many files; `skipped` were read before, `destination` is where the results lie."""
    rows: tuple[tuple[str, int, str], ...] = (
        ("read", counts.read, "bold"),
        ("with a positive finding", counts.positive, "bold red"),
        ("without a decision", counts.undecided, "yellow"),
        ("refused at the gate", counts.refused, "yellow"),
        ("unsure at the gate", counts.unsure, "yellow"),
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
    facts = f"{source.format}{frame}, {size_text(reading)}, {patient_text(reading)}, view {reading.view}"
    verdict = Text.assemble("gate: ", (gate_title(gate), _GATE_STYLES[gate.status]))
    if gate.status != "accepted":
        verdict.append(f" ({printable(gate.reason)})")
    if gate.candidates:
        verdict.append(f"; between {', '.join(gate.candidates)}")
    return [Text(printable(source.name), style="bold"), Text(facts, style="dim"), verdict, *_lungs(reading)]


def _lungs(reading: Reading) -> list[Text]:
    lungs = reading.lungs
    if lungs is None:
        return []
    verdict = ("trusted", "green") if lungs.trusted else ("not trusted", "yellow")
    return [Text.assemble("lungs: ", verdict, f" ({lungs.reason})")]


def _findings(reading: Reading, cards: Sequence[Card]) -> RenderableType:
    several_models = len({finding.model for finding in reading.findings}) > 1
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("finding", overflow="fold")
    if several_models:
        table.add_column("model", overflow="fold", style="dim")
    table.add_column("probability", justify="right")
    table.add_column("", width=_BAR_CELLS, no_wrap=True)
    table.add_column(Text.assemble("op. point ", ("┃", "bold")), justify="right", style="dim")
    table.add_column("decision", overflow="fold")
    shares = any(finding.inside_lungs is not None for finding in reading.findings)
    if shares:
        table.add_column("in lungs", justify="right")
    notes: dict[str, None] = {}
    for finding in ordered(reading.findings):
        card = card_of(finding.model, cards=cards)
        said = decision(finding, scope=None if card is None else card.scope)
        if said.note:
            notes[f"{said.word}: {said.note}" if finding.positive is None else said.note] = None
        cells: list[RenderableType] = [finding.name]
        if several_models:
            cells.append(finding.model)
        cells += [probability_text(finding.probability), _bar(finding, _STYLES[said.word])]
        word = f"{said.word} *" if said.note else said.word
        cells += [operating_point_text(finding), Text(word, style=_STYLES[said.word])]
        if shares:
            cells.append("" if finding.inside_lungs is None else f"{finding.inside_lungs:.0%}")
        table.add_row(*cells)
    if shares:
        notes["in lungs: the share of the finding's heatmap that lies inside the lungs"] = None
    return Group(table, *(_marked("*", note, style="dim") for note in notes))


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
