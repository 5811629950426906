"""A search over a recipe of one's own, to the file that trains the best again; what cannot be searched is one line."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_recipe import fabricate_own_recipe
from fabricate_trials import write_log
from hilum.bundle.load import load_bundle
from hilum.errors import DataError, UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.recipe_file import own_recipe
from hilum.systems.table import training_of
from hilum.systems.tune import TuneRequest, best_recipe, tune
from hilum.training.recipe.with_settings import shown_settings
from hilum.training.records.request import TrainRequest
from hilum.training.search.follow import goal_of
from hilum.training.search.hands import Hand, Job
from hilum.training.search.trials import TrialRow
from hilum.training.train_classifier import ClassifierOptions
from wait_for import wait_for

VARY = ("optimizer.lr=1e-3..1e-2:log", "batch_size=4..8")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_own_recipe(tmp_path_factory.mktemp("own"))


def asked(recipe: Path, *, out: Path, **changes: object) -> TuneRequest:
    train = TrainRequest(
        name=str(recipe),
        data=(("table", recipe.parent / "data"),),
        out=out,
        weights="random",
        cache=recipe.parent / "cache",
        settings=("epochs=2",),
    )
    return replace(TuneRequest(train=train, own=ClassifierOptions(), vary=VARY, trials=2), **changes)


class AtOnce:
    """A hand whose trial has ended when it is started: it leaves the log of one, by its number."""

    def __init__(self, values: dict[int, float] | None) -> None:
        self.values = values
        self.jobs: list[Job] = []

    def start(self, job: Job) -> Hand:
        self.jobs.append(job)
        if self.values is not None:
            write_log(job.request.out, {0: self.values[int(job.request.out.name)]})
        return self

    def exit_code(self) -> int | None:
        return 1 if self.values is None else 0

    def stop(self) -> None:
        """It has ended."""

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hilum.training.search.search.LOOK_EVERY_S", 0.05)


def test_the_best_recipe_is_a_file_with_its_settings(recipe: Path, tmp_path: Path) -> None:
    hands = AtOnce({0: 0.7, 1: 0.9, 2: 0.8})
    done = tune(asked(recipe, out=tmp_path, trials=3), hands=hands)
    assert (done.best.number, done.best.value, done.metric) == (1, 0.9, "validation/mean_auroc")
    chosen = hands.jobs[1].request
    assert chosen.settings[0] == "epochs=2"
    made = own_recipe(done.recipe, starting_weights=RandomWeights())
    shown = shown_settings(made)
    for pair in chosen.settings:
        key, text = pair.split("=")
        assert str(shown[key.replace(".lr", ".learning_rate")]) == text
    page = done.page.read_text()
    assert "1 (best)" in page
    assert "0.900" in page
    assert "flatters the recipe" in page
    told = json.loads((tmp_path / "study.json").read_text())
    assert told["best"] == 1
    assert [row["value"] for row in told["sections"]["trials"]] == [0.7, 0.9, 0.8]


def test_the_best_of_a_recipe_by_name_is_that_recipe_with_settings(tmp_path: Path) -> None:
    train = TrainRequest(name="chest14-local", data=(("nih", tmp_path),), out=tmp_path, weights="random")
    request = TuneRequest(train=train, own=ClassifierOptions(), vary=VARY)
    made = training_of("chest14-local").recipe(train)
    best = TrialRow(number=4, state="ended", value=0.8, values={1: 0.8}, spelled={"optimizer.lr": "0.005"})
    path = tmp_path / "best.py"
    path.write_text(best_recipe(best, request=request, goal=goal_of(made, monitor="loss"), trials=9))
    found = shown_settings(own_recipe(path, starting_weights=RandomWeights()))
    assert found == {**shown_settings(made), "optimizer.learning_rate": 0.005}


def test_more_trials_later_add_some_and_another_search_is_refused(recipe: Path, tmp_path: Path) -> None:
    hands = AtOnce({0: 0.7, 1: 0.9, 2: 0.95})
    tune(asked(recipe, out=tmp_path), hands=hands)
    assert tune(asked(recipe, out=tmp_path, trials=3), hands=hands).best.number == 2
    assert len(hands.jobs) == 3
    for changes, said in (
        ({"vary": ("optimizer.lr=1e-3..1e-1:log", "batch_size=4..8")}, "its vary optimizer.lr is 0.001 to 0.01"),
        ({"monitor": "loss"}, "its monitor is validation/mean_auroc, here validation/loss"),
        ({"seed": 3}, "its seed is 0, here 3"),
    ):
        with pytest.raises(UsageError, match=f"holds another search: {said}"):
            tune(asked(recipe, out=tmp_path, trials=3, **changes), hands=hands)


def test_where_every_trial_fails_the_page_says_why(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"None of 2 trials trained to its end\. .*study\.html"):
        tune(asked(recipe, out=tmp_path), hands=AtOnce(None))
    assert "failed: its process ended with 1 and said nothing" in (tmp_path / "study.html").read_text()
    assert not (tmp_path / "best.py").exists()


def test_what_no_search_can_follow_is_refused(recipe: Path, tmp_path: Path) -> None:
    for name in ("gate", "paediatric-ensemble"):
        train = TrainRequest(name=name, data=(), out=tmp_path, weights="random")
        with pytest.raises(UsageError, match=f"the recipe of one classifier, and {name} is of another kind"):
            tune(TuneRequest(train=train, own=None, vary=VARY))
    train = TrainRequest(name="classify", data=(), out=tmp_path, weights="random")
    with pytest.raises(UsageError, match="those of classify come from your table; search over a recipe file of your"):
        tune(TuneRequest(train=train, own=None, vary=VARY))
    for count in ("trials", "jobs", "least_epochs"):
        with pytest.raises(UsageError, match=f"{count} must be at least 1; given: 0"):
            tune(asked(recipe, out=tmp_path, **{count: 0}))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_real_trainings_survive_a_killed_driver_and_the_best_bundle_is_there(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "search"
    words = [
        "tune",
        str(recipe),
        "--data",
        f"table={recipe.parent / 'data'}",
        "--weights",
        "random",
        "--set",
        "epochs=2",
    ]
    words += [word for one in VARY for word in ("--vary", one)]
    words += ["--trials", "2", "--cache", str(recipe.parent / "cache"), "--out", str(out)]
    driver = subprocess.Popen([sys.executable, "-m", "hilum", *words], cwd=Path(__file__).parents[1])
    wait_for((out / "trials" / "0001" / "train" / "log" / "metrics.csv").is_file)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    bundle = out / "trials" / "0000" / "bundle"
    before = {path: path.stat().st_mtime_ns for path in bundle.rglob("*") if path.is_file()}
    assert before, "the first trial had ended"
    again = subprocess.run(
        [sys.executable, "-m", "hilum", *words],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert again.returncode == 0, again.stderr
    said = " ".join(again.stderr.split())
    assert "going on with trial 1, which had not ended; 1 had" in said
    assert "trial 0:" not in said, "it is not trained again"
    assert {path: path.stat().st_mtime_ns for path in before} == before
    told = json.loads((out / "study.json").read_text())
    assert {row["state"] for row in told["sections"]["trials"]} <= {"ended", "stopped early"}
    best = out / "trials" / f"{told['best']:04d}" / "bundle"
    settings = load_bundle(best).card.training.recipe
    chosen = told["sections"]["trials"][told["best"]]["settings"]
    assert settings["stages.train.optimizer.learning_rate"] == float(chosen["optimizer.lr"])
