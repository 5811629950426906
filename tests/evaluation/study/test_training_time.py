import json
from pathlib import Path

import pytest

from hilum.errors import DataError
from hilum.evaluation.study.folder import FACTS, TIME
from hilum.evaluation.study.training_time import TrainingTime, time_in_words, time_json, training_time

TWO_CORES = {"environment": {"cores": 2, "accelerators": "none"}}


def leave(folder: Path, *, seconds: float | None, cut_short: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACTS).write_text("{}")
    if seconds is not None:
        (folder / TIME).write_text(json.dumps({"seconds": seconds, "cut_short": cut_short}))


def test_times_are_added_over_folds_and_trainings(tmp_path: Path) -> None:
    leave(tmp_path / "fold-0" / "a", seconds=3000)
    leave(tmp_path / "fold-0" / "b", seconds=2000, cut_short=True)
    leave(tmp_path / "fold-1" / "a", seconds=None)
    leave(tmp_path / "fold-2", seconds=1000)
    found = training_time(sorted(tmp_path.iterdir()))
    assert found == TrainingTime(seconds=6000, trainings=3, not_timed=1, cut_short=1)
    assert time_json(found) == {"trained": {"seconds": 6000, "trainings": 3, "not_timed": 1, "cut_short": 1}}


def test_folders_of_older_versions_have_no_time(tmp_path: Path) -> None:
    leave(tmp_path / "a", seconds=None)
    assert training_time([tmp_path]) is None
    assert time_json(None) == {}
    assert time_in_words({**TWO_CORES}) is None


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (TrainingTime(seconds=5760.0, trainings=30), "trained in 96 min on 2 CPU cores"),
        (TrainingTime(seconds=9000.0, trainings=30), "trained in 2.5 hours on 2 CPU cores"),
        (TrainingTime(seconds=45.2, trainings=2, cut_short=1), "trained in at least 45 s on 2 CPU cores"),
        (
            TrainingTime(seconds=7200.0, trainings=28, not_timed=2),
            "trained in at least 2.0 hours on 2 CPU cores, the time of 28 of 30 trainings",
        ),
    ],
)
def test_in_words(time: TrainingTime, words: str) -> None:
    assert time_in_words({**TWO_CORES, **time_json(time)}) == words


def test_the_machine_is_told_where_it_is_known() -> None:
    time = time_json(TrainingTime(seconds=30.0, trainings=1))
    assert time_in_words(time) == "trained in 30 s"
    environment = {"cores": 16, "accelerators": "NVIDIA H200"}
    assert time_in_words({"environment": environment, **time}) == "trained in 30 s on 16 CPU cores and NVIDIA H200"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"seconds": "x", "cut_short": false}'])
def test_a_torn_time_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / TIME).write_text(content)
    with pytest.raises(DataError, match="does not hold the time of a training"):
        training_time([tmp_path])
