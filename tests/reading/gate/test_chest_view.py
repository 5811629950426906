"""What is taken for a chest's view where the file, the user and the picture agree, are silent, or contradict."""

import numpy as np
import pytest

from hilum.radiograph import Radiograph, Source, View
from hilum.reading.gate.chest_view import TakenView, chest_view, view_contradictions
from hilum.reading_result import GateVerdict, PictureView
from hilum.stated import NOTHING_STATED, Stated


def seen(told: View, looks: PictureView | None) -> tuple[Radiograph, GateVerdict]:
    radiograph = Radiograph(np.zeros((2, 2), np.float32), Source("x.png", "0" * 64, "PNG", 2, 2), view=told)
    return radiograph, GateVerdict("accepted", "", view=looks)


@pytest.mark.parametrize(
    ("told", "looks", "taken"),
    [
        ("unknown", None, TakenView("unknown", False)),
        ("unknown", "PA", TakenView("PA", True)),
        ("unknown", "AP", TakenView("AP", True)),
        ("unknown", "lateral", TakenView("LL", True)),
        ("PA", None, TakenView("PA", False)),
        ("PA", "AP", TakenView("PA", False)),
        ("AP", "PA", TakenView("AP", False)),
        ("AP", "lateral", TakenView("LL", True)),
        ("PA", "lateral", TakenView("LL", True)),
        ("LL", "PA", TakenView("LL", False)),
        ("LL", "lateral", TakenView("LL", False)),
        ("oblique", "PA", TakenView("oblique", False)),
        ("decubitus", None, TakenView("decubitus", False)),
        ("other", "AP", TakenView("other", False)),
        ("oblique", "lateral", TakenView("LL", True)),
    ],
)
def test_what_is_said_is_believed_but_a_lateral_picture_is_no_frontal_one(
    told: View, looks: PictureView | None, taken: TakenView
) -> None:
    radiograph, verdict = seen(told, looks)
    assert chest_view(radiograph, gate=verdict) == taken


@pytest.mark.parametrize(("stated", "who"), [(NOTHING_STATED, "the file says"), (Stated(view="PA"), "you said")])
def test_a_frontal_view_that_looks_lateral_is_warned_of(stated: Stated, who: str) -> None:
    radiograph, verdict = seen("PA", "lateral")
    (warning,) = view_contradictions(radiograph, gate=verdict, stated=stated)
    assert warning.startswith(f"{who} view PA, but the picture looks lateral, so nothing that needs")


@pytest.mark.parametrize(
    ("told", "looks"), [("unknown", "lateral"), ("LL", "lateral"), ("LL", "PA"), ("PA", "AP"), ("oblique", "lateral")]
)
def test_all_else_is_no_contradiction(told: View, looks: PictureView) -> None:
    radiograph, verdict = seen(told, looks)
    assert view_contradictions(radiograph, gate=verdict, stated=NOTHING_STATED) == ()


@pytest.mark.parametrize(
    ("taken", "fact"),
    [(TakenView("decubitus", False), "the view is decubitus"),
     (TakenView("AP", True), "the view is AP, judged from the picture"),
     (TakenView("other", False), "the view is neither PA, AP nor lateral")],
)  # fmt: skip
def test_a_view_is_a_fact_in_words(taken: TakenView, fact: str) -> None:
    assert taken.fact == fact
