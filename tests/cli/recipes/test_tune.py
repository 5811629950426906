"""`hilum tune` on the command line: what it says, and what it refuses in one line."""

from pathlib import Path
from typing import Any

import pytest

from fabricate_recipe import fabricate_own_recipe
from fabricate_trials import write_log
from hilum.cli.options.lazy import LazyFunction
from hilum.cli.recipes import tune
from hilum.training.search.hands import Hand, Job, LocalHands


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_own_recipe(tmp_path_factory.mktemp("own"))


class Ended(LocalHands):
    """Hands whose trials have ended when they begin, with the log of one epoch."""

    def start(self, job: Job) -> Hand:  # type: ignore[override]
        write_log(job.request.out, {0: 0.7 + 0.1 * int(job.request.out.name)})
        return self  # type: ignore[return-value]

    def exit_code(self) -> int:
        return 0

    def stop(self) -> None:
        """It has ended."""


def words(recipe: Path, out: Path, *more: object) -> tuple[object, ...]:
    return ("tune", recipe, "--data", f"table={recipe.parent / 'data'}", "--weights", "random", "--out", out, *more)


def test_it_says_each_trial_the_best_and_where_its_recipe_is(
    recipe: Path, hilum: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "LocalHands", Ended)
    out = tmp_path / "search"
    result = hilum(*words(recipe, out, "--vary", "optimizer.lr=1e-3..1e-2:log", "--trials", 2))
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stderr.split())
    assert "trial 0: optimizer.lr=0.00" in said
    assert "trial 1: validation/mean_auroc 0.8000" in said
    assert "best: trial 1, validation/mean_auroc 0.8000; all trials:" in said
    shown = hilum("train", out / "best.py", "--weights", "random", "--show-settings")
    assert shown.exit_code == 0, shown.stderr
    rate = next(line for line in shown.stdout.splitlines() if line.startswith("optimizer.learning_rate="))
    assert f"trial 1: optimizer.lr={rate.partition('=')[2]}" in said
    refused = hilum(*words(recipe, out, "--vary", "batch_size=4..8", "--trials", 2))
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "holds another search: its vary optimizer.lr is 0.001 to 0.01" in refused.stderr


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ((), "Name a setting to search over"),
        (("--vary", "learning=1..2"), "The recipe has no setting 'learning'"),
        (("--vary", "epochs=2..4", "--monitor", "f1"), "--monitor must be mean_auroc or loss, not 'f1'"),
    ],
)
def test_what_cannot_be_searched_is_one_line(
    recipe: Path, hilum: Any, tmp_path: Path, more: tuple[str, ...], line: str
) -> None:
    result = hilum(*words(recipe, tmp_path / "search", *more))
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.stderr
    assert line in result.stderr
    assert not (tmp_path / "search").exists()


def test_without_ray_it_says_how_to_get_it(
    recipe: Path, hilum: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "RAY_HANDS", LazyFunction("no_such_package_as_ray", "RayHands"))
    result = hilum(*words(recipe, tmp_path, "--vary", "epochs=2..4", "--ray", "auto"))
    assert result.exit_code != 0
    assert "'--ray' needs the package ray, which is not installed; run: pip install ray" in result.stderr


def test_systems_that_no_search_can_follow_are_not_offered(hilum: Any) -> None:
    result = hilum("tune", "gate", "--data", "data", "--out", "out")
    assert result.exit_code == 2
    assert "No search is possible over the recipe gate: it trains from a study" in result.stderr
