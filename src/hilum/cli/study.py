"""`hilum study`: the studies by name; what runs one is imported when it is called."""

from __future__ import annotations

from typing import ClassVar

from hilum.cli.options.lazy import LazyCommand
from hilum.cli.options.named_commands import NamedGroup, named_app
from hilum.cli.options.recipe_names import STUDIES
from hilum.systems.former_studies import FORMER_STUDIES


class StudyGroup(NamedGroup):
    """The studies by name."""

    word = "study"
    called = "study"
    former = FORMER_STUDIES
    whole: ClassVar[LazyCommand | None] = LazyCommand("hilum.cli.recipes.study", "", part="train")


app = named_app(
    StudyGroup,
    lines=STUDIES,
    help="Cross-validate a recipe, with tables and a page; after a stop the same command goes on.",
    epilog=(
        "[bold]Examples[/]\n\nhilum study gate --data data --out runs/gate-study\n\n"
        "hilum study sdfn --data nih=ChestXray14 --out runs/sdfn-study\n\n"
        "hilum study lungs --data data --smoke --out runs/smoke"
    ),
)
