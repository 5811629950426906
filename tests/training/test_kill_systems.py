"""The gate, the lungs and Urinbayev et al.'s modules, killed by SIGKILL where it hurts, end as runs that were not."""

import json
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from die_here import PRELOADED, SERVER, Moment, run_hilum
from fabricate_gate import SPEC
from fabricate_gate_data import write_gate_data
from fabricate_lung_releases import write_lung_releases
from fabricate_lungs import SPEC as FIGURES
from hilum.systems.lungs.study.study import LungArm, LungStudy, write_lung_study
from hilum.systems.table import training_of
from hilum.training.recipe.settings import flat_values
from hilum.training.records.request import TrainRequest

pytestmark = pytest.mark.slow


def training(steps: int) -> tuple[Moment, ...]:
    """Moments of a training of four epochs with `steps` steps each; each begins where the one before was killed."""
    return (
        Moment("run.json"),
        Moment("training step"),  # the very first
        Moment("training step", call=steps),  # the last of the first epoch
        Moment("metrics.csv"),  # at its end
        Moment("last.ckpt"),  # the first checkpoint
        Moment("training step", call=steps + 1),  # the first of the second epoch
        Moment("training step"),  # the same, right after going on
        Moment("last.ckpt"),
        Moment("training step", call=steps + 2),  # inside the third
        Moment("last.ckpt", call=1),
        Moment("last.ckpt", call=2),  # the last one
    )


@dataclass(frozen=True)
class System:
    """A command without `--out`, the moments at which it is killed, and the files that must come out the same."""

    command: tuple[str, ...]
    moments: tuple[Moment, ...]
    files: tuple[str, ...]


def run_of_study(name: str, *, arm: str = "") -> str:
    """The `run.json` of a study of the training that is killed; its settings begin with the arm."""
    small = TrainRequest(name=name, data=(), out=Path(), weights="random", smoke=True, settings=("epochs=4",))
    settings = {f"{arm}{key}": value for key, value in flat_values(training_of(name).recipe(small)).items()}
    return json.dumps({"smoke": True, "settings": settings})


def a_gate(folder: Path) -> System:
    data = write_gate_data(folder / "data")
    (folder / "study").mkdir()
    (folder / "study" / "study.json").write_text(json.dumps({"spec": SPEC.model_dump(mode="json")}))
    (folder / "study" / "run.json").write_text(run_of_study("gate"))
    words = ("train", "gate", "--data", f"gate={data}", "--study", str(folder / "study"), "--set", "epochs=4")
    ends = (Moment("export of a gate"), Moment("model.onnx"), Moment("rename of the bundle"))
    return System(words, (*training(2), *ends), ("bundle/model.onnx", "log/metrics.csv"))


def lungs(folder: Path) -> System:
    data = write_lung_releases(folder / "data", each=12)
    (folder / "study").mkdir()
    arm = LungArm(figures=FIGURES.figures, quality=FIGURES.quality, ratio_error=None, trust=(), worst={})
    arms = {"all": arm, "free": arm}
    made = LungStudy(arms=arms, differences=(), split_sha256="0" * 64, protocol="fabricated", smoke=True)
    write_lung_study(made, folder=folder / "study")
    (folder / "study" / "run.json").write_text(run_of_study("lungs", arm="free."))
    words = ("train", "lungs", "--data", f"lungs={data}", "--study", str(folder / "study"), "--set", "epochs=4")
    ends = (Moment("export of lungs"), Moment("model.onnx"), Moment("rename of the bundle"))
    return System(words, (*training(2), *ends), ("bundle/model.onnx", "log/metrics.csv"))


def paper_modules(folder: Path) -> System:
    data = write_gate_data(folder / "data", each=6)
    words = ("study", "gate-urinbayev", "--data", str(data))
    moments = (
        Moment("run.json"),
        Moment("training step"),
        Moment("training step", call=2),
        Moment("validation step"),
        Moment("metrics.csv"),
        Moment("last.ckpt"),
        Moment("validation step", call=2),  # of the second epoch
        Moment("last.ckpt"),
        Moment("count on the test part"),
        Moment("run.json"),  # of the second module
        Moment("training step"),
        Moment("last.ckpt"),
        Moment("last.ckpt", call=2),
        Moment("study.json"),
    )
    return System(words, moments, ("study.json", "module-1/log/metrics.csv", "module-2/log/metrics.csv"))


@pytest.fixture(scope="module", autouse=True)
def server() -> None:
    SERVER.set_forkserver_preload(PRELOADED)


@pytest.mark.parametrize("make", [a_gate, lungs, paper_modules])
def test_killed_at_fourteen_moments_it_ends_as_an_unbroken_run(make, tmp_path: Path) -> None:
    system = make(tmp_path)
    assert len(system.moments) == 14
    shared = [*system.command, "--weights", "random", "--smoke", "--cache", str(tmp_path / "cache"), "--out"]
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    assert run_hilum([*shared, str(unbroken)]) == 0
    for moment in system.moments:
        assert run_hilum([*shared, str(broken)], moment=moment) == -signal.SIGKILL, moment
    assert run_hilum([*shared, str(broken)]) == 0
    for file in system.files:
        assert (broken / file).read_bytes() == (unbroken / file).read_bytes(), file
    for checkpoint in unbroken.rglob("last.ckpt"):
        states = [
            torch.load(run / checkpoint.relative_to(unbroken), weights_only=True)["state_dict"]
            for run in (unbroken, broken)
        ]
        assert all(torch.equal(states[1][name], tensor) for name, tensor in states[0].items())
    left = [path for path in broken.rglob("*") if "tmp" in path.name or path.name.startswith((".draft", ".bundle"))]
    assert not left, "what the kills left unfinished is cleared away"

    before = {path: path.stat().st_mtime_ns for path in broken.rglob("last.ckpt")}
    assert run_hilum([*shared, str(broken)], moment=Moment("training step")) == 0, "what has ended is not run again"
    assert {path: path.stat().st_mtime_ns for path in broken.rglob("last.ckpt")} == before
    shutil.rmtree(unbroken)
