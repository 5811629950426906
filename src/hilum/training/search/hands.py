"""What trains the trials of a search: processes of this machine, which end with the driver that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from hilum.errors import HilumError
from hilum.training.records.request import TrainRequest

LOG_NAME = "trial.log"
"""What a trial wrote on the terminal, in its folder."""

Work = Callable[[TrainRequest, Any], None]
"""Trains what a request names; a function of a module, so that another process finds it."""

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One trial to be trained by `work`, in the folder of its `request`, on `threads` cores."""

    work: Work
    request: TrainRequest
    own: Any
    threads: int

    @property
    def log(self) -> Path:
        """What it writes on the terminal."""
        return self.request.out / LOG_NAME


class Hand(Protocol):
    """One trial in training."""

    def exit_code(self) -> int | None:
        """None while it trains; 0 where it ended well."""

    def stop(self) -> None:
        """End it at once; it may go on later from its last whole epoch."""


class Hands(Protocol):
    """Who starts trials."""

    def start(self, job: Job) -> Hand:
        """Begin to train it."""

    def close(self) -> None:
        """No more will be started."""


class LocalHand:
    """A trial in a process of its own on this machine."""

    def __init__(self, job: Job) -> None:
        self._process = _SPAWN.Process(target=run_job, args=(job,))
        self._process.start()

    def exit_code(self) -> int | None:
        """None while it trains; what the process ended with, minus the signal where it was killed."""
        return self._process.exitcode

    def stop(self) -> None:
        """Kill it and wait for its end."""
        self._process.kill()
        self._process.join()


class LocalHands:
    """A process of this machine for each trial."""

    def start(self, job: Job) -> LocalHand:
        """Begin to train it."""
        return LocalHand(job)

    def close(self) -> None:
        """Nothing is held."""


def run_job(job: Job) -> None:
    """Train a trial in this process; it ends with what started it, and 1 where the trial failed.

    The last line of its log then says why.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, which stops its trials
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with job.log.open("ab", buffering=0) as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    torch.set_num_threads(job.threads)
    try:
        job.work(job.request, job.own)
    except HilumError as error:  # of anything else the process itself writes what it was
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        sys.exit(1)


def why_it_failed(log: Path, *, exit_code: int) -> str:
    """In one line why a trial ended as it did."""
    if exit_code < 0:
        return f"its process was killed by signal {-exit_code}, as where memory runs out"
    lines = log.read_text(errors="replace").split("\n") if log.is_file() else []
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else f"its process ended with {exit_code} and said nothing"


def _end_with(parent: Any) -> None:
    """A driver that was killed must not leave a trial behind that nobody follows."""
    parent.join()
    os._exit(1)
