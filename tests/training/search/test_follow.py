"""What the log of a training says of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_recipe import tiny_recipe, tiny_stage
from hilum.errors import DataError, UsageError
from hilum.training.recipe.plan import Selection
from hilum.training.search.follow import Goal, goal_of, last_value, values_by_epoch

LOG = """epoch,validation/loss,validation/mean_auroc
0,0.9,0.6
1,0.4,0.7
2,0.5,0.8
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "train" / "log").mkdir(parents=True)
    (tmp_path / "train" / "log" / "metrics.csv").write_text(LOG)
    return tmp_path


def goal(**selection: object) -> Goal:
    return Goal(stage="train", selection=Selection(part="validation", **selection), monitor="mean_auroc")


def test_each_epoch_has_its_value(run: Path) -> None:
    assert values_by_epoch(run, goal=goal()) == {0: 0.6, 1: 0.7, 2: 0.8}
    assert values_by_epoch(run, goal=replace(goal(), monitor="loss")) == {0: 0.9, 1: 0.4, 2: 0.5}
    assert values_by_epoch(run / "nowhere", goal=goal()) == {}


def test_the_value_of_a_run_is_that_of_the_epoch_whose_weights_it_kept(run: Path) -> None:
    assert last_value(run, goal=goal()) == 0.8
    assert last_value(run, goal=goal(keep="best", monitor="loss")) == 0.7, "of the epoch with the least loss"
    assert last_value(run, goal=goal(keep="best", monitor="mean_auroc")) == 0.8


def test_a_log_without_the_figure_is_said(run: Path) -> None:
    (run / "train" / "log" / "metrics.csv").write_text("epoch,validation/loss,validation/mean_auroc\n0,0.4,nan\n")
    with pytest.raises(
        DataError,
        match=r"/train/log/metrics.csv has no validation/mean_auroc of the epoch that is kept",
    ):
        last_value(run, goal=goal())


def test_the_goal_follows_from_the_recipe() -> None:
    found = goal_of(tiny_recipe(), monitor="loss")
    assert (found.metric, found.highest, found.stage) == ("validation/loss", False, "train")
    assert goal_of(tiny_recipe(), monitor="mean_auroc").highest
    with pytest.raises(UsageError, match="--monitor must be mean_auroc or loss, not 'f1'"):
        goal_of(tiny_recipe(), monitor="f1")
    unwatched = replace(tiny_recipe(), stages=(replace(tiny_stage(), validate_every=2),))
    with pytest.raises(UsageError, match="tiny validates within epochs"):
        goal_of(unwatched, monitor="loss")
