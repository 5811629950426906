"""One measurement of `before_and_after.py` in its own process, with the hilum that PYTHONPATH names.

    python before_and_after_worker.py train STEPS WORD...
    python before_and_after_worker.py read COPIES FOLDER

`train` runs the command `hilum WORD...` and ends it after so many steps of its optimiser; nothing of hilum but the
command is called, so any revision will do. `read` reads so many copies of the phantoms in a folder with all that ships.
Prints JSON.
"""

import json
import os
import runpy
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

STARTED = time.perf_counter()
WARM_UP = 3
PASSES = 3


def train(*, steps: int, words: list[str]) -> None:
    """Seconds from the process's start to the first and the last step; the medians between two, of clock and cores."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    ended: list[float] = []
    worked: list[float] = []

    def stepped(*_: object) -> None:
        ended.append(time.perf_counter())
        worked.append(time.process_time())
        if len(ended) == steps:
            told = {"first": ended[0] - STARTED, "all": ended[-1] - STARTED}
            print(json.dumps({**told, "step": between(ended), "step's cores": between(worked)}), flush=True)
            os._exit(0)  # what the command does after its first epoch is not measured

    register_optimizer_step_post_hook(stepped)
    sys.argv = ["hilum", *words]
    runpy.run_module("hilum", run_name="__main__")


def between(moments: list[float]) -> float:
    """The median of what lies between two, the first few left out."""
    return median(after - before for before, after in pairwise(moments[WARM_UP - 1 :]))


def read(folder: Path, *, copies: int) -> None:
    """Seconds an image, the fastest of several passes; a first pass only warms up."""
    from hilum import Reader

    reader = Reader()
    paths = copies * sorted(path for path in folder.iterdir() if path.suffix != ".json")
    seconds = []
    for _ in range(PASSES + 1):
        started = time.perf_counter()
        assert len(list(reader.examine_many(paths))) == len(paths)
        seconds.append((time.perf_counter() - started) / len(paths))
    print(json.dumps({"image": min(seconds[1:])}))


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train(steps=int(sys.argv[2]), words=sys.argv[3:])
    else:
        read(Path(sys.argv[3]), copies=int(sys.argv[2]))
