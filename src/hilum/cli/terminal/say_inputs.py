"""What a search for images did not read, a line each."""

from __future__ import annotations

from collections import Counter

from hilum.cli.terminal.say import say, say_problem
from hilum.output.inputs import Inputs

_LISTED_UP_TO = 10


def say_the_rest(inputs: Inputs, *, quiet: bool, listed_in: str | None = None) -> None:
    """Folders and archives that failed, and what was skipped in the others; `listed_in` says where all stand."""
    for problem in inputs.problems:
        say_problem(problem)
    if quiet or not inputs.skipped:
        return
    counts = Counter(skipped.reason for skipped in inputs.skipped)
    files = "1 file" if len(inputs.skipped) == 1 else f"{len(inputs.skipped):,} files"
    counted = [f"{count:,} {reason}" for reason, count in counts.items()]
    why = ", ".join(counted) if len(counted) > 1 else next(iter(counts))
    say(f"Skipped {files}: {why}")
    for skipped in inputs.skipped[:_LISTED_UP_TO]:
        say(f"  {skipped.name}: {skipped.reason}")
    if len(inputs.skipped) > _LISTED_UP_TO:
        more = f"  and {len(inputs.skipped) - _LISTED_UP_TO} more"
        say(more if listed_in is None else f"{more} ({listed_in})")
