"""Write constraints.txt again from what the package index offers today, and print what moved.

    python .ci/renew_constraints.py [FILE]

The versions are those that pip chooses for the development installation of pyproject.toml without any constraint. Run
it with the oldest Python that hilum supports: its versions exist for the newer ones too. Nothing is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
HEAD = """\
# The versions with which `make run` and `make test` set up, so that they give next month what they give today.
# Written by `make constraints`, which says what moved; `make test-latest` tries today's newest versions instead.
"""


def main() -> int:
    """Resolve, compare with the file as it is, write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "constraints.txt")
    arguments = parser.parse_args()
    if sys.version_info[:2] != OLDEST:
        parser.error(f"run this with Python {OLDEST[0]}.{OLDEST[1]}, the oldest that hilum supports")
    before = read_pins(arguments.file.read_text(encoding="utf-8")) if arguments.file.is_file() else {}
    after = pins_of(resolve(requirements(ROOT / "pyproject.toml")))
    arguments.file.write_text(as_text(after), encoding="utf-8")
    sys.stdout.write("\n".join(moves(before, after) or ["nothing moved"]) + "\n")
    return 0


def requirements(pyproject: Path) -> list[str]:
    """What the development installation asks for, and what builds the wheel; hilum's own extras are taken apart."""
    content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project = content["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *content["build-system"]["requires"]]
    own = f"{project['name']}["
    waiting, seen = ["dev"], set[str]()
    while waiting:
        extra = waiting.pop()
        if extra in seen:
            continue
        seen.add(extra)
        for line in extras[extra]:
            if line.startswith(own):
                waiting.extend(name.strip() for name in line[len(own) :].rstrip("]").split(","))
            else:
                asked.append(line)
    return asked


def resolve(asked: list[str]) -> Mapping[str, object]:
    """Pip's report of what it would install for `asked` into an empty environment of this Python."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PIP_CONSTRAINT", "PIP_QUIET")}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"),
                *("--report", str(report), *asked),
            ],
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        found: Mapping[str, object] = json.loads(report.read_text(encoding="utf-8"))
        return found


def pins_of(report: Mapping[str, object]) -> dict[str, str]:
    """Version by normalised name; a local label (`+cpu`) goes, since another index may offer another build."""
    entries = report["install"]
    assert isinstance(entries, list)
    found = {
        entry["metadata"]["name"].lower().replace("_", "-"): entry["metadata"]["version"].partition("+")[0]
        for entry in entries
    }
    return dict(sorted(found.items()))


def read_pins(text: str) -> dict[str, str]:
    """The pins of a constraints file."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return dict(tuple(line.split("==", 1)) for line in lines)


def as_text(pins: Mapping[str, str]) -> str:
    """The constraints file."""
    return HEAD + "".join(f"{name}=={version}\n" for name, version in pins.items())


def moves(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """One line for each package that came, went or changed its version."""
    lines = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        lines.append(f"{name}: {old or 'new'} -> {new or 'gone'}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
