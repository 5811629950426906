"""Each try differs from the recipe in what its name says; the study of them runs on a fabricated miniature."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fabricate_kermany import fabricate_kermany
from fabricate_lung_releases import write_lung_releases
from fabricate_nih_chests import fabricate_nih_chests
from hilum.cli.main import app
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14_local
from hilum.systems.chest_adult.more_images import DISTILLED, GUESSED, JOINT, SOURCES, TWO_SEEDS
from hilum.systems.chest_adult.tries import LARGE_PX, tries, tries_study
from hilum.training.recipe.settings import flat_values

WHOLE = chest14_local(RandomWeights())
LITES = {f"efficientnet_lite{size}": RandomWeights() for size in (0, 2)}


@pytest.mark.parametrize(
    ("arm", "changed"),
    [
        ("local", set()),
        ("seed", {"seed"}),
        ("smoothed", {"stages.train.loss.label_smoothing"}),
        ("lite0", {"backbone", "stages.train.start"}),
        ("lite2", {"backbone", "stages.train.start"}),
    ],
)
def test_a_try_changes_what_its_name_says_and_nothing_else(arm: str, changed: set[str]) -> None:
    before = flat_values(WHOLE)
    after = flat_values(tries(WHOLE, starts=LITES)[arm])
    assert {key for key in before if before[key] != after.get(key)} <= changed
    assert set(before) == set(after)


def test_the_large_pictures_are_large_and_the_samplers_draw_as_many_images() -> None:
    made = tries(WHOLE)
    assert made["large"].preprocess.output_size == (LARGE_PX, LARGE_PX)
    assert {type(made[name].last.sampler).__name__ for name in ("views", "classes")} == {
        "ViewBalanced",
        "ClassBalanced",
    }
    assert {type(made[name].last.loss).__name__ for name in ("focal", "asymmetric")} == {"Focal", "Asymmetric"}
    assert {name: one.preprocess for name, one in made.items() if name != "large"} == {
        name: WHOLE.preprocess for name in made if name != "large"
    }


def test_without_its_weights_the_lite_network_is_no_arm() -> None:
    assert "lite1" not in tries(WHOLE, starts=LITES)
    assert "lite0" not in tries(WHOLE)
    assert [pair[1] for pair in tries_study(tries(WHOLE)).pairs] == ["local"] * 7


@pytest.mark.slow
def test_a_smoke_study_sets_every_try_beside_the_recipe(tmp_path: Path) -> None:
    fabricate_nih_chests(tmp_path / "nih")
    lungs = write_lung_releases(tmp_path / "lungs", each=6)
    fabricate_kermany(tmp_path / "kermany", train=8, test=4)
    where = {"nih": tmp_path / "nih", "kermany": tmp_path / "kermany", "montgomery_shenzhen": lungs / "lungs_tb"}
    data = [word for name, folder in where.items() for word in ("--data", f"{name}={folder}")]
    words = ["study", "chest-adult-tries", *data, "--weights", "random", "--smoke"]
    done = CliRunner().invoke(app, [*words, "--cache", "none", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "out" / "study.json").read_text())
    assert "SMOKE" in found["protocol"]
    kept = {path.stem for path in (tmp_path / "out" / "predictions").iterdir()}
    assert kept == {*tries(WHOLE), TWO_SEEDS, JOINT, SOURCES, GUESSED, DISTILLED}
    page = (tmp_path / "out" / "study.html").read_text()
    assert "320 pixels" in page
