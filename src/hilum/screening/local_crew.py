"""Workers that are processes of this machine; they end with the process that started them."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from hilum.errors import EngineError, HilumError
from hilum.screening.crew import Answer, Died, Finished, Outcome, Piece, answer
from hilum.screening.shard_reader import OpenShardReader

_MOMENT_S = 2.0
_BORN_DEAD = 3
"""So many workers, one after another, that die before they are ready end the run."""

_LOST = (EOFError, OSError, pickle.UnpicklingError)


class LocalCrew:
    """`workers` processes, each with a reader of its own."""

    def __init__(self, open_reader: OpenShardReader, *, workers: int) -> None:
        self._open_reader = open_reader
        self._born_dead = 0
        self._workers = [_Worker(open_reader) for _ in range(workers)]

    @property
    def free(self) -> int:
        """How many workers have nothing to do; one that is still opening its models may be given a piece."""
        return sum(worker.piece is None for worker in self._workers)

    def give(self, piece: Piece, lines: Sequence[bytes]) -> None:
        """Give a piece to a free worker."""
        worker = next(worker for worker in self._workers if worker.piece is None)
        worker.piece = piece
        with contextlib.suppress(OSError):  # a worker that is dead is met when it is waited for
            worker.pipe.send(list(lines))

    def wait(self) -> list[Outcome]:
        """What came back within a moment."""
        ready = wait([worker.pipe for worker in self._workers], timeout=_MOMENT_S)
        outcomes: list[Outcome] = []
        for number, worker in enumerate(self._workers):
            if worker.pipe in ready:
                outcome = self._heard(number, worker)
                outcomes += [] if outcome is None else [outcome]
        return outcomes

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.end()

    def _heard(self, number: int, worker: _Worker) -> Outcome | None:
        try:
            kind, said = worker.pipe.recv()
        except _LOST:
            return self._replaced(number, worker)
        if isinstance(said, HilumError):
            raise said
        if kind == "ready":
            worker.is_ready = True
            self._born_dead = 0
            return None
        piece, worker.piece = worker.piece, None
        if piece is None:
            return None
        return Finished(piece, said) if kind == "rows" else Died(piece)

    def _replaced(self, number: int, worker: _Worker) -> Outcome | None:
        worker.end()
        if not worker.is_ready:
            self._born_dead += 1
            if self._born_dead >= _BORN_DEAD:
                raise EngineError(
                    "The readers die while they open the models; see `hilum doctor`, or use fewer workers"
                )
        self._workers[number] = _Worker(self._open_reader)
        if worker.piece is None:
            return None
        return Died(worker.piece)


class _Worker:
    """One process, the pipe to it, and what it is at."""

    def __init__(self, open_reader: OpenShardReader) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.piece: Piece | None = None
        self.is_ready = False
        self._process: SpawnProcess = context.Process(target=_work, args=(theirs, open_reader), daemon=True)
        self._process.start()
        theirs.close()

    def end(self) -> None:
        """Kill the process, if it lives."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _work(pipe: Connection, open_reader: OpenShardReader) -> None:
    """Read what comes until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one says what an interruption means
    with contextlib.suppress(EOFError, OSError):
        try:
            reader = open_reader()
        except HilumError as error:
            pipe.send(("refused", error))
            return
        pipe.send(("ready", ""))
        while True:
            said: Answer = answer(reader, pipe.recv())
            pipe.send(said)
