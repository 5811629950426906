"""Every `--help`: an example, room on a narrow terminal, one way of saying things, and no wait for torch."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from hilum.cli.commands import COMMANDS
from hilum.cli.main import app
from hilum.cli.options.lazy import LazyGroup, load_command
from hilum.cli.options.named_commands import NamedGroup
from hilum.cli.options.recipe_names import NOT_TUNED, RECIPES, STUDIES


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it; of recipes and studies the group, and its commands in full."""
    for name, row in COMMANDS.items():
        yield from below((name,), load_command(name, row=row))


def below(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    later = command.table if isinstance(command, LazyGroup) else {}
    found = command.commands_in_full() if isinstance(command, NamedGroup) else getattr(command, "commands", {})
    for name, inner in found.items():
        loaded = load_command(" ".join((*path, name)), row=later[name]) if name in later else inner
        yield from below((*path, name), loaded)


EVERY = dict(commands())


def help_of(*path: str) -> str:
    result = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"}, prog_name="hilum")
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_each_has_an_example_that_calls_it(path: tuple[str, ...]) -> None:
    epilog = EVERY[path].epilog or ""
    words = [word for word in path if word != "FILE.py"]
    assert re.search(rf"\[bold\]Examples?\[/\]\n\nhilum {' '.join(words)}", epilog), epilog


@pytest.mark.parametrize(
    "path", [path for path in EVERY if len(path) == 1 or path[0] in ("data", "models")], ids=" ".join
)
def test_each_fits_80_columns_and_breaks_no_line_early(path: tuple[str, ...]) -> None:
    text = help_of(*path)
    assert max(map(len, text.splitlines())) <= 80
    said = EVERY[path].help
    assert "\n" not in said.replace("\n\n", "")
    assert not re.search(r"<(bool|str|path|list)|int range", text)


def test_help_of_hilum_itself_says_no_type_of_a_flag() -> None:
    assert "<bool>" not in help_of()


def test_options_are_said_alike_everywhere() -> None:
    for path, command in EVERY.items():
        for one in command.params:
            where = " ".join((*path, one.name))
            if one.name == "jobs":
                assert one.default is None, where
                assert "default: all cores" in one.help, where
            if one.name in ("model", "lungs") and one.metavar:
                assert one.metavar == "MODEL", where
            assert one.metavar not in ("BUNDLE", "NAME_OR_FOLDER"), where
            names_data = "FOLDER" in (one.metavar or "") and "NAME=" in one.metavar
            if names_data:
                assert one.metavar in ("NAME=FOLDER|PATH", "NAME=FOLDER", "[NAME=]FOLDER"), where
            if names_data or one.metavar in ("MODEL", "WEIGHTS"):
                assert one._custom_shell_complete is not None, f"{where}: a shell completes nothing"
            negative = [flag for flag in one.opts if flag.startswith("--no-")]
            assert not negative, f"{where}: {negative} has no counterpart"


def test_the_names_of_recipes_and_studies_are_those_that_run() -> None:
    table = pytest.importorskip("hilum.systems.table")
    assert list(RECIPES) == list(table.TRAININGS)
    assert list(STUDIES) == list(table.STUDIES)
    tuned = [name for (group, *rest), _ in EVERY.items() if group == "tune" for name in rest if name != "FILE.py"]
    assert tuned == [name for name in RECIPES if name not in NOT_TUNED]


@pytest.mark.parametrize("group", ["train", "study"])
def test_recipes_and_studies_are_listed_a_line_each(group: str) -> None:
    listed = help_of(group)
    for name, line in (RECIPES if group == "train" else STUDIES).items():
        assert re.search(rf"^│ {name} +{re.escape(line)} +│$", listed, re.M), f"{name}: {line}"


def test_what_must_be_given_is_marked() -> None:
    assert re.search(r"^│ \* +--out", help_of("segment"), re.M)
    trained = " ".join(help_of("train", "pneumonia").replace("│", " ").split())
    assert trained.count("Required to train.") == 2


def test_help_and_completion_of_recipes_wait_for_no_torch() -> None:
    code = """
import sys
from hilum.cli.main import main
sys.argv = ["hilum", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print("LOADED", *sorted(sys.modules))
"""
    ended = subprocess.run([sys.executable, "-c", code, "train", "--help"], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.rpartition("LOADED")[2].split())
    assert "pneumonia-lungs" in ended.stdout
    assert not {"torch", "lightning", "timm", "hilum.systems.table"} & loaded


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("train", "pnuemonia"), "Unknown recipe 'pnuemonia'; the nearest is pneumonia. Available: classify, "),
        (("study", "lungs-paper3"), "The study lungs-paper3 is now called lungs-liu"),
        (("study", "lung"), "Unknown study 'lung'; the nearest is lungs. Available: gate, "),
        (("tune", "Gate"), "No search is possible over the recipe gate: it trains from a study"),
        (("tune", "classify"), "No search is possible over the recipe classify: its labels come from your table"),
        (("train", "--smoke"), "Name the recipe before its options: "),
        (("train", "Pneumonia"), "Missing option: --data NAME=FOLDER and --out FOLDER"),
        (("data", "check", "vindr-pcxr", "."), "No data set is called 'vindr-pcxr'; did you mean vindr_pcxr"),
        (("models", "show", "pneumonia-pediatric"), "Unknown model 'pneumonia-pediatric'; the nearest is pneumonia-"),
        (("segment", "-", "--out", "x"), "Name files or folders: standard input (-) is not taken"),
    ],
)
def test_a_slip_gets_the_nearest_name_or_what_is_missing(hilum: Any, words: tuple[str, ...], line: str) -> None:
    result = hilum(*words)
    assert result.exit_code in (1, 2)
    (said,) = result.stderr.splitlines()
    assert line in said
    assert "came" not in said
