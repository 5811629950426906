"""Makes a progress that keeps what it was told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Heard:
    """The `lines` that were said, and how many of each thing were found and done."""

    lines: list[str] = field(default_factory=list)
    counts: dict[str, list[int]] = field(default_factory=dict)

    def say(self, line: str, /) -> None:
        self.lines.append(line)

    @contextmanager
    def count(self, doing: str, /) -> Iterator["Counted"]:
        yield Counted(self.counts.setdefault(doing, [0, 0]))


@dataclass
class Counted:
    """Found and done of one thing."""

    both: list[int]

    def found(self, total: int, /) -> None:
        self.both[0] += total

    def done(self) -> None:
        self.both[1] += 1
