"""`hilum.toml` and the environment: command line before environment before file before default, and what is refused."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hilum.bundle.shelf import MODELS_VARIABLE
from hilum.cli.commands import COMMANDS
from hilum.cli.options.cache import CACHE_VARIABLE
from hilum.cli.options.lazy import load_command
from hilum.cli.options.settings import OF_EVERY_COMMAND, default_map, settings_here
from hilum.cli.options.settings_file import CONFIG_VARIABLE, settings_files, user_settings
from hilum.errors import UsageError
from hilum.evaluation.bundles.ledger import LEDGER_VARIABLE


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_png: Any) -> Path:
    """A project folder with a picture, in which the command runs; the user's settings lie beside it."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    write_png(folder / "x.png", grey=200)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("HILUM_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder


Write = Callable[[str], None]


def read_json(hilum: Any, toy: Path, *more: object) -> dict[str, Any]:
    result = hilum("read", "x.png", "--model", toy, *more)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_command_line_goes_before_environment_before_project_before_user(
    hilum: Any, toy: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = user_settings({"XDG_CONFIG_HOME": str(tmp_path / "config")}, platform="linux")
    user.parent.mkdir(parents=True)
    user.write_text('[read]\njson = true\ngate = false\nage = "3"\nview = "PA"\n')

    def age(*more: object) -> float:
        return float(read_json(hilum, toy, *more)["stated"]["age_years"])

    assert age() == 3
    (project / "hilum.toml").write_text("[read]\nage = 4\n")
    assert age() == 4
    monkeypatch.setenv("HILUM_READ_AGE", "5")
    assert age() == 5
    assert age("--age", "6") == 6
    assert read_json(hilum, toy)["stated"]["view"] == "PA"  # the user's word stands where the project says nothing


def test_a_file_above_the_working_folder_counts_up_to_the_repository(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "hilum.toml").write_text("quiet = true\n")
    (project / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(project / "deep" / "er")
    assert [file.path for file in settings_files()] == [project.resolve() / "hilum.toml"]
    (project / ".git").rmdir()
    assert settings_files() == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[read]\nresum = true\n", "[read] has no option 'resum'; the nearest is resume"),
        ("[raed]\nout = 'x'\n", "no command or common option 'raed'; the nearest is read"),
        ("[read]\nresume = 'yes'\n", "[read] resume is a switch; write true or false, not 'yes'"),
        ("[read]\nout = ['a', 'b']\n", "[read] out takes one value, not a list"),
        ("[read\n", "is no TOML: "),
        ("read = 1\n", "read is written as [read]"),
    ],
)
def test_what_a_file_has_wrong_is_one_line(hilum: Any, project: Path, text: str, line: str) -> None:
    (project / "hilum.toml").write_text(text)
    result = hilum("read", "x.png")
    assert result.exit_code == 2
    (said,) = result.stderr.splitlines()
    assert line in said
    assert "hilum.toml" in said
    assert line in hilum("doctor").stdout  # which runs all the same


def test_doctor_lists_what_is_set_and_by_what(hilum: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "hilum.toml").write_text("log-format = 'json'\n[read]\njobs = 2\nout = 'here'\n")
    monkeypatch.setenv("HILUM_READ_OUT", "there")
    monkeypatch.setenv("HILUM_READ_RESUM", "true")
    monkeypatch.setenv("HILUM_LEDGER", "looks.jsonl")
    monkeypatch.setenv("HILUM_MODEL", "mine")
    said = hilum("doctor").stdout
    assert "read --out = there (from HILUM_READ_OUT)" in said
    assert "read --jobs = 2 (from " in said
    assert "--log-format = json (from " in said
    assert "= here" not in said
    assert "the ledger = looks.jsonl (from HILUM_LEDGER)" in said
    assert "HILUM_MODEL: no option has this variable; the nearest is HILUM_MODELS" in said
    assert "HILUM_READ_RESUM: no option has this variable; the nearest is HILUM_READ_RESUME" in said


def test_tables_of_commands_below_commands(project: Path) -> None:
    (project / "hilum.toml").write_text("verbose = true\n[models.calibrate]\nsensitivity = 0.9\nlabel = 'Nodule'\n")
    command = load_command("models", row=COMMANDS["models"])
    found = default_map(settings_files(), name="models", command=command, table=COMMANDS)
    assert found["calibrate"] == {"sensitivity": "0.9", "label": ["Nodule"], "verbose": True}
    (project / "hilum.toml").write_text("[models.calibrated]\nsensitivity = 0.9\n")
    with pytest.raises(UsageError, match="no command 'calibrated'; the nearest is calibrate"):
        default_map(settings_files(), name="models", command=command, table=COMMANDS)


def test_the_variables_of_every_command_are_those_that_are_read() -> None:
    read = {CONFIG_VARIABLE, CACHE_VARIABLE, MODELS_VARIABLE, LEDGER_VARIABLE}
    assert read | {"HILUM_LOG_FILE", "HILUM_LOG_FORMAT"} == set(OF_EVERY_COMMAND)
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "settings.md").read_text(encoding="utf-8")
    assert all(f"`{variable}`" in page for variable in OF_EVERY_COMMAND)


@pytest.mark.parametrize("name", ["data", "segment"])
def test_every_option_has_a_variable(name: str) -> None:
    command = load_command(name, row=COMMANDS[name])
    for inner in getattr(command, "commands", {"": command}).values():
        for option in inner.params:
            if option.param_type_name == "option" and option.name != "help":
                first = option.envvar if isinstance(option.envvar, str) else option.envvar[0]
                assert first.startswith(f"HILUM_{name.upper()}_")


def test_a_named_file_takes_the_place_of_both(project: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[read]\njobs = 1\n")
    (found,) = settings_files(environment={"HILUM_CONFIG": str(tmp_path / "mine.toml")})
    assert found.path == tmp_path / "mine.toml"
    with pytest.raises(UsageError, match=r"No file .*absent.toml, which HILUM_CONFIG names"):
        settings_files(environment={"HILUM_CONFIG": "absent.toml"})
    assert list(settings_here((), table=COMMANDS, environment={})) == []


def test_a_folder_of_settings_that_may_not_be_looked_into_holds_none(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "hilum.toml").write_text("[read]\nquiet = true\n")
    stat = Path.stat

    def stat_or_refuse(path: Path, **options: Any) -> os.stat_result:
        if "root" in path.parts:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", stat_or_refuse)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/root/.config")  # as `sudo -u` may leave it
    assert [one.path for one in settings_files()] == [project / "hilum.toml"]
