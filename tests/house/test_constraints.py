"""The committed pins fit what pyproject.toml asks for, and `make` sets up with them; `make test-latest` does not."""

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def renew() -> ModuleType:
    """The script behind `make constraints`."""
    specification = importlib.util.spec_from_file_location("renew_constraints", ROOT / ".ci" / "renew_constraints.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pins(renew: ModuleType) -> dict[str, str]:
    found: dict[str, str] = renew.read_pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    return found


def make(*arguments: str) -> str:
    done = subprocess.run(
        ["make", "--dry-run", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout


def test_every_requirement_is_pinned_within_its_range(renew: ModuleType, pins: dict[str, str]) -> None:
    asked = [Requirement(line) for line in renew.requirements(ROOT / "pyproject.toml")]
    assert len(asked) > 30
    for requirement in asked:
        pinned = pins.get(canonicalize_name(requirement.name))
        assert pinned is not None, f"{requirement} has no pin: run `make constraints`"
        assert requirement.specifier.contains(pinned, prereleases=True), f"{requirement}, pinned {pinned}"


def test_the_extras_of_the_project_are_taken_apart(renew: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = set(renew.requirements(ROOT / "pyproject.toml"))
    for extra, lines in project["optional-dependencies"].items():
        assert {line for line in lines if not line.startswith("hilum[")} <= asked, extra
    assert not [line for line in asked if line.startswith("hilum")]


def test_pins_are_public_versions(pins: dict[str, str]) -> None:
    """A local label such as +cpu would shut out every index that lacks that build."""
    for name, version in pins.items():
        assert Version(version).local is None, name
        assert canonicalize_name(name) == name


def test_what_moved(renew: ModuleType) -> None:
    before = {"numpy": "2.4.6", "left": "1.0", "same": "3"}
    after = {"numpy": "2.5.0", "came": "0.1", "same": "3"}
    assert renew.moves(before, after) == ["came: new -> 0.1", "left: 1.0 -> gone", "numpy: 2.4.6 -> 2.5.0"]
    assert renew.moves(before, before) == []


def test_pins_of_a_report(renew: ModuleType) -> None:
    report = {
        "install": [
            {"metadata": {"name": "torch", "version": "2.13.0+cpu"}},
            {"metadata": {"name": "Pydantic_Core", "version": "2.50.5"}},
        ]
    }
    assert renew.pins_of(report) == {"pydantic-core": "2.50.5", "torch": "2.13.0"}
    assert renew.read_pins(renew.as_text(renew.pins_of(report))) == renew.pins_of(report)


def test_another_python_does_not_renew_the_pins(
    renew: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pins of a newer Python may not exist for the oldest one."""
    monkeypatch.setattr(renew, "OLDEST", (3, 10))
    monkeypatch.setattr(sys, "argv", ["renew_constraints.py", str(tmp_path / "constraints.txt")])
    with pytest.raises(SystemExit) as ended:
        renew.main()
    assert ended.value.code == 2
    assert not (tmp_path / "constraints.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((), "constraints.txt"), (("CONSTRAINTS=",), "")],
    ids=["pinned", "latest"],
)
def test_make_hands_the_pins_to_pip(tmp_path: Path, arguments: tuple[str, ...], expected: str) -> None:
    """The variable reaches what a recipe runs: pip itself, and the tests that install the wheel."""
    (tmp_path / "Makefile").write_text(
        (ROOT / "Makefile").read_text(encoding="utf-8")
        + '\nshow:\n\t@echo "[$$PIP_CONSTRAINT|$$PIP_BUILD_CONSTRAINT]"\n'
    )
    done = subprocess.run(
        ["make", "--no-print-directory", "show", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"[{expected}|{expected}]"


def test_the_newest_versions_get_an_environment_of_their_own() -> None:
    said = make("test-latest")
    assert "rm -rf .venv-latest" in said
    assert "CONSTRAINTS=\n" in said
    assert ".venv-latest/bin/python -m pytest" in said
    assert "\n.venv/bin" not in said
