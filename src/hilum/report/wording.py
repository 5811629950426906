"""The words in which every report says the same thing: decisions, probabilities, gate, scope and patient.

No report suggests certainty: a probability is never shown as 0 or 1, and a finding without a decision says why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hilum.bundle.card import Card
from hilum.bundle.label import NOT_RELIABLE
from hilum.radiograph import Patient, View
from hilum.reading_result import (
    CardiothoracicRatio,
    Finding,
    GateVerdict,
    LungCrop,
    LungVerdict,
    NotDecided,
    RatioWithheld,
    Reading,
    ScopePart,
    UndecidedCode,
    Width,
)
from hilum.stated import age_text

RESEARCH_USE = "Research use, not a medical device"
NO_DIAGNOSIS = "a measurement, not a diagnosis"
DISAGREE = "networks disagree"

VIEW_NAMES: Mapping[View, str] = {
    "PA": "PA (back to front)", "AP": "AP (front to back)", "LL": "lateral", "oblique": "oblique",
    "decubitus": "decubitus (lying on a side)", "other": "neither PA, AP nor lateral", "unknown": "unknown",
}  # fmt: skip
_PICTURE_VIEWS = {
    "PA": "PA view, from back to front",
    "AP": "AP view, from front to back",
    "lateral": "Lateral view",
    None: "Frontal view, not sure whether PA or AP",
}
SEX_NAMES = {"F": "female", "M": "male", "O": "other", "unknown": "unknown"}
SIDE_NAMES = {"L": "left", "R": "right", "B": "both", "unknown": "unknown"}

_GATE_TITLES = {
    "accepted": "Accepted as a radiograph",
    "refused": "Refused",
    "unsure": "Unsure",
    "not judged": "Not judged",
}

RULER_WORDS = {
    "measure": "Drag on the image to measure",
    "spacing": "by the file's pixel spacing, at the detector or as calibrated",
    "no_spacing": "the file gives no pixel spacing, so no mm",
}
"""What the page's ruler says."""

MAP_NOTE = "The colours of the heatmap show which parts of the image add to the finding."

_DECISION_LABELS = {"positive": "flagged", "negative": "not flagged", "not decided": "not decided"}

_WITHIN_SCOPE: tuple[UndecidedCode, ...] = ("not reliable", "no operating point")
"""Why nothing is decided although the model was made for this patient."""


_RANKS = {"positive": 0, "negative": 1, "not decided": 2}

_SIGNS = {
    "−": "-",
    "–": "-",
    "—": "-",
    "±": "+/-",
    "×": "x",
    "°": " degrees",
    "’": "'",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What is said of one finding: `word` is one of three, `note` adds what a reader must know, or is empty."""

    word: Literal["positive", "negative", "not decided"]
    note: str


def decision(finding: Finding) -> Decision:
    """The decision on a finding in words, with the reason where there is none."""
    if finding.not_decided is not None:
        return Decision("not decided", finding.not_decided.reason)
    if finding.positive is None or finding.in_scope is False or finding.operating_point is None:
        return Decision("not decided", "see the warnings")
    return Decision("positive" if finding.positive else "negative", not_known_text(finding.unknown))


def decision_label(said: Decision) -> str:
    """The decision as a page shows it: `flagged`, `not flagged` or `not decided`."""
    return _DECISION_LABELS[said.word]


def short_note(finding: Finding) -> str:
    """The decision's note; of a label that is not reliable without what it lacks."""
    return decision(finding).note if finding.not_decided is None else short_reason(finding.not_decided)


def short_reason(not_decided: NotDecided) -> str:
    """The reason; of a label that is not reliable without what it lacks."""
    return NOT_RELIABLE if not_decided.code == "not reliable" else not_decided.reason


def not_known_text(unknown: Sequence[ScopePart]) -> str:
    """What of a model's scope is not known, such as `age and view not known`; empty where all is."""
    return f"{' and '.join(unknown)} not known" if unknown else ""


def number_name(finding: Finding) -> str:
    """`probability`, or `score` where the model was not made for this patient or may not have been."""
    without_scope = finding.not_decided is not None and finding.not_decided.code not in _WITHIN_SCOPE
    return "score" if without_scope or finding.in_scope is False else "probability"


def number_texts(finding: Finding) -> tuple[str, str]:
    """The probability of a finding and its operating point, or `none`: three decimals, or more that tell them apart."""
    if finding.operating_point is None:
        return probability_text(finding.probability), "none"
    return apart_texts(finding.probability, finding.operating_point, text=probability_text, decimals=range(3, 7))


def probability_text(probability: float, decimals: int = 3) -> str:
    """A probability in [0, 1] with so many decimals, never as 0 or 1."""
    least = 10.0**-decimals
    if probability < least / 2:
        return f"<{least:.{decimals}f}"
    return f">{1 - least:.{decimals}f}" if probability >= 1 - least / 2 else f"{probability:.{decimals}f}"


def apart_texts(
    probability: float, threshold: float, *, text: Callable[[float, int], str], decimals: range
) -> tuple[str, str]:
    """Both as `text` says them, with the fewest of the `decimals` of a share in [0, 1] that tell them apart.

    A probability that does not reach its threshold never looks as though it did: where no decimals tell the two apart
    it is said as the next number below. One that does reach it may look equal.
    """
    for count in decimals:
        said, limit = text(probability, count), text(threshold, count)
        if said != limit:
            return said, limit
    if probability < threshold:
        return text(threshold - 10.0 ** -decimals[-1], decimals[-1]), text(threshold, decimals[-1])
    return text(probability, decimals[0]), text(threshold, decimals[0])


def gate_title(gate: GateVerdict) -> str:
    """The gate's verdict in a few words, with the X-ray type where it named one."""
    title = _GATE_TITLES[gate.status]
    return f"{title}: {gate.seen_type}" if gate.seen_type else title


def lungs_title(lungs: LungVerdict) -> str:
    """In two or three words, whether the drawing of the lungs is used."""
    return "Lungs outlined" if lungs.trusted else "Lung outlines uncertain"


def lungs_text(lungs: LungVerdict) -> str:
    """One sentence without its full stop: whether the drawing is used, and what was drawn or why not."""
    return f"{lungs_title(lungs)}: {lungs.reason}"


def ratio_text(ratio: CardiothoracicRatio) -> str:
    """The ratio with its expected error, such as `0.48 ± 0.02`, as far as that is known."""
    error = "" if ratio.mean_error is None else f" ± {ratio.mean_error:.2f}"
    return f"{ratio.value:.2f}{error}"


def ratio_line(reading: Reading) -> str | None:
    """One sentence without its full stop on the cardiothoracic ratio; None where nothing in use draws a heart."""
    ratio = reading.cardiothoracic_ratio
    if ratio is None or (isinstance(ratio, RatioWithheld) and ratio.code == "no heart drawn"):
        return None
    if isinstance(ratio, RatioWithheld):
        return f"Cardiothoracic ratio not measured: {ratio.reason}"
    return f"Cardiothoracic ratio {ratio_text(ratio)}: {NO_DIAGNOSIS}"


def ratio_cautions(reading: Reading) -> tuple[str, ...]:
    """What could make the cardiothoracic ratio mean less, each without capital and full stop; empty without a ratio."""
    ratio = reading.cardiothoracic_ratio
    return ratio.cautions if isinstance(ratio, CardiothoracicRatio) else ()


def width_text(width: Width) -> str:
    """A width in pixels, and in mm where the spacing is known."""
    return f"{width.px:.0f} px" if width.mm is None else f"{width.mm:.0f} mm ({width.px:.0f} px)"


def inside_lungs_text(share: float) -> str:
    """How much of a heatmap lies inside the lungs."""
    return f"{share:.0%} of its heatmap inside the lungs"


def members_text(finding: Finding) -> str:
    """What the networks say whose mean the finding is, such as `the 3 networks say 0.412 to 0.771`; empty without."""
    if not finding.members:
        return ""
    said = [member.probability for member in finding.members]
    low, high = probability_text(min(said)), probability_text(max(said))
    return f"all {len(said)} networks say {low}" if low == high else f"the {len(said)} networks say {low} to {high}"


def disagreement_text(finding: Finding) -> str:
    """That the networks disagree about the decision, and how; empty where they do not."""
    return f"{DISAGREE}, {alone_text(finding)}" if finding.members_disagree else ""


def alone_text(finding: Finding) -> str:
    """How many of the networks would say positive if each decided alone."""
    positive = sum(member.positive is True for member in finding.members)
    return f"{positive} of {len(finding.members)} alone would say positive"


def each_member_text(finding: Finding) -> str:
    """Each network's name with its probability; empty where there is one network."""
    return ", ".join(f"{member.name} {probability_text(member.probability)}" for member in finding.members)


def looks_text(finding: Finding) -> str:
    """What each look alone says, such as `whole picture 0.412, crop 0.771`; empty without looks."""
    return ", ".join(f"{look.name} {probability_text(look.probability)}" for look in finding.looks)


def told_text(finding: Finding) -> str:
    """What is known of the patient and by how much it changed the logit, such as `age 63 +0.12, PA −0.30`."""
    return ", ".join(f"{one.name} {one.logit:+.2f}".replace("-", "−") for one in finding.told)


def crop_text(crop: LungCrop) -> str:
    """Which part of the picture a model read."""
    box = crop.box
    return f"{crop.model} read a crop of {box.width:.0f} × {box.height:.0f} px from column {box.x:.0f}, row {box.y:.0f}"


def sentence(words: str) -> str:
    """`words` as a sentence begins."""
    return words[:1].upper() + words[1:]


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Positive findings first, then negative ones, then what is not decided, each by falling probability.

    Equal ones stay in the model's order.
    """
    return tuple(sorted(findings, key=lambda finding: (_RANKS[decision(finding).word], -finding.probability)))


def patient_text(reading: Reading) -> str:
    """Age and sex as far as they are known; what the user says is marked, and stands in the place of the file's."""
    told, stated = reading.patient or Patient(None, "unknown"), reading.stated
    age = told.age_years if stated.age_years is None else stated.age_years
    ages = "age unknown" if age is None else age_text(age)
    sex = told.sex if stated.sex == "unknown" else stated.sex
    sexes = "sex unknown" if sex == "unknown" else SEX_NAMES[sex]
    return f"{_marked(ages, stated.age_years is not None)}, {_marked(sexes, stated.sex != 'unknown')}"


def view_text(reading: Reading) -> str:
    """The view as far as it is known; what the user says is marked, and so is what the picture alone tells."""
    stated, seen = reading.stated.view, reading.gate.view
    if stated == reading.view == "unknown" and seen is not None:
        return f"{seen} (from the picture)"
    return _marked(reading.view if stated == "unknown" else stated, stated != "unknown")


def picture_view_text(gate: GateVerdict) -> str:
    """How the picture of a chest was taken, as it looks, in plain words; empty where the gate tells no view."""
    if not gate.view_probabilities:
        return ""
    return f"{_PICTURE_VIEWS[gate.view]} (from the picture)"


def stated_text(reading: Reading) -> str:
    """What the user says, and the file does not or says otherwise; empty where the user says nothing."""
    return f"Stated by the user, not by the file: {reading.stated.in_words()}" if reading.stated else ""


def stood_aside_text(reading: Reading) -> str:
    """One line on the models that were not asked, and why; empty where all were."""
    said = "; ".join(f"{one.model} ({one.because.reason})" for one in reading.stood_aside)
    return f"Not used: {said}" if said else ""


def _marked(words: str, is_stated: bool) -> str:
    return f"{words} (stated)" if is_stated else words


def size_text(reading: Reading) -> str:
    """Columns by rows in pixels, with the spacing where it is known."""
    source = reading.source
    size = f"{source.columns} × {source.rows} px"
    if source.spacing_mm is None:
        return size
    apart = dict.fromkeys(f"{mm:.3g}" for mm in source.spacing_mm)
    return f"{size}, pixel spacing {' × '.join(apart)} mm"


def card_of(model: str, *, cards: Sequence[Card]) -> Card | None:
    """The card of the model with this name, or None."""
    return next((card for card in cards if card.name == model), None)


def picture_kept(bits: int, *, lossless: bool) -> str:
    """How a page carries the picture."""
    if lossless:
        return f"to the bit, {bits} bits a pixel"
    how = "" if bits == 8 else ", with what it loses of finer greys beside it"
    return f"compressed (JPEG){how}; the models read the file itself"


def last_part(name: str) -> str:
    """The last part of a file's path, which stands in titles; the path itself stands among the details."""
    return re.split(r"[\\/]", name.rstrip("\\/"))[-1] or name


def is_phantom(name: str) -> bool:
    """Whether a file's own name, whatever its folder's, says that the picture is a phantom and shows no patient."""
    return "phantom" in last_part(name).lower()


def printable(text: str) -> str:
    """`text` on one line for a terminal or a page.

    Control characters and lone surrogates, as file names may hold them, become �; any white space a plain space.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)


def plain_text(text: str) -> str:
    """`text` in ASCII: signs in words, letters without their accents, and what is left as a question mark."""
    spelled = "".join(_SIGNS.get(letter, letter) for letter in text)
    bare = unicodedata.normalize("NFKD", spelled)
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(kept.encode("ascii", "replace").decode("ascii").split())
