"""The command itself: the table, help, version, completion, errors, and what is imported when."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from hilum.cli.commands import COMMANDS, READ_INTO_FOLDER
from hilum.cli.main import HilumGroup
from hilum.cli.options.lazy import LazyCommand, LazyGroup, lazy_app
from hilum.version import __version__


def test_help_lists_every_command_with_examples(hilum: Any) -> None:
    result = hilum("--help")
    assert result.exit_code == 0
    for name, row in COMMANDS.items():
        assert name in result.stdout
        assert row.help in result.stdout
    assert "hilum read scans/ --out readings/" in result.stdout


@pytest.mark.parametrize("name", ["read", "models", "doctor", "phantom"])
def test_help_of_each_command_that_needs_no_optional_part(hilum: Any, name: str) -> None:
    result = hilum(name, "--help")
    assert result.exit_code == 0, result.stderr
    assert f"hilum {name}" in result.stdout or f"root {name}" in result.stdout


def test_lazy_function_is_there() -> None:
    from hilum.cli.read.into_folder import read_into_folder

    assert READ_INTO_FOLDER.load() is read_into_folder


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "hilum", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"hilum {__version__}\n")


def test_version(hilum: Any) -> None:
    assert hilum("--version").stdout == f"hilum {__version__}\n"


def test_a_likely_command_is_suggested(hilum: Any) -> None:
    assert "Did you mean 'read'" in hilum("reed").stderr


def test_shell_completion_knows_commands_and_their_options() -> None:
    command = str(Path(sys.executable).with_name("hilum"))

    def completed(*words: str) -> str:
        environment = {
            **os.environ,
            "_HILUM_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(["hilum", *words]),
            "COMP_CWORD": str(len(words)),
        }
        return subprocess.run([command], env=environment, capture_output=True, text=True, check=False).stdout

    assert set(completed("m").split()) == {"models"}
    assert "--resume" in completed("read", "--re").split()
    assert "show" in completed("models", "s").split()
    assert completed("train", "pneu").split() == ["pneumonia", "pneumonia-lungs"]
    assert "lungs-liu" in completed("study", "lungs").split()
    assert completed("models", "show", "pneu").split() == ["pneumonia-paediatric"]
    assert completed("read", "--model", "xray").split() == ["xray-gate"]
    assert "vindr_pcxr" in completed("data", "check", "vindr").split()
    assert completed("evaluate", "chest-adult", "--data", "vindr").split() == ["vindr_pcxr=", "vindr_cxr="]


def test_help_imports_no_command_and_reading_no_torch_and_no_page_templates(
    toy: Path, write_png: Any, tmp_path: Path
) -> None:
    image = write_png(tmp_path / "x.png")
    code = """
import sys
from hilum.cli.main import main
sys.argv = ["hilum", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    assert ended.code in (0, None), ended.code
print("LOADED", *sorted(sys.modules))
"""

    def loaded(*arguments: object) -> set[str]:
        ended = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True
        )
        return set(ended.stdout.rpartition("LOADED")[2].split())

    after_help = loaded("--help")
    assert not {row.module for row in COMMANDS.values()} & after_help
    after_read = loaded("read", image, "--model", toy, "--no-gate")
    assert "hilum.cli.read.command" in after_read
    assert not {"torch", "scipy", "jinja2", "hilum.cli.read.into_folder", "hilum.training", "onnx"} & after_read


def group_of(table: dict[str, LazyCommand]) -> Any:
    rows = table

    class Group(HilumGroup):
        table: ClassVar[dict[str, LazyCommand]] = rows

    return lazy_app(Group, help="help", epilog="")


def write_module(folder: Path, name: str, code: str) -> None:
    (folder / f"{name}.py").write_text(code)


def test_missing_part_is_one_line_with_the_install_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_module(tmp_path, "command_without_torch", "import torch_that_is_absent.nn\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = {
        "train": LazyCommand("command_without_torch", "help", part="train"),
        "other": LazyCommand("no_module", "help"),
    }
    result = CliRunner().invoke(group_of(rows), ["train"])
    assert result.exit_code == 1
    assert result.stderr == (
        "hilum: 'hilum train' needs the package torch_that_is_absent, which is not installed; "
        'run: pip install "hilum[train]"\n'
    )


def test_a_module_of_our_own_that_is_missing_is_not_blamed_on_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_module(tmp_path, "command_with_a_slip", "import hilum.absent\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = {name: LazyCommand("command_with_a_slip", "help", part="train") for name in ("a", "b")}
    result = CliRunner().invoke(group_of(rows), ["a"])
    assert isinstance(result.exception, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        ("hilum.errors.OutputError('a\\n b')", 1, "hilum: a b\n"),
        ("hilum.errors.UsageError('a')", 2, "hilum: a\n"),
        ("KeyboardInterrupt", 130, "hilum: interrupted; what was written is whole\n"),
        ("hilum.cli.main.Terminated", 143, "hilum: terminated; what was written is whole\n"),
    ],
)
def test_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: str, code: int, said: str, request: pytest.FixtureRequest
) -> None:
    name = f"command_that_ends_{abs(hash(request.node.name))}"
    body = f"""
import typer
import hilum.errors, hilum.cli.main
app = typer.Typer()
@app.command()
def run() -> None:
    raise {raised}
"""
    write_module(tmp_path, name, body)
    monkeypatch.syspath_prepend(str(tmp_path))
    result = CliRunner().invoke(group_of({"a": LazyCommand(name, "help"), "b": LazyCommand(name, "help")}), ["a"])
    assert (result.exit_code, result.stderr) == (code, said)


def test_a_group_needs_a_table() -> None:
    with pytest.raises(AttributeError):
        lazy_app(LazyGroup, help="", epilog="")


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [("read", None, "1"), ("screen", None, "1"), ("read", "3", "3"), ("judge", None, None), ("", None, None)],
)
def test_numpy_has_one_thread_where_images_are_read_and_the_user_says_no_other(
    command: str, before: str | None, after: str | None, tmp_path: Path
) -> None:
    code = (
        "import os, sys\n"
        "from hilum.cli.main import main\n"
        f"sys.argv = ['hilum', *{command.split()!r}, '--help']\n"
        "try:\n    main()\n"
        "finally:\n    print(os.environ.get('OPENBLAS_NUM_THREADS'), file=sys.stderr)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    environment |= {} if before is None else {"OPENBLAS_NUM_THREADS": before}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == str(after)
