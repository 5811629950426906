"""Which view a chest is taken for: what the file or the user says of it, and what its picture looks like.

A lateral view is one where either says so: frontal models have never seen one. A view that nobody says is the picture's
where the gate is sure. Between PA and AP the file or the user is believed, and so are they where they say another view.
"""

from __future__ import annotations

from dataclasses import dataclass

from hilum.radiograph import VIEW_IN_WORDS, Radiograph, View
from hilum.reading_result import GateVerdict, PictureView
from hilum.stated import Stated

_AS_SAID: dict[PictureView, View] = {"PA": "PA", "AP": "AP", "lateral": "LL"}


@dataclass(frozen=True, slots=True)
class TakenView:
    """The view, and whether the picture alone tells it."""

    view: View
    from_picture: bool

    @property
    def fact(self) -> str:
        """The view as a clause, such as `the view is oblique`."""
        said = f"the view is {VIEW_IN_WORDS.get(self.view, self.view)}"
        return f"{said}, judged from the picture" if self.from_picture else said


def chest_view(radiograph: Radiograph, *, gate: GateVerdict) -> TakenView:
    """The view of a radiograph as file or user tell of it, with the gate's verdict on its picture."""
    seen: View = "unknown" if gate.view is None else _AS_SAID[gate.view]
    if radiograph.view == "unknown" or (seen == "LL" and radiograph.view != "LL"):
        return TakenView(seen, seen != "unknown")
    return TakenView(radiograph.view, False)


def view_contradictions(radiograph: Radiograph, *, gate: GateVerdict, stated: Stated) -> tuple[str, ...]:
    """A warning where a view is said to be frontal and the picture looks lateral; what is said may be the user's."""
    if gate.view != "lateral" or radiograph.view not in ("PA", "AP"):
        return ()
    who = "the file says" if stated.view == "unknown" else "you said"
    return (
        f"{who} view {radiograph.view}, but the picture looks lateral, so nothing that needs a frontal view is "
        "decided. Check which view it is",
    )
