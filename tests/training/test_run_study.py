from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hilum.errors import OutputError, UsageError
from hilum.evaluation.study.training_time import TrainingTime, training_time
from hilum.output.lock import FolderLock
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import RunRecord
from hilum.training.run_study import Trained, run_study

RECORD = RunRecord(
    command="hilum study toy", recipe="toy", settings={"folds": 2}, smoke=False, seed=0, commit=None, dirty=None,
    environment={}, data=[], split_sha256="a", protocol="toy", stage_splits={"fold 0": "a", "fold 1": "a"},
)  # fmt: skip
FOLDS = {"fold 0": 10, "fold 1": 20}


class TextFormat:
    """Predictions that are words, one file each."""

    suffix = ".txt"

    def save(self, predictions: str, *, path: Path) -> None:
        path.write_text(predictions)

    def load(self, path: Path) -> str:
        return path.read_text()

    def pooled(self, parts: Sequence[str]) -> str:
        return " ".join(parts)


@dataclass
class Maker:
    """Notes what it was asked for; dies where it is told to."""

    arms: tuple[str, ...]
    dies_on: int | None = None
    asked: list[tuple[int, Path]] = field(default_factory=list)

    def __call__(self, fold: int, place: RunPlace) -> Mapping[str, str]:
        self.asked.append((fold, place.folder))
        place.folder.mkdir(parents=True, exist_ok=True)
        if fold == self.dies_on:
            raise KeyboardInterrupt
        return {arm: f"{arm}{fold}" for arm in self.arms}

    def trained(self, **changes: str) -> Trained[int, str]:
        return Trained(arms=self.arms, run=self, **changes)


def run(*makers: Trained[int, str], folder: Path, record: RunRecord = RECORD, **more):
    return run_study(makers, folds=FOLDS, kept=TextFormat(), record=record, place=RunPlace(folder=folder), **more)


def test_every_fold_and_training_is_run_once_and_kept(tmp_path: Path) -> None:
    two, one = Maker(("a", "b")), Maker(("c",))
    told: list[tuple[str, int]] = []
    files = run(two.trained(), one.trained(), folder=tmp_path, begin=lambda *fold: told.append(fold))
    assert told == list(FOLDS.items())
    assert two.asked == [(10, tmp_path / "fold-0" / "a"), (20, tmp_path / "fold-1" / "a")]
    assert one.asked == [(10, tmp_path / "fold-0" / "c"), (20, tmp_path / "fold-1" / "c")]
    assert files.read(tuple(FOLDS)) == {"a": "a10 a20", "b": "b10 b20", "c": "c10 c20"}
    run(two.trained(), one.trained(), folder=tmp_path)
    assert len(two.asked) == len(one.asked) == 2, "what is done is not trained again"


def test_a_study_that_was_stopped_goes_on(tmp_path: Path) -> None:
    first, second = Maker(("a",)), Maker(("b", "c"), dies_on=20)
    with pytest.raises(KeyboardInterrupt):
        run(first.trained(), second.trained(), folder=tmp_path)
    again = Maker(("b", "c"))
    (tmp_path / "fold-0" / "c.txt").unlink()
    files = run(first.trained(), again.trained(), folder=tmp_path)
    assert [fold for fold, _ in first.asked] == [10, 20]
    assert [fold for fold, _ in again.asked] == [10, 20], "a training of which a file is gone is asked again"
    assert files.read(tuple(FOLDS))["c"] == "c10 c20"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recipe": "other"}, "its recipe is toy, here other"),
        ({"smoke": True}, "its smoke is False, here True"),
        ({"settings": {"folds": 3}}, "its folds is 2, here 3"),
        ({"split_sha256": "b"}, "its split_sha256 is a, here b"),
    ],
)
def test_another_studys_folder_is_refused_in_one_line(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    maker = Maker(("a",))
    run(maker.trained(), folder=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=said):
        run(maker.trained(), folder=tmp_path, record=replace(RECORD, **changes))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_predictions_that_no_record_speaks_of_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "fold-0").mkdir()
    (tmp_path / "fold-0" / "a.txt").write_text("whose?")
    with pytest.raises(UsageError, match=r"no run.json that says what made it"):
        run(Maker(("a",)).trained(), folder=tmp_path)


def test_without_trainings_the_folder_is_only_checked(tmp_path: Path) -> None:
    run(Maker(("a",)).trained(), folder=tmp_path)
    run(folder=tmp_path, begin=lambda *_: pytest.fail("nothing is to begin"))
    with pytest.raises(UsageError, match="another run"):
        run(folder=tmp_path, record=replace(RECORD, recipe="other"))


def test_tables_are_made_when_all_is_done_and_before_the_folder_is_given_free(tmp_path: Path) -> None:
    found: list[str] = []

    def tabulate() -> None:
        found.extend(path.read_text() for path in sorted(tmp_path.glob("*/a.txt")))
        with pytest.raises(OutputError, match="Another hilum process"):
            FolderLock(tmp_path)

    run(Maker(("a",)).trained(), folder=tmp_path, tabulate=tabulate)
    run(folder=tmp_path, tabulate=tabulate)
    assert found == ["a10", "a20"] * 2
    with pytest.raises(UsageError, match="another run"):
        run(folder=tmp_path, record=replace(RECORD, recipe="other"), tabulate=lambda: pytest.fail("of another study"))


def test_a_folder_that_is_held_is_refused(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(OutputError, match="Another hilum process"):
        run(Maker(("a",)).trained(), folder=tmp_path)


def test_trainings_that_would_write_over_each_other_are_refused(tmp_path: Path) -> None:
    a, b = Maker(("a",)), Maker(("b",))
    for makers, said in (
        ((a.trained(), a.trained(folder="x")), "Each arm"),
        ((a.trained(folder="x"), b.trained(folder="x")), "Each folder"),
        ((a.trained(folder="."), b.trained()), "a folder of its own"),
    ):
        with pytest.raises(UsageError, match=said):
            run(*makers, folder=tmp_path)
    assert not list(tmp_path.iterdir())
    run(a.trained(folder="."), folder=tmp_path)
    assert a.asked[0] == (10, tmp_path / "fold-0")


def test_of_a_training_that_is_done_the_weights_stay_and_the_checkpoints_go(tmp_path: Path) -> None:
    kept = ("train/weights.safetensors", "begun/last.ckpt")
    gone = ("train/last.ckpt", "train/best.ckpt")

    def train(fold: int, place: RunPlace) -> Mapping[str, str]:
        for name in (*kept, *gone):
            (place.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (place.folder / name).touch()
        return {"a": str(fold)}

    run(Trained(arms=("a",), run=train), folder=tmp_path)
    left = {str(path.relative_to(tmp_path / "fold-1" / "a")) for path in (tmp_path / "fold-1" / "a").rglob("*.*")}
    assert left == {*kept, "time.json"}


def test_the_seconds_of_every_training_are_kept_over_its_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0, 10.0, 12.5, 100.0, 107.0])
    monkeypatch.setattr("hilum.training.records.timed.time.monotonic", lambda: next(clock))
    with pytest.raises(KeyboardInterrupt):
        run(Maker(("a",), dies_on=20).trained(), folder=tmp_path)
    run(Maker(("a",)).trained(), folder=tmp_path)
    folds = [tmp_path / "fold-0", tmp_path / "fold-1"]
    assert training_time(folds) == TrainingTime(seconds=5.0 + 2.5 + 7.0, trainings=2)
    run(Maker(("a",)).trained(), folder=tmp_path)
    assert training_time(folds) == TrainingTime(seconds=14.5, trainings=2), "what is done takes no time"
