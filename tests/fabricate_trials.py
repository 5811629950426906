"""A driver of a search whose trials take moments: they write the log of a training and nothing else.

    python tests/fabricate_trials.py FOLDER TRIALS JOBS [ray]

searches in FOLDER, by processes or by actors of Ray. A trial's validation rises by epoch towards a value that follows
from its learning rate; it writes `began` with a line for each time that it was begun. A rate above 0.5 fails, and
FOLDER/slow makes an epoch take longer.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from hilum.errors import DataError
from hilum.progress import SILENT, Progress
from hilum.training.recipe.plan import Selection
from hilum.training.records.request import TrainRequest
from hilum.training.search.follow import Goal
from hilum.training.search.hands import Hand, Job, LocalHands
from hilum.training.search.search import Search, run_search
from hilum.training.search.space import Floats, Options, Spelled
from hilum.training.search.trials import Record
from hilum.whole_files import write_whole

EPOCHS = 4
FIELDS = (Floats("optimizer.learning_rate", 1e-4, 0.4, log=True), Options("backbone", ("wide", "deep")))
GOAL = Goal(stage="train", selection=Selection(part="validation", keep="last"), monitor="mean_auroc")


def value_of(settings: tuple[str, ...], *, epoch: int) -> float:
    """What such a trial reaches after `epoch`, from 0: more for rates near 0.01."""
    rate = float(dict(pair.split("=") for pair in settings)["optimizer.learning_rate"])
    return 0.5 + 0.1 * (epoch + 1) * (0.01 / max(rate, 0.01)) ** 0.5


def write_log(folder: Path, values: dict[int, float], *, part: str = "validation/mean_auroc") -> None:
    """`train/log/metrics.csv` as a training writes it."""
    rows = ["epoch," + part, *(f"{epoch},{value!r}" for epoch, value in values.items())]
    write_whole(folder / "train" / "log" / "metrics.csv", ("\n".join(rows) + "\n").encode())


def pretend(request: TrainRequest, own: Any) -> None:
    """Train nothing, and say so in the log of a training."""
    del own
    with (request.out / "began").open("a") as file:
        file.write("once more\n")
    rate = float(dict(pair.split("=") for pair in request.settings)["optimizer.learning_rate"])
    if rate > 0.5:
        raise DataError(f"expected a rate that trains, came {rate}")
    values: dict[int, float] = {}
    for epoch in range(EPOCHS):
        time.sleep(2.0 if (request.out.parent / "slow").exists() else 0.02)
        values[epoch] = value_of(request.settings, epoch=epoch)
        write_log(request.out, values)


class InThisProcess:
    """Hands of this process: a trial has ended when it is started."""

    def start(self, job: Job) -> Hand:
        """Train it here."""
        job.request.out.mkdir()
        job.work(job.request, job.own)
        return self

    def exit_code(self) -> int | None:
        """It ended well."""
        return 0

    def stop(self) -> None:
        """It has ended."""

    def close(self) -> None:
        """Nothing is held."""


def search_here(folder: Path, *, trials: int, jobs: int = 1, progress: Progress = SILENT, hands: Any = None) -> Record:
    """Search in `folder`, which is there; the record afterwards."""
    record = Record(folder, fields=FIELDS, goal=GOAL, least_epochs=1, seed=0)

    def make(number: int, spelled: Spelled) -> Job:
        settings = tuple(f"{key}={text}" for key, text in spelled.items())
        request = TrainRequest(name="toy", data=(), out=folder / f"{number:04d}", settings=settings)
        return Job(work=pretend, request=request, own=None, threads=1)

    search = Search(goal=GOAL, trials=trials, jobs=jobs, make=make)
    run_search(search, record=record, hands=hands or LocalHands(), progress=progress)
    return record


def began(folder: Path) -> dict[str, int]:
    """How often each trial was begun."""
    return {path.parent.name: len(path.read_text().splitlines()) for path in sorted(folder.glob("*/began"))}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("trials", type=int)
    parser.add_argument("jobs", type=int)
    parser.add_argument("hands", nargs="?", choices=["ray"])
    given = parser.parse_args()
    hands = None
    if given.hands == "ray":
        from hilum.ray_cluster import HERE
        from hilum.training.search.ray_hands import RayHands

        hands = RayHands(HERE)
    import fabricate_trials  # another process finds a module's function, and not always a script's

    fabricate_trials.search_here(given.folder, trials=given.trials, jobs=given.jobs, hands=hands)
