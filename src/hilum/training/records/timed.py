"""How long a training takes, over all its stops, kept in its folder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hilum.errors import DataError
from hilum.evaluation.study.folder import TIME
from hilum.evaluation.study.training_time import read_time
from hilum.training.recipe.processes import is_first_process
from hilum.whole_files import write_whole


@contextmanager
def timed(folder: Path) -> Iterator[None]:
    """Add the seconds until the end to those in `folder/time.json`; of several processes the first one's are kept.

    The file says `cut_short` from the start until then, and for good where a kill ended what ran before, or something
    lay in the folder of which no time was kept: then the training took longer than the seconds.
    """
    if not is_first_process():
        yield
        return
    path = folder / TIME
    seconds, cut_short = _before(path)
    _write(path, seconds=seconds, cut_short=True)
    start = time.monotonic()
    try:
        yield
    finally:
        _write(path, seconds=seconds + time.monotonic() - start, cut_short=cut_short)


def _before(path: Path) -> tuple[float, bool]:
    try:
        return read_time(path)
    except DataError:
        return 0.0, path.parent.is_dir() and any(path.parent.iterdir())


def _write(path: Path, *, seconds: float, cut_short: bool) -> None:
    content = {"seconds": round(seconds, 3), "cut_short": cut_short}
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())
