import pytest

from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.gate.shipped import gate
from hilum.systems.gate.urinbayev2020 import urinbayev2020
from hilum.systems.lungs.shipped import liu_lungs, lungs_free
from hilum.training.recipe.optimizers import Sgd
from hilum.training.recipe.plan import Plan, Selection
from hilum.training.recipe.schedules import Constant


def plan(**more):
    return Plan(
        name="any", optimizer=Sgd(learning_rate=0.1), schedule=Constant(), **{"epochs": 1, "batch_size": 1, **more}
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "epochs, batch_size, accumulate >= 1"),
        ({"batch_size": 0}, "epochs, batch_size, accumulate >= 1"),
        ({"accumulate": 0}, "epochs, batch_size, accumulate >= 1"),
        ({"ema_decay": 1.0}, r"an ema_decay in \(0, 1\), or none"),
        ({"clip_norm": 0.0}, "a clip_norm above 0, or none"),
    ],
)
def test_what_no_loop_can_do_is_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        plan(**settings)


def test_a_selection_names_its_figure_and_which_way_is_better():
    assert (Selection(part="validation").metric, Selection(part="validation").mode) == ("validation/loss", "min")
    ranked = Selection(part="val", monitor="mean_auroc")
    assert (ranked.metric, ranked.mode) == ("val/mean_auroc", "max")
    with pytest.raises(UsageError, match="a patience of at least 1"):
        Selection(part="val", patience=0)


@pytest.mark.parametrize("make", [gate, lungs_free, lambda _: liu_lungs(), lambda weights: urinbayev2020(weights)[0]])
def test_a_recipe_of_one_network_says_the_same_to_the_loop(make):
    recipe = make(RandomWeights())
    made = recipe.plan()
    for name in ("name", "optimizer", "schedule", "epochs", "batch_size", "precision"):
        assert getattr(made, name) == getattr(recipe, name)
    assert made.ema_decay == getattr(recipe, "ema_decay", None)
    assert (made.selection, made.freezing, made.accumulate, made.clip_norm) == (None, None, 1, None)
