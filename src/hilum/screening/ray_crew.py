"""Workers that are actors of Ray, on all machines that Ray joins. They need the films under the same names, no plan.

An actor asks for less than a core; it reads on one core all the same.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import ray

from hilum.errors import HilumError, UsageError
from hilum.ray_cluster import join_ray, knock, share_of_cores
from hilum.screening.crew import Answer, Died, Finished, Outcome, Piece, answer
from hilum.screening.place import GO_ON
from hilum.screening.shard_reader import OpenShardReader, ShardReader

_MOMENT_S = 2.0


class _Actor:
    """Opens a reader when the first piece comes."""

    def __init__(self, open_reader: OpenShardReader) -> None:
        self._open_reader = open_reader
        self._reader: ShardReader | None = None

    def read(self, lines: Sequence[bytes]) -> Answer:
        """What a worker says of a piece."""
        if self._reader is None:
            try:
                self._reader = self._open_reader()
            except HilumError as error:
                return "refused", error
        return answer(self._reader, lines)


class RayCrew:
    """Actors of the Ray at `address`; `workers` None is one for each of its cores.

    Raises `UsageError` where there is no Ray at the address, and from `wait` where it went away.
    """

    def __init__(self, open_reader: OpenShardReader, *, address: str, workers: int | None) -> None:
        self._address = address
        join_ray(address)
        cores = float(ray.cluster_resources().get("CPU", 1))
        count = workers or max(1, int(cores))
        share = share_of_cores(min(1.0, cores / count))
        self._remote = ray.remote(num_cpus=share, max_restarts=0)(_Actor)
        self._open_reader = open_reader
        self._knocked = time.monotonic()
        self._gcs = ray.get_runtime_context().gcs_address
        self._idle: list[Any] = [self._made() for _ in range(count)]
        self._busy: dict[Any, tuple[Any, Piece]] = {}

    @property
    def free(self) -> int:
        """How many actors have nothing to do."""
        return len(self._idle)

    def give(self, piece: Piece, lines: Sequence[bytes]) -> None:
        """Give a piece to a free actor."""
        actor = self._idle.pop()
        self._busy[actor.read.remote(list(lines))] = (actor, piece)

    def wait(self) -> list[Outcome]:
        """What came back within a moment. Raises `UsageError` where Ray's head no longer answers."""
        ready, _ = ray.wait(list(self._busy), num_returns=1, timeout=_MOMENT_S)
        if time.monotonic() - self._knocked > _MOMENT_S:
            self._check_head()
        return [self._heard(reference) for reference in ready]

    def close(self) -> None:
        """Leave Ray; its actors end."""
        ray.shutdown()

    def _heard(self, reference: Any) -> Outcome:
        actor, piece = self._busy.pop(reference)
        try:
            kind, said = ray.get(reference)
        except ray.exceptions.RayError:
            self._check_head()
            self._idle.append(self._made())
            return Died(piece)
        self._idle.append(actor)
        if isinstance(said, HilumError):
            raise said
        return Finished(piece, said) if kind == "rows" else Died(piece)

    def _made(self) -> Any:
        return self._remote.remote(self._open_reader)

    def _check_head(self) -> None:
        """Ray itself would try for a minute and then end the process."""
        self._knocked = time.monotonic()
        try:
            knock(self._gcs)
        except OSError as error:
            raise UsageError(f"Ray at {self._address} no longer answers; start it again: {GO_ON}") from error
