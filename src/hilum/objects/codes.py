"""The codes that objects are written in: the standard's where there is one, and the private scheme 99HILUM.

The conformance statement lists this table.
"""

from __future__ import annotations

from pydicom.sr.coding import Code

from hilum.findings import FINDINGS
from hilum.objects.library import CodingSchemeIdentificationItem
from hilum.reading_result import GateStatus, RatioCode, UndecidedCode

SCHEME = "99HILUM"


def _own(value: str, meaning: str) -> Code:
    return Code(value, SCHEME, meaning)


PROBABILITY = Code("122157", "DCM", "Probability")
COMMENT = Code("121106", "DCM", "Comment")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
PLAIN_RADIOGRAPHY = Code("168537006", "SCT", "Plain radiography")
POSITIVE = Code("10828004", "SCT", "Positive")
NEGATIVE = Code("260385009", "SCT", "Negative")
LUNG = Code("39607008", "SCT", "Lung")
HEART = Code("80891009", "SCT", "Heart")
RIGHT = Code("24028007", "SCT", "Right")
LEFT = Code("7771000", "SCT", "Left")
ANATOMICAL_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")
UNITY = Code("1", "UCUM", "no units")
MILLIMETRE = Code("mm", "UCUM", "millimeter")
PIXELS = Code("{pixels}", "UCUM", "Pixels")

SCORE = _own("score", "Score outside the model's scope, no probability")
DECISION = _own("decision", "Decision at the operating point")
NOT_DECIDED = _own("not-decided", "Not decided")
OPERATING_POINT = _own("operating-point", "Operating point")
WHY_NOT_DECIDED = _own("why-not-decided", "Why nothing is decided")
GATE = _own("gate", "Whether this is a radiograph that may be read")
XRAY_TYPE = _own("xray-type", "Part of the body, as the picture shows it")
RATIO = _own("ct-ratio", "Cardiothoracic ratio")
HEART_WIDTH = _own("heart-width", "Widest heart")
THORAX_WIDTH = _own("thorax-width", "Widest inner thorax")
WHY_NO_RATIO = _own("why-no-ratio", "Why no cardiothoracic ratio is measured")
LUNG_DRAWING = _own("lung-drawing", "Drawing of the lungs")
LUNGS_TRUSTED = _own("lungs-trusted", "Lungs outlined")
LUNGS_NOT_TRUSTED = _own("lungs-untrusted", "Lungs not trusted")

GATE_STATUS: dict[GateStatus, Code] = {
    "accepted": _own("gate-accepted", "Accepted as a radiograph"),
    "refused": _own("gate-refused", "Refused"),
    "unsure": _own("gate-unsure", "Unsure"),
    "not judged": _own("gate-not-judged", "Not judged"),
}

UNDECIDED: dict[UndecidedCode, Code] = {
    "species outside": _own("species-outside", "The model was not made for this species"),
    "type outside": _own("type-outside", "The model was not made for this part of the body"),
    "modality outside": _own("modality-outside", "The model was not made for this modality"),
    "age outside": _own("age-outside", "The model was not made for this age"),
    "view outside": _own("view-outside", "The model was not made for this view"),
    "turned": _own("turned", "The picture is turned"),
    "inverted": _own("inverted", "The picture is inverted"),
    "cropped": _own("cropped", "The picture is cropped"),
    "type unknown": _own("type-unknown", "The part of the body is not known"),
    "age unknown": _own("age-unknown", "The age is not known"),
    "modality unknown": _own("modality-unknown", "The modality is not known"),
    "view unknown": _own("view-unknown", "The view is not known"),
    "not reliable": _own("not-reliable", "The model is not reliable for this finding"),
    "no operating point": _own("no-threshold", "The model has no operating point for this finding"),
}

RATIO_WITHHELD: dict[RatioCode, Code] = {
    "no heart drawn": _own("no-heart-drawn", "No model in use draws the heart"),
    "animal": _own("animal", "The patient is an animal"),
    "child": _own("child", "The patient is a child"),
    "lateral view": _own("lateral-view", "The view is lateral"),
    "AP view": _own("ap-view", "The view is AP, which magnifies the heart"),
    "other view": _own("other-view", "The view is neither PA, AP nor lateral"),
    "lying": _own("patient-lies", "The patient lies, which widens the heart"),
    "turned": UNDECIDED["turned"],
    "inverted": UNDECIDED["inverted"],
    "cropped": UNDECIDED["cropped"],
    "view unknown": UNDECIDED["view unknown"],
    "lungs not trusted": LUNGS_NOT_TRUSTED,
    "no heart found": _own("no-heart-found", "No heart was found"),
    "no pair of lungs": _own("no-pair-of-lungs", "No pair of lungs was found"),
    "cut by the edge": _own("cut-by-the-edge", "Heart or thorax is cut by the picture's edge"),
}

_FINDINGS = {concept.name: Code(concept.code, concept.scheme, concept.meaning) for concept in FINDINGS}


def finding_code(name: str) -> Code:
    """The code of a finding; a name that is no finding of hilum's vocabulary gets one of 99HILUM."""
    known = _FINDINGS.get(name)
    return known or _own("-".join(name.lower().replace("/", " ").split())[:64], name[:64])


def type_code(name: str) -> Code:
    """The code of an X-ray type."""
    return _own(f"type-{name}", f"{name.capitalize()} X-ray")


def coding_schemes() -> list[CodingSchemeIdentificationItem]:
    """What declares 99HILUM in an object."""
    return [
        CodingSchemeIdentificationItem(
            designator=SCHEME, name="Codes of hilum", responsible_organization="The hilum maintainers"
        )
    ]


def own_codes() -> tuple[Code, ...]:
    """Every code of 99HILUM that an object may hold, but those of X-ray types and of findings of others' models."""
    named = [value for value in globals().values() if isinstance(value, Code)]
    listed = [*named, *GATE_STATUS.values(), *UNDECIDED.values(), *RATIO_WITHHELD.values(), *_FINDINGS.values()]
    return tuple(dict.fromkeys(code for code in listed if code.scheme_designator == SCHEME))
