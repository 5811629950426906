"""Options that stand in a dataclass are options of the command, which gets them as one object."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from hilum.cli.options.grouped import with_groups
from hilum.option import Option


@dataclass(frozen=True, kw_only=True)
class Where:
    folder: Annotated[str, typer.Option(help="Where.")] = "here"
    tags: Annotated[list[str] | None, typer.Option("--tag", help="Marks.")] = None


@dataclass(frozen=True, kw_only=True)
class HowMany:
    copies: Annotated[int, Option(help="How many.", least=1)] = 2


def command(
    *, loud: Annotated[bool, typer.Option("--loud", help="Shout.")] = False, where: Where, many: HowMany
) -> None:
    """Print what was given."""
    typer.echo(f"{loud} {where} {many}")


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(with_groups(command, where=Where, many=HowMany))
    return made


@pytest.mark.parametrize(
    ("words", "loud", "where", "many"),
    [
        ([], False, Where(), HowMany()),
        (["--loud", "--tag", "a", "--tag", "b", "--copies", "3"], True, Where(tags=["a", "b"]), HowMany(copies=3)),
        (["--folder", "there"], False, Where(folder="there"), HowMany()),
    ],
)
def test_it_gets_one_object_of_each_group(
    app: typer.Typer, words: list[str], loud: bool, where: Where, many: HowMany
) -> None:
    done = CliRunner().invoke(app, words)
    assert done.output == f"{loud} {where} {many}\n"


def test_help_and_bounds_are_those_of_the_fields(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "Print what was given." in shown
    assert all(flag in shown for flag in ("--loud", "--folder", "--tag", "--copies"))
    assert CliRunner().invoke(app, ["--copies", "0"]).exit_code == 2
