"""Progress as lines, by a clock that the test turns."""

import pytest

from hilum.progress import ProgressLines, duration


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_come_now_and_then_and_say_what_is_left() -> None:
    clock, said = Clock(), list[str]()
    lines = ProgressLines("preparing images", clock=clock, say=said.append, first_seconds=10)
    lines.found(1000)
    for _ in range(200):  # one a second
        clock.now += 1
        lines.done()
    assert said[0] == "preparing images: 10 of 1,000, about 16 min left"  # 990 at one a second
    assert len(said) == 20
    for _ in range(800):
        clock.now += 1
        lines.done()
    assert 800 / 50 < len(said) - 20 < 800 / 10  # a twentieth of what has passed lies between two


def test_what_was_there_before_does_not_count_as_fast() -> None:
    clock, said = Clock(), list[str]()
    lines = ProgressLines("reading", total=100, done=50, clock=clock, say=said.append, first_seconds=10)
    clock.now += 20
    lines.done()
    assert said == ["reading: 51 of 100, about 16 min left"]  # 49 at 20 s each


def test_without_a_total() -> None:
    clock, said = Clock(), list[str]()
    lines = ProgressLines("hashing", clock=clock, say=said.append, first_seconds=1)
    lines.done()
    clock.now += 2
    lines.done(count=4)
    assert said == ["hashing: 5"]


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (89, "89 s"), (170, "3 min"), (9000, "2.5 h")])
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
