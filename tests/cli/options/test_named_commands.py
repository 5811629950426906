"""A command with names behind it, on a toy table: what each name takes, and how the rest is refused."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner, Result

from hilum.cli.options.named_commands import NamedGroup, add_commands
from hilum.errors import UsageError
from hilum.option import NoOptions, Option


@dataclass(frozen=True, kw_only=True)
class ToyOptions:
    folds: Annotated[int, Option(help="How many folds.", least=2)] = 5
    by: Annotated[str | None, Option(help="By what.", metavar="WHAT")] = None


class ToyGroup(NamedGroup):
    word = "toy"
    any_file = "FILE.py"


called: list[tuple[str, object, int]] = []


def toy(name: str, *, own: object, jobs: Annotated[int, typer.Option(help="Threads.")] = 1) -> None:
    """What every toy does."""
    called.append((name, own, jobs))


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer(cls=ToyGroup, no_args_is_help=True, context_settings={"help_option_names": ["--help"]})
    add_commands(
        made,
        shared=toy,
        rows={"plain": NoOptions, "folded": ToyOptions, "FILE.py": ToyOptions},
        lines={"plain": "A plain one.", "folded": "One with folds.", "FILE.py": "One of your own."},
        example=lambda name: f"hilum toy {name}",
        completions={},
    )
    return made


def run(app: typer.Typer, *words: str) -> Result:
    called.clear()
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "160", "NO_COLOR": "1"})


def test_a_name_gets_its_options_as_one_object(app: typer.Typer) -> None:
    assert run(app, "folded", "--folds", "3", "--jobs", "2").exit_code == 0
    assert called == [("folded", ToyOptions(folds=3), 2)]
    assert run(app, "plain").exit_code == 0
    assert called == [("plain", NoOptions(), 1)]


def test_a_file_is_a_name_too(app: typer.Typer) -> None:
    assert run(app, "my/own.py", "--by", "age").exit_code == 0
    assert called == [("my/own.py", ToyOptions(by="age"), 1)]


def test_help_of_a_name_shows_what_it_takes_and_no_more(app: typer.Typer) -> None:
    plain, folded = run(app, "plain", "--help").output, run(app, "folded", "--help").output
    assert "--jobs" in plain
    assert "--folds" not in plain
    assert "What every toy does." in plain
    assert "--folds" in folded
    assert "How many folds." in folded
    listed = run(app, "--help").output
    assert "One with folds." in listed
    assert "--folds" not in listed


@pytest.mark.parametrize("words", [("--folds", "3"), ("--folds=3",)])
def test_an_option_of_another_name_is_refused_in_one_line(app: typer.Typer, words: tuple[str, ...]) -> None:
    refused = run(app, "plain", *words)
    assert isinstance(refused.exception, UsageError)
    assert str(refused.exception) == "leave --folds out: the toy plain does not take it, folded, FILE.py do"
    both = run(app, "plain", *words, "--by", "age")
    assert str(both.exception).startswith("leave --folds and --by out: the toy plain does not take them")
    assert called == []


def test_what_no_name_takes_and_what_is_out_of_range_is_refused(app: typer.Typer) -> None:
    assert run(app, "plain", "--nix").exit_code == 2
    assert run(app, "folded", "--folds", "1").exit_code == 2
    assert called == []


def test_a_name_that_is_none_and_an_option_before_the_name(app: typer.Typer) -> None:
    unknown = run(app, "other").exception
    assert str(unknown) == "Unknown toy 'other'. Available: plain, folded, or a file of your own that ends in .py"
    assert "; the nearest is folded. Available" in str(run(app, "foldet").exception)
    assert run(app, "Plain").exit_code == 0
    early = run(app, "--jobs", "2", "plain").exception
    assert "Name the toy before its options" in str(early)
