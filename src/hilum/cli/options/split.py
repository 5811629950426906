"""Which part of the data is judged where the user names none."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.cli.terminal.say import say
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST
from hilum.errors import UsageError
from hilum.evaluation.bundles.part import EVERY, TRAIN
from hilum.evaluation.bundles.run_folder import Run, split_of
from hilum.nearest import same_but_for_case


def asked_split(asked: str | None, *, run: Run | None, records: Sequence[Record]) -> str:
    """The part that is named, in whatever case; else the test part, or the only one that there is, which is said.

    Of a run that is a part of its own split, of any other model an official part of the data; where the data have none,
    every image. Raises `UsageError` where several parts could be meant.
    """
    there = _parts_of_run(run, records=records) if run is not None else _official_parts(records)
    if asked is not None:
        return same_but_for_case(asked, among=(*there, EVERY))
    if TEST in there or not there:
        return TEST if TEST in there or run is not None else _only(EVERY, why="the data have no official parts")
    if len(there) > 1:
        raise UsageError(f"Missing option: --split NAME. Available: {', '.join(there)}")
    return _only(there[0], why=f"there is no {TEST} split")


def _only(name: str, *, why: str) -> str:
    say(f"evaluating the split {name}, the only one: {why}")
    return name


def _parts_of_run(run: Run, *, records: Sequence[Record]) -> list[str]:
    return sorted(part for part, there in split_of(run, records=records).parts.items() if part != TRAIN and there)


def _official_parts(records: Sequence[Record]) -> list[str]:
    return sorted({record.official for record in records if record.official})
