"""How much is downloaded and installed to read radiographs: hilum beside torchxrayvision, part by part.

    python benchmarks/installation.py [--out FOLDER]

needs the package index and about ten minutes, most of it torch's download. Each side's wheels are downloaded into a
folder and installed from it alone into a fresh environment, with the versions of constraints.txt. Prints both sides,
the ratio, and what moved since the last `installation.json` in `--out`; then writes that file. MB are 10^6 bytes.
The peer's torch is the build that the index offers here; a CUDA build is several times as large as a CPU build.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from measuring import head, say, target, target_lines, write

ROOT = Path(__file__).resolve().parents[1]
NAME = "installation.json"
SIDES = {"hilum": [], "torchxrayvision": ["torchxrayvision"]}
"""What pip is asked for on each side; hilum's wheel is built from this tree."""

# What a fresh environment is asked: the bytes of each distribution's files, by name.
SURVEY = """
import importlib.metadata, json
def size(d):
    paths = (d.locate_file(f) for f in d.files or ())
    return sum(p.stat().st_size for p in paths if p.is_file())
print(json.dumps({d.metadata["Name"].lower().replace("_", "-"): size(d) for d in importlib.metadata.distributions()}))
"""
TOOLS = ("pip", "setuptools", "wheel")

Sizes = Mapping[str, float]


def main() -> None:
    """Measure both sides, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help=f"folder for {NAME}")
    arguments = parser.parse_args()
    before = _read(arguments.out)
    with tempfile.TemporaryDirectory() as name:
        measured = {side: measure(asked, folder=Path(name) / side) for side, asked in SIDES.items()}
    report = results(measured)
    print("\n".join(lines(report, before=before)))
    write(report, folder=arguments.out, name=NAME)


def measure(asked: list[str], *, folder: Path) -> dict[str, Sizes]:
    """MB by distribution, downloaded and installed, of one side."""
    wheels, environment = folder / "wheels", folder / "env"
    if not asked:
        say("building hilum's wheel")
        _run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT)
        asked = [str(path) for path in folder.glob("hilum-*.whl")]
    say(f"downloading {Path(asked[0]).name} and what it needs")
    _run(sys.executable, "-m", "pip", "download", "--quiet", "--dest", wheels, *asked)
    _run(sys.executable, "-m", "venv", environment)
    python = environment / "bin" / "python"
    _run(python, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", wheels, *asked)
    installed = json.loads(_run(python, "-c", SURVEY))
    return {
        "downloaded": _largest_first({_distribution(path): path.stat().st_size for path in wheels.iterdir()}),
        "installed": _largest_first({name: size for name, size in installed.items() if name not in TOOLS}),
    }


def results(measured: Mapping[str, Mapping[str, Sizes]]) -> dict[str, object]:
    """The report: every part of both sides, the sums, and hilum's share of the peer's."""
    sums = {
        side: {what: round(sum(sizes.values()), 1) for what, sizes in parts.items()} for side, parts in measured.items()
    }
    ours, theirs = sums["hilum"], sums["torchxrayvision"]
    return {
        **head(threads=1, quick=False),
        "targets": [
            target(f"{what}: hilum / torchxrayvision", ours[what] / theirs[what], at_most=0.5)
            for what in ("installed", "downloaded")
        ],
        "mb": sums,
        "parts_mb": measured,
    }


def lines(report: Mapping[str, object], *, before: Mapping[str, object] | None) -> list[str]:
    """What is printed."""
    sums, parts = report["mb"], report["parts_mb"]
    shown = []
    for side in SIDES:
        shown.append(
            f"{side}: {sums[side]['installed']} MB installed, {sums[side]['downloaded']} MB downloaded, "
            f"{len(parts[side]['installed'])} packages"
        )
        shown += [
            f"  {mb:9.2f} MB  {name} ({parts[side]['downloaded'].get(name, 0):.2f} MB downloaded)"
            for name, mb in list(parts[side]["installed"].items())[:12]
        ]
    shown += target_lines(report["targets"])
    if before is not None:
        shown.append("since the last measurement, hilum, installed:")
        shown += moved(before["parts_mb"]["hilum"]["installed"], parts["hilum"]["installed"]) or ["  nothing moved"]
    return shown


def moved(before: Sizes, after: Sizes) -> list[str]:
    """One line for each part that came, went or changed by at least 0.05 MB, the largest change first."""
    changes = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in {*before, *after}}
    return [
        f"  {change:+9.2f} MB  {name} ({before.get(name, 0.0):.2f} -> {after.get(name, 0.0):.2f})"
        for name, change in sorted(changes.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
        if abs(change) >= 0.05
    ]


def _read(folder: Path | None) -> Mapping[str, object] | None:
    path = None if folder is None else folder / NAME
    return json.loads(path.read_text(encoding="utf-8")) if path is not None and path.is_file() else None


def _largest_first(sizes: Mapping[str, float]) -> dict[str, float]:
    return {name: round(size / 1e6, 2) for name, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))}


def _distribution(path: Path) -> str:
    """The name of the distribution in a wheel's or a source archive's file name."""
    name = path.name.partition("-")[0] if path.suffix == ".whl" else path.name.rpartition("-")[0]
    return name.lower().replace("_", "-")


def _run(*command: str | Path) -> str:
    pins = (ROOT / "constraints.txt").as_uri()
    environment = os.environ | {"PIP_CONSTRAINT": pins, "PIP_BUILD_CONSTRAINT": pins}
    done = subprocess.run(
        [str(part) for part in command], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
