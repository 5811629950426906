"""The words in which every report says the same thing: decisions, probabilities, gate, scope and patient.

No report suggests certainty: a probability is never shown as 0 or 1, and a finding without a decision says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hilum.bundle.card import Card, Scope
from hilum.reading_result import Finding, GateVerdict, LungVerdict, Reading

RESEARCH_USE = "Research use, not a medical device"
NOTHING_POSITIVE = "No finding above its operating point"

VIEW_NAMES = {"PA": "PA (back to front)", "AP": "AP (front to back)", "LL": "lateral", "unknown": "unknown"}
SEX_NAMES = {"F": "female", "M": "male", "O": "other", "unknown": "unknown"}
SIDE_NAMES = {"L": "left", "R": "right", "B": "both", "unknown": "unknown"}

_GATE_TITLES = {
    "accepted": "Accepted as a radiograph",
    "refused": "Refused",
    "unsure": "Unsure whether this may be read",
    "not judged": "Not judged",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What is said of one finding: `word` is one of three, `note` adds what a reader must know, or is empty."""

    word: Literal["positive", "negative", "no decision"]
    note: str


def decision(finding: Finding, *, scope: Scope | None = None) -> Decision:
    """The decision on a finding in words; `scope` is its model's, where the card is at hand."""
    if finding.in_scope is False:
        made_for = "see the warnings" if scope is None else f"made for {scope.in_words()}"
        return Decision("no decision", f"outside the model's scope: {made_for}")
    if finding.operating_point is None:
        return Decision("no decision", "the model brings no operating point")
    if finding.positive is None:
        return Decision("no decision", "see the warnings")
    note = "scope unknown, see the warnings" if finding.in_scope is None else ""
    return Decision("positive" if finding.positive else "negative", note)


def operating_point_text(finding: Finding) -> str:
    """The operating point of a finding with three decimals, or `none`."""
    return "none" if finding.operating_point is None else probability_text(finding.operating_point)


def probability_text(probability: float) -> str:
    """A probability in [0, 1] with three decimals, never as 0 or 1."""
    if probability < 0.0005:
        return "<0.001"
    return ">0.999" if probability >= 0.9995 else f"{probability:.3f}"


def gate_title(gate: GateVerdict) -> str:
    """The gate's verdict in a few words, with the X-ray type where it named one."""
    title = _GATE_TITLES[gate.status]
    return f"{title}: {gate.type.name}" if gate.status == "accepted" and gate.type is not None else title


def outcome(reading: Reading) -> str:
    """One sentence about the findings as a whole: what is positive, or why nothing is said to be."""
    if not reading.findings:
        return _nothing_computed(reading.gate)
    findings = ordered(reading.findings)
    named = _names(findings)
    positives = [name for finding, name in zip(findings, named, strict=True) if finding.positive]
    undecided = [name for finding, name in zip(findings, named, strict=True) if finding.positive is None]
    if len(undecided) == len(findings):
        return f"No decision on any finding: {_why_undecided(findings)}"
    said = f"Above the operating point: {', '.join(positives)}" if positives else NOTHING_POSITIVE
    return f"{said}; no decision on {', '.join(undecided)}" if undecided else said


def _names(findings: Sequence[Finding]) -> list[str]:
    """The findings' names, with the model's where several models look for one and the same."""
    times = Counter(finding.name for finding in findings)
    return [f"{each.name} ({each.model})" if times[each.name] > 1 else each.name for each in findings]


def _why_undecided(findings: Sequence[Finding]) -> str:
    if all(finding.operating_point is None and finding.in_scope is not False for finding in findings):
        return "the model brings no operating point"
    return "the radiograph is outside the model's scope or was not judged"


def _nothing_computed(gate: GateVerdict) -> str:
    if gate.status == "accepted":
        kind = "this radiograph" if gate.type is None else f"a radiograph of type {gate.type.name}"
        return f"No finding was computed: no model in use reads {kind}"
    return f"No finding was computed. {gate_title(gate)}: {gate.reason}"


def no_heatmap(reading: Reading) -> str:
    """Why a report shows no heatmap at first."""
    if not reading.findings:
        return "No finding was computed: there is no heatmap to show"
    if any(finding.positive for finding in reading.findings):
        return "The model gave no heatmap"
    if all(finding.positive is None for finding in reading.findings):
        return "No decision on any finding: no heatmap is shown"
    return f"{NOTHING_POSITIVE}: no heatmap is shown"


def lungs_title(lungs: LungVerdict) -> str:
    """In two or three words, whether the drawing of the lungs is used."""
    return "Lungs outlined" if lungs.trusted else "Lungs not trusted"


def lungs_text(lungs: LungVerdict) -> str:
    """One sentence without its full stop: whether the drawing is used, and what was drawn or why not."""
    return f"{lungs_title(lungs)}: {lungs.reason}"


def inside_lungs_text(share: float) -> str:
    """How much of a heatmap lies inside the lungs."""
    return f"{share:.0%} of its heatmap inside the lungs"


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Positive findings first, then by falling probability; equal ones stay in the model's order."""
    return tuple(sorted(findings, key=lambda finding: (finding.positive is not True, -finding.probability)))


def patient_text(reading: Reading) -> str:
    """Age and sex as far as the file tells them."""
    patient = reading.patient
    age = "age unknown" if patient is None or patient.age_years is None else f"{patient.age_years:.3g} years"
    sex = "unknown" if patient is None else patient.sex
    return f"{age}, {'sex unknown' if sex == 'unknown' else SEX_NAMES[sex]}"


def size_text(reading: Reading) -> str:
    """Columns by rows in pixels, with the spacing where it is known."""
    source = reading.source
    size = f"{source.columns} × {source.rows} px"
    if source.spacing_mm is None:
        return size
    return f"{size}, {source.spacing_mm[0]:.3g} × {source.spacing_mm[1]:.3g} mm apart"


def card_of(model: str, *, cards: Sequence[Card]) -> Card | None:
    """The card of the model with this name, or None."""
    return next((card for card in cards if card.name == model), None)


def is_phantom(name: str) -> bool:
    """Whether a source's name says that the picture is a phantom and shows no patient."""
    return "phantom" in name.lower()


def printable(text: str) -> str:
    """`text` on one line for a terminal or a page.

    Control characters and lone surrogates, as file names may hold them, become �; any white space a plain space.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)
