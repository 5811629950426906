"""What trains the trials of a search on machines that Ray joins: one actor a trial, which holds nothing of the record.

The folder of the search and the data must lie under the same paths on every machine. An actor ends with its driver, and
the process that trains in it with the actor.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ray

from hilum.ray_cluster import join_ray, share_of_cores
from hilum.training.search.hands import Job, LocalHand


class _Actor:
    """Holds a process as this machine's own hands do, in the driver's folder, so that its paths are the same."""

    def __init__(self, job: Job, folder: str) -> None:
        os.chdir(folder)
        self._hand = LocalHand(job)

    def exit_code(self) -> int | None:
        """As of the process."""
        return self._hand.exit_code()

    def stop(self) -> None:
        """Kill the process."""
        self._hand.stop()


class RayHand:
    """A trial that an actor trains."""

    def __init__(self, actor: Any, *, log: Path) -> None:
        self._actor, self._log = actor, log
        self._asked: Any = None
        self._placed = False

    def exit_code(self) -> int | None:
        """As of the process; 1 where its machine or its actor was lost, which the log then says.

        None too while no machine has room for the actor. Once the code is known the actor makes room for another.
        """
        if self._asked is None:
            self._asked = self._actor.exit_code.remote()
        if not ray.wait([self._asked], timeout=0)[0]:
            return None
        asked, self._asked, self._placed = self._asked, None, True
        try:
            found: int | None = ray.get(asked)
        except ray.exceptions.RayError as error:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a") as log:
                log.write(f"Ray: {' '.join(str(error).split())[-300:]}\n")
            return 1
        if found is not None:
            ray.kill(self._actor)
        return found

    def stop(self) -> None:
        """End the process and its actor."""
        if self._placed:  # one that waits for room would not answer
            try:
                ray.get(self._actor.stop.remote())
            except ray.exceptions.RayError:
                return
        ray.kill(self._actor)


class RayHands:
    """Starts each trial as an actor of the Ray at `address`, of `local` on this machine.

    Trials are spread over the machines, and ask for a GPU where these have any. Raises `UsageError` where there is no
    Ray at the address.
    """

    def __init__(self, address: str) -> None:
        join_ray(address)
        self._gpus = 1 if ray.cluster_resources().get("GPU", 0) >= 1 else 0

    def start(self, job: Job) -> RayHand:
        """Begin to train it, as soon as a machine has room."""
        share = share_of_cores(job.threads)
        remote = ray.remote(num_cpus=share, num_gpus=self._gpus, scheduling_strategy="SPREAD")(_Actor)
        return RayHand(remote.remote(job, str(Path.cwd())), log=job.log)

    def close(self) -> None:
        """Leave Ray."""
        ray.shutdown()
