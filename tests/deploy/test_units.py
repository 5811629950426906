"""The systemd units: clean, shut in, and what they start is a command line of hilum's with the settings beside them."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = ("serve", "listen")
MOST_EXPOSED = 3.5
"""`systemd-analyze security`: 10 is a service that may do everything."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (apt install systemd)"
)


def entries(name: str) -> list[tuple[str, str]]:
    """Each line of a unit as key and value."""
    lines = (DEPLOY / f"hilum-{name}.service").read_text().splitlines()
    return [tuple(line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#")]  # type: ignore[misc]


def value_of(name: str, key: str) -> list[str]:
    return [value for found, value in entries(name) if found == key]


def called(name: str, parsed: Any) -> dict[str, Any]:
    """What the unit starts, with the settings of deploy/hilum.toml."""
    (line,) = value_of(name, "ExecStart")
    program, *words = line.replace("%S", "/var/lib").replace("%d", "/run/credentials").split()
    assert program == "/opt/hilum/bin/hilum"
    found = parsed(words, settings=tomllib.loads((DEPLOY / "hilum.toml").read_text()))
    assert words[0] == name
    return dict(found)


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_the_unit_is_clean(name: str, tmp_path: Path) -> None:
    unit = tmp_path / f"hilum-{name}.service"  # with a program that is there
    unit.write_text((DEPLOY / unit.name).read_text().replace("/opt/hilum/bin/hilum", shutil.which("true") or ""))
    clean = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (clean.returncode, clean.stdout + clean.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
def test_the_unit_is_shut_in(name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", DEPLOY / f"hilum-{name}.service"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None
    assert float(found[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("name", UNITS)
def test_what_it_starts_is_a_command_line_of_hilum(name: str, parsed: Any) -> None:
    found = called(name, parsed)
    assert found["folder"] == Path("/var/lib") / value_of(name, "StateDirectory")[0]
    assert found["host"] == "0.0.0.0"


@pytest.mark.parametrize("name", UNITS)
def test_its_variables_are_hilum_s(name: str, variables: frozenset[str]) -> None:
    assert {value.partition("=")[0] for value in value_of(name, "Environment")} <= variables


def test_every_secret_is_handed_over_and_used() -> None:
    handed = {value.partition(":")[0] for value in value_of("serve", "LoadCredential")}
    assert handed == set(re.findall(r"%d/(\S+)", value_of("serve", "ExecStart")[0]))
    assert not value_of("listen", "LoadCredential")


@pytest.mark.parametrize("name", UNITS)
def test_it_may_still_ask_what_it_runs_on(name: str) -> None:
    """The store refuses network file systems by /proc/mounts, which `ProcSubset=pid` would hide."""
    assert not value_of(name, "ProcSubset")


def test_a_stop_is_no_failure() -> None:
    """`hilum serve` ends with 143 when it is told to end (tests/cli/test_serve.py)."""
    assert value_of("serve", "SuccessExitStatus") == ["143"]
    assert value_of("serve", "KillMode") == value_of("listen", "KillMode") == ["mixed"]
