"""What a search may choose, as a command line spells it, against the recipe that has to take it."""

import pytest

from fabricate_recipe import tiny_recipe
from hilum.errors import UsageError
from hilum.training.search.space import Floats, Ints, Options, pairs_of, space_of

RECIPE = tiny_recipe()


def test_ranges_are_of_the_settings_type_and_options_are_what_is_left() -> None:
    declared = (
        "optimizer.lr=1e-4..1e-2:log",
        "dropout=0..1",
        "epochs=2..8",
        "batch_size = 4..16:log",
        "backbone=squeezenet1_1|resnet18",
        "ema_decay=none|0.9",
        "loss.kind=Focal|BinaryCrossEntropy",
    )
    assert space_of(declared, recipe=RECIPE) == (
        Floats("optimizer.lr", 1e-4, 1e-2, log=True),
        Floats("dropout", 0.0, 1.0),
        Ints("epochs", 2, 8),
        Ints("batch_size", 4, 16, log=True),
        Options("backbone", ("squeezenet1_1", "resnet18")),
        Options("ema_decay", ("none", "0.9")),
        Options("loss.kind", ("Focal", "BinaryCrossEntropy")),
    )


def test_values_are_spelled_as_set_takes_them() -> None:
    assert pairs_of({"optimizer.lr": "0.001", "backbone": "resnet18"}) == ("optimizer.lr=0.001", "backbone=resnet18")


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ((), "Name a setting to search over"),
        (("optimizer.lr",), "--vary takes KEY=LOW..HIGH"),
        (("optimizer.rate=1..2",), "no setting 'optimizer.rate'; the nearest is"),
        (("optimizer.lr=1..x",), "optimizer.lr needs two numbers with .. between them"),
        (("optimizer.lr=0.1..0.01",), "from a lower to a higher number"),
        (("optimizer.lr=0..0.1:log",), "The range of optimizer.lr must lie above 0"),
        (("optimizer.lr=0.1..0.2:sqrt",), "takes LOW..HIGH or LOW..HIGH:log"),
        (("epochs=0..3",), "epochs"),
        (("epochs=1.5..3",), "epochs must be a whole number, not .1.5."),
        (("backbone=resnet18",), "backbone needs two options or more"),
        (("backbone=resnet18|resnet18",), "backbone needs two options or more, each once"),
        (("loss.kind=Focal|Hinge",), "stages.train.loss.kind must be .*, not .Hinge."),
        (("optimizer.lr=0.1..0.2", "optimizer.learning_rate=0.1..0.3"), "optimizer.learning_rate is named twice"),
        (("seed=1..5",), "seed cannot be searched over"),
        (("selection.keep=last|best",), "selection.keep cannot be searched over"),
        (("selection.monitor=loss|mean_auroc",), "selection.monitor cannot be searched over"),
        (("split.shares.train=0.5..0.6",), "split"),
    ],
)
def test_what_the_recipe_cannot_take_is_one_line(declared: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        space_of(declared, recipe=RECIPE)
    assert "\n" not in str(raised.value)


def test_a_monitored_loss_must_be_the_same_in_all_trials() -> None:
    kinds = ("loss.kind=Focal|BinaryCrossEntropy",)
    assert space_of(kinds, recipe=RECIPE, monitor="mean_auroc")
    with pytest.raises(UsageError, match=r"loss\.kind cannot be searched over"):
        space_of(kinds, recipe=RECIPE, monitor="loss")
    assert space_of(("selection.patience=none|2",), recipe=RECIPE, monitor="loss")
