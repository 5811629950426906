"""What a search for images did not read, a line each."""

from __future__ import annotations

from collections import Counter

from hilum.cli.terminal.say import say, say_problem
from hilum.output.inputs import Inputs, SkippedFile

_LISTED_UP_TO = 10


def say_the_rest(inputs: Inputs, *, quiet: bool, listed_in: str | None = None) -> None:
    """Folders and archives that failed, and what was skipped in the others; `listed_in` says where all stand."""
    for problem in inputs.problems:
        say_problem(problem)
    if quiet:
        return
    told = Skipped()
    for skipped in inputs.skipped:
        told.add(skipped)
    told.say(listed_in=listed_in)


class Skipped:
    """Any number of files that were passed over: how many for which reason, and the first of them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: list[SkippedFile] = []

    def add(self, skipped: SkippedFile) -> None:
        """One more."""
        self._counts[skipped.reason] += 1
        if len(self._first) < _LISTED_UP_TO:
            self._first.append(skipped)

    def say(self, *, listed_in: str | None = None) -> None:
        """What was passed over and why; nothing where nothing was. `listed_in` says where all stand."""
        total = self._counts.total()
        if not total:
            return
        files = "1 file" if total == 1 else f"{total:,} files"
        counted = [f"{count:,} {reason}" for reason, count in self._counts.items()]
        why = ", ".join(counted) if len(counted) > 1 else next(iter(self._counts))
        say(f"Skipped {files}: {why}")
        for skipped in self._first:
            say(f"  {skipped.name}: {skipped.reason}")
        if total > len(self._first):
            more = f"  and {total - len(self._first)} more"
            say(more if listed_in is None else f"{more} ({listed_in})")
