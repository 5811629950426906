"""`hilum train`: the recipes by name; what runs one is imported when it is called."""

from __future__ import annotations

from typing import ClassVar

from hilum.cli.options.lazy import LazyCommand
from hilum.cli.options.named_commands import NamedGroup, named_app
from hilum.cli.options.recipe_names import OWN_RECIPE, RECIPES


class RecipeGroup(NamedGroup):
    """The recipes by name, and files of one's own."""

    word = "recipe"
    any_file = OWN_RECIPE
    called = "train"
    whole: ClassVar[LazyCommand | None] = LazyCommand("hilum.cli.recipes.train", "", part="train")


app = named_app(
    RecipeGroup,
    lines={**RECIPES, OWN_RECIPE: "A recipe of your own: its function recipe."},
    help="Train a recipe to a model; after a stop the same command goes on.",
    epilog=(
        "[bold]Examples[/]\n\nhilum train classify --data labels.csv --out runs/mine\n\n"
        "hilum train pneumonia --data kermany=chest_xray --out runs/pneumonia\n\n"
        "hilum train chest14 --show-settings\n\n"
        "hilum train chest14 --data nih=ChestXray14 --set optimizer.lr=3e-4 --out runs/chest14\n\n"
        "hilum train sdfn --data nih=ChestXray14 --lungs lung-regions --out runs/sdfn\n\n"
        "hilum train my_recipe.py --data nih=ChestXray14 --smoke --out runs/smoke"
    ),
)
