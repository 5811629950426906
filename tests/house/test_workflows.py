"""What the forge runs: the programs that tests drive are those of CONTRIBUTING.md, and none of them is left out."""

import re
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

ROOT = Path(__file__).parents[2]
CHECK = ROOT / ".github" / "workflows" / "check.yml"
HINTS = re.compile(r"apt install ([a-z0-9 -]+)\)")


@pytest.fixture(scope="module")
def debian() -> dict[str, Any]:
    return dict(yaml.safe_load(CHECK.read_text())["jobs"]["debian"])


def installed(text: str) -> set[str]:
    (line,) = re.findall(r"apt-get install (?:--[\w-]+ )*([a-z0-9 -]+)", text)
    return set(line.split())


def test_contributing_names_what_the_forge_installs(debian: dict[str, Any]) -> None:
    named = installed((ROOT / "CONTRIBUTING.md").read_text())
    assert named <= installed(debian["steps"][0]["run"]) <= named | {"git", "make"}


def test_what_a_skip_asks_for_is_installed(debian: dict[str, Any]) -> None:
    asked = set()
    for path in (ROOT / "tests").rglob("*.py"):
        asked |= {word for hint in HINTS.findall(path.read_text()) for word in hint.split()}
    assert asked
    assert asked <= installed(debian["steps"][0]["run"])


def test_a_skip_for_want_of_a_program_fails_the_forge(debian: dict[str, Any]) -> None:
    """The last step's pattern matches the reasons that tests give, and no other."""
    pattern = re.search(r"grep -E '(.+)' check", debian["steps"][-1]["run"])
    assert pattern is not None
    reasons = ["no chromium on this machine", "Orthanc is not installed (apt install orthanc orthanc-dicomweb)",
               "PostgreSQL is not installed (/usr/lib/postgresql)", "openssl is not installed",
               "systemd-analyze is not installed (apt install systemd)"]  # fmt: skip
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    for reason in reasons:
        assert reason in sources
        assert re.search(pattern[1], f"SKIPPED [1] tests/x.py:3: {reason}")
    assert not re.search(pattern[1], "SKIPPED [1] tests/x.py:3: the real images (../shared/data) are not here")


def test_every_job_has_a_limit_of_time() -> None:
    for path in CHECK.parent.glob("*.yml"):
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            assert job["timeout-minutes"] <= 120, (path.name, name)
