"""Which view a DICOM film says that it is, and whether the patient lies: View Position, View Code, Patient Orientation.

A view that is known to be neither PA, AP nor lateral is told apart from one that is not known: no picture is to decide
what the file has said. PS3.3 C.8.1.2, C.8.11.5 and C.8.4.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from hilum.imaging.dicom.values import items, text
from hilum.radiograph import OTHER_VIEWS, VIEWS, View

_CODES_OF: dict[View, tuple[str, ...]] = {
    "PA": ("272479007", "R-40888", "R-10214"),
    "AP": ("399348003", "R-10206"),
    "LL": (
        "399067008", "R-102CD", "399173006", "R-10236", "399198007", "R-10232",  # lateral, left and right
        "399352003", "R-10228", "399260004", "R-10224", "30730003", "G-A145",  # from one side of a limb, sagittal
    ),
    "oblique": (
        "399182000", "R-102C1", "399236003", "R-10234", "399184004", "R-10238",  # any, a side, a corner:
        "399356000", "R-40985", "399135007", "R-10220", "399038007", "R-10210", "399006002", "R-10212",
        "399059000", "R-10216", "399312000", "R-10208", "399160007", "R-10204",  # PA, AP and frontal oblique
        "260427002", "R-40783", "260426006", "R-40782", "399368009", "R-10226", "399099002", "R-10230",
        "399225005", "R-10250", "399288005", "R-10248",  # oblique along the body
        "399132005", "R-10252", "399325008", "R-10254", "399004004", "R-10246",  # oblique axial
    ),
    "other": (
        "399061009", "R-10241", "399110001", "R-102C2",  # axial, tangential
        "399162004", "R-10242", "399196006", "R-10244",  # along the body
        "399242004", "R-102C6", "399351005", "R-102C7", "399272005", "R-102C5", "399316002", "R-102C8",  # of a skull
        "399360002", "R-10257", "399255003", "R-10256", "260499007", "R-40810",  # of a skull and of teeth
        "399071006", "R-102C3", "399335002", "R-102C4", "119376003", "G-8300",  # of a foot, of a specimen
    ),
}  # fmt: skip
"""DICOM context group 4010 (DX view), SNOMED CT and the older SNOMED-RT, but for `frontal`, which may be PA or AP; a
test compares the codes with pydicom's dictionary."""

_VIEW_CODES = {code: view for view, codes in _CODES_OF.items() for code in codes}

_RECUMBENT = frozenset({"102538003", "F-10450"})
"""Of context group 19, which way the patient is turned to gravity."""

_ON_A_SIDE = frozenset({"32185000", "F-10318", "102536004", "F-10319", "102535000", "F-10317"})
_LYING = _ON_A_SIDE | {
    "40199007", "F-10340", "1240000", "F-10310", "34026001", "F-10316",  # supine, prone, half prone
    "34106002", "F-10348", "26527006", "F-10349",  # on a tilted table
}  # fmt: skip
"""Of context group 20, how the patient lies."""


VIEW_TAGS = ("ViewPosition", "ViewCodeSequence", "PatientOrientationCodeSequence")
"""The elements that `read_view` looks at."""


@dataclass(frozen=True, slots=True)
class FilmedView:
    """The view, whether the tags say that the patient lies, and what contradicts."""

    view: View
    is_lying: bool = False
    warnings: tuple[str, ...] = ()


def read_view(elements: Dataset) -> FilmedView:
    """The view of View Position, else of the View Code; two that contradict each other warn.

    A frontal view and a lateral one leave it unknown. One that is said to be another is never taken for frontal; a
    frontal view of a patient who lies on a side is `decubitus`.
    """
    position: View = VIEWS.get((text(elements, "ViewPosition") or "").upper(), "unknown")
    code: View = next((_VIEW_CODES.get(code, "unknown") for code in _codes(elements, "ViewCodeSequence")), "unknown")
    view, warnings = _agreed(position, code)
    turned = items(elements, "PatientOrientationCodeSequence")[:1]
    postures = {code for item in turned for code in _codes(item, "PatientOrientationModifierCodeSequence")}
    is_lying = not (_RECUMBENT | _LYING).isdisjoint(postures | set(_codes(elements, "PatientOrientationCodeSequence")))
    if view in ("PA", "AP", "unknown") and not _ON_A_SIDE.isdisjoint(postures):
        view = "decubitus"
    return FilmedView(view, is_lying or view == "decubitus", warnings)


def _agreed(position: View, code: View) -> tuple[View, tuple[str, ...]]:
    if "unknown" in (position, code) or position == code:
        return (code if position == "unknown" else position), ()
    view: View = next((one for one in (position, code) if one in OTHER_VIEWS), "unknown")
    return view, (f"View Position says {position}, View Code {code}, so the view is treated as {view}",)


def _codes(elements: Dataset, keyword: str) -> tuple[str, ...]:
    """The value of the first item's code, if there is one."""
    return tuple(text(item, "CodeValue") or "" for item in items(elements, keyword)[:1])
