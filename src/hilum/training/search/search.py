"""The driver of a search: asks for settings, lets hands train them, follows their logs, and stops those that lag.

It decides on validation alone, and on nothing that is not in the record or in a trial's own folder, so that a second
driver goes on where the first was killed.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import DataError, OutputError
from hilum.output.lock import FolderLock
from hilum.progress import SILENT, Progress
from hilum.training.search.follow import Goal, last_value, values_by_epoch
from hilum.training.search.hands import Hand, Hands, Job, why_it_failed
from hilum.training.search.space import Spelled
from hilum.training.search.trials import Record

LOOK_EVERY_S = 0.5
_FREE_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """`trials` in all, `jobs` of them at the same time, each the job that `make` gives for its number and settings."""

    goal: Goal
    trials: int
    jobs: int
    make: Callable[[int, Spelled], Job]


def run_search(search: Search, *, record: Record, hands: Hands, progress: Progress = SILENT) -> None:
    """Train until there are `search.trials`, and those that a driver before began first.

    A trial that fails is one line, and the others go on. Where this is interrupted, what trains is ended and stays in
    the record as begun.
    """
    waiting = deque(record.unfinished())
    if waiting:
        numbers = ", ".join(str(number) for number, _ in waiting)
        progress.say(f"going on with trial {numbers}, which had not ended; {record.begun - len(waiting)} had")
    for number, spelled in waiting:
        _wait_until_free(search.make(number, spelled).request.out)
    running: dict[int, tuple[Job, Hand]] = {}
    try:
        while True:
            while len(running) < search.jobs and (waiting or record.begun < search.trials):
                number, spelled = waiting.popleft() if waiting else record.ask()
                job = search.make(number, spelled)
                progress.say(f"trial {number}: {', '.join(f'{key}={text}' for key, text in spelled.items())}")
                running[number] = job, hands.start(job)
            if not running:
                return
            time.sleep(LOOK_EVERY_S)
            for number, (job, hand) in list(running.items()):
                if _look(number, job=job, hand=hand, search=search, record=record, progress=progress):
                    del running[number]
    finally:
        for _, hand in running.values():
            hand.stop()
        hands.close()


def _look(number: int, *, job: Job, hand: Hand, search: Search, record: Record, progress: Progress) -> bool:
    """Whether the trial is over, after what its log says is kept."""
    exit_code = hand.exit_code()  # before the log is read, so that of an ended trial all is there
    folder = job.request.out
    try:
        lags = record.report(number, values_by_epoch(folder, goal=search.goal))
        if exit_code is None:
            if lags:
                hand.stop()
                record.stopped(number)
                _forget_checkpoints(folder)
                progress.say(f"trial {number}: stopped early")
            return lags
        if exit_code == 0:
            value = last_value(folder, goal=search.goal)
            record.ended(number, value=value)
            progress.say(f"trial {number}: {search.goal.metric} {value:.4f}")
            return True
        why = why_it_failed(job.log, exit_code=exit_code)
    except DataError as error:
        hand.stop()
        why = str(error)
    record.failed(number, why=why)
    progress.say(f"trial {number}: failed: {why}")
    return True


def _forget_checkpoints(folder: Path) -> None:
    """What only a training that goes on would need."""
    for path in folder.rglob("*.ckpt"):
        path.unlink(missing_ok=True)


def _wait_until_free(folder: Path) -> None:
    """The hand of a driver that was killed ends by itself, though not at once."""
    last = time.monotonic() + _FREE_WITHIN_S
    while folder.is_dir():
        try:
            FolderLock(folder).close()
        except OutputError:
            if time.monotonic() > last:
                raise
            time.sleep(LOOK_EVERY_S)
        else:
            return
