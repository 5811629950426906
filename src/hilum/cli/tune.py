"""`hilum tune`: the recipes that can be searched over; what does it is imported when it is called."""

from __future__ import annotations

from typing import Any, ClassVar

from hilum.cli.options.lazy import LazyCommand
from hilum.cli.options.named_commands import NamedGroup, named_app
from hilum.cli.options.recipe_names import NOT_TUNED, OWN_RECIPE, RECIPES
from hilum.errors import UsageError
from hilum.nearest import same_but_for_case


class RecipeGroup(NamedGroup):
    """The recipes of classifiers by name, and files of one's own."""

    word = "recipe"
    any_file = OWN_RECIPE
    called = "tune"
    whole: ClassVar[LazyCommand | None] = LazyCommand("hilum.cli.recipes.tune", "", part="tune")

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command of the name that comes first; refuses a recipe that cannot be searched over."""
        name = same_but_for_case(args[0], among=NOT_TUNED)
        if name in NOT_TUNED:
            raise UsageError(f"No search is possible over the recipe {name}: {NOT_TUNED[name]}")
        return super().resolve_command(ctx, args)


app = named_app(
    RecipeGroup,
    lines={
        **{name: line for name, line in RECIPES.items() if name not in NOT_TUNED},
        OWN_RECIPE: "A recipe of your own: its function recipe.",
    },
    help="Search over settings of a recipe; after a stop the same command goes on.",
    epilog=(
        "[bold]Examples[/]\n\nhilum tune chest14-local --data nih=ChestXray14 --vary optimizer.lr=1e-4..1e-2:log "
        "--trials 20 --out runs/search\n\n"
        "hilum tune pneumonia --data kermany=chest_xray --vary 'backbone=mobilenet_v2|resnet18' --at-once 2 "
        "--out runs/search\n\n"
        "hilum train runs/search/best.py --data nih=ChestXray14 --out runs/best"
    ),
)
