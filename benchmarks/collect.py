"""Run every benchmark whose figures stand in the documentation, one after another: `make benchmark`.

    python benchmarks/collect.py [--only NAME]... [--quick] [--again] [--out FOLDER] [--shared FOLDER] [--list]

Each runs in a process of its own; its report becomes NAME.json in `--out` (`benchmarks/results`), with what it ran on:
versions, the processor's flags, the load before and after, how long it took. What has been measured already on this
machine, with this code and these versions, is not measured again, so a run that was stopped goes on with the same
command; `--again` measures anew. One that fails is said and passed over, and the command ends with 1. `--quick` shows
that each works: its figures mean nothing and go into a folder of their own unless `--out` names one. Prints one table
of all targets at the end, beside which peer each stands, with spread and the load. `make results` writes the
documentation from these files.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from hilum.errors import HilumError
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.processor import this_processor
from hilum.whole_files import write_whole
from listed import BENCHMARKS, Benchmark
from measuring import TOLD_FLAGS, head, say, spread_text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VERSIONS = (
    "numpy", "onnxruntime", "openvino", "pillow", "imagecodecs", "pydicom", "pyarrow", "ray", "torch", "torchvision",
    "torchxrayvision", "monai", "grad-cam", "scikit-learn", "lightning",
)  # fmt: skip
PEERS = ("torchxrayvision", "MONAI", "grad-cam", "scikit-learn", "plain float32 loop")

Found = dict[str, Any]


def main() -> int:
    arguments = parse()
    chosen = [each for each in BENCHMARKS if not arguments.only or each.name in arguments.only]
    if arguments.list:
        print("\n".join(f"{each.name:18} {each.minutes:5g} min  benchmarks/{each.script}" for each in chosen))
        return 0
    out: Path = arguments.out or ROOT / ("build/benchmarks-quick" if arguments.quick else "benchmarks/results")
    failed = [each.name for each in chosen if not done(each, out=out, arguments=arguments)]
    print("\n".join(table(chosen, out=out)))
    if failed:
        say(f"failed: {', '.join(failed)}")
    return int(bool(failed))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [each.name for each in BENCHMARKS]
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help="run this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="show that each works; the figures mean nothing")
    parser.add_argument("--again", action="store_true", help="measure what was measured already, too")
    parser.add_argument("--out", type=Path, help="folder of the reports")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data", help="folder of releases")
    parser.add_argument("--list", action="store_true", help="only list them, with about how long each takes")
    return parser.parse_args()


def done(each: Benchmark, *, out: Path, arguments: argparse.Namespace) -> bool:
    """Whether a benchmark was measured, now or before, or can be left out; says which."""
    lacking = why_left_out(each, quick=arguments.quick, shared=arguments.shared)
    if lacking is not None:
        say(f"{each.name}: left out, {lacking}")
        return True
    words = words_of(each, quick=arguments.quick, shared=arguments.shared)
    ran_on = surroundings(each, quick=arguments.quick)
    before = read(out / f"{each.name}.json")
    if before is not None and not arguments.again and before.get("run", {}).get("key") == ran_on["key"]:
        say(f"{each.name}: measured already, {before['run']['date']}")
        return True
    say(f"{each.name}: about {each.minutes:g} min" if not arguments.quick else f"{each.name}: quick")
    started = time.perf_counter()
    try:
        report = measured(each, words=words, out=out)
        ran_on |= {"seconds": round(time.perf_counter() - started, 1), "load_after": load()}
        report = head(threads=available_cores(), quick=arguments.quick) | report | {"run": ran_on}
        write_whole(out / f"{each.name}.json", json.dumps(report, indent=2).encode() + b"\n")
    except (subprocess.CalledProcessError, OSError, ValueError, HilumError) as error:
        say(f"{each.name}: {str(error)[:300]}")
        return False
    return True


def why_left_out(each: Benchmark, *, quick: bool, shared: Path) -> str | None:
    missing = [module for module in each.needs if importlib.util.find_spec(module) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if quick:
        return "it has no quick form" if each.quick is None else None
    return (
        f"no releases lie in {shared}; name their folder by --shared"
        if each.needs_data and not shared.is_dir()
        else None
    )


def words_of(each: Benchmark, *, quick: bool, shared: Path) -> list[str]:
    return list(each.quick or ()) if quick else [word.format(shared=shared) for word in each.words]


def measured(each: Benchmark, *, words: list[str], out: Path) -> Found:
    """The report of one benchmark, run in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in (out / "machine.json",):  # the rates that others are shown beside
            if path.is_file():
                (folder / path.name).write_bytes(path.read_bytes())
        to = {"folder": ["--out", name], "file": ["--out", str(folder / f"{each.name}.json")]}.get(each.report, [])
        printed = subprocess.run(
            [sys.executable, str(HERE / each.script), *words, *to], check=True, stdout=subprocess.PIPE, text=True,
            stdin=subprocess.DEVNULL, env=environment(each),
        ).stdout  # fmt: skip
        if each.report == "text":
            return {"lines": printed.splitlines()}
        if each.report == "printed":
            return dict(json.loads(printed))
        for picture in folder.glob("*.png"):
            write_whole(out / picture.name, picture.read_bytes())
        found = read(folder / f"{each.name}.json")
    if found is None:
        raise ValueError(f"benchmarks/{each.script} wrote no {each.name}.json")
    return found


def environment(each: Benchmark) -> dict[str, str]:
    """The environment without the limit on threads that the Makefile sets for linters and tests."""
    found = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    return found | ({"OPENBLAS_NUM_THREADS": "1"} if each.reads else {})


def surroundings(each: Benchmark, *, quick: bool) -> Found:
    """What a benchmark runs on; `key` is the same as long as nothing of it changes that could change a figure.

    The words are those of the list, so that a report names no folder of the machine that it was made on.
    """
    processor = this_processor()
    fixed = {
        "words": list(each.quick or ()) if quick else list(each.words),
        "processor": processor.name,
        "flags": [flag for flag in TOLD_FLAGS if flag in processor.flags],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in VERSIONS if (found := version_of(name)) is not None},
        "sources_sha256": sources_sha256(),
    }
    key = hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()
    date = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return {"key": key, "date": date, **fixed, "load_before": load()}


def sources_sha256() -> str:
    """Over hilum's own code and all benchmarks."""
    found = hashlib.sha256()
    for path in sorted([*(ROOT / "src").rglob("*.py"), *HERE.glob("*.py")]):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def version_of(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def load() -> float | None:
    """How many processes ran or waited over the last minute, on average."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def read(path: Path) -> Found | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def table(chosen: Iterable[Benchmark], *, out: Path) -> list[str]:
    """One line for each target of all reports, with the peer it stands beside and the load it was measured under."""
    processor = this_processor()
    flags = " ".join(flag for flag in TOLD_FLAGS if flag in processor.flags)
    lines = [f"{processor.name} ({flags})", f"{'':8} {'value':>9} {'load':>6}  what"]
    for each in chosen:
        report = read(out / f"{each.name}.json")
        if report is None:
            continue
        ran_under = report.get("run", {}).get("load_before")
        for found in report.get("targets", ()):
            peer = next((name for name in PEERS if name in found["what"]), None)
            lines.append(
                f"{'reached' if found['reached'] else 'MISSED':8} {found['value']:9.3f} "
                f"{'?' if ran_under is None else f'{ran_under:.1f}':>6}  {each.name}: {found['what']} "
                f"({found['wanted']}){spread_text(found)}{'' if peer is None else f' | beside {peer}'}"
            )
        for side, share in report.get("shares", {}).items():
            lines.append(f"{'':8} {share:9.3f} {'':6}  {each.name}: share of the matrix rate, {side}")
        for what, rate in report.get("rates", {}).items():
            lines.append(
                f"{'':8} {rate['median']:9.1f} {'':6}  {each.name}: {what} [{rate['low']:g}, {rate['high']:g}]"
            )
    return [*lines, "figures of a quick run mean nothing"] if "quick" in str(out) else lines


if __name__ == "__main__":
    sys.exit(main())
