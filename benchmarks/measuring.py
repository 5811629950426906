"""What the benchmarks share: progress on stderr, the machine, a target and whether it was reached, the report."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from pathlib import Path

from hilum.reading.engines.processor import this_processor
from hilum.version import __version__


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


TOLD_FLAGS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "bf16",
    "i8mm",
)
"""The flags of a processor on which the speed of networks rests."""


def machine(*, threads: int) -> dict[str, object]:
    """Processor with its flags, threads and Python of this run, and how many processes ran or waited on average."""
    found = this_processor()
    return {
        "processor": found.name,
        "flags": [flag for flag in TOLD_FLAGS if flag in found.flags],
        "threads": threads,
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def target(
    what: str,
    value: float,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    spread: tuple[float, float] | None = None,
) -> dict[str, object]:
    """A measured value, what was wanted of it, and whether that was reached; `spread` is its lowest and highest."""
    reached = value <= at_most if at_most is not None else value >= at_least
    wanted = f"at most {at_most:g}" if at_most is not None else f"at least {at_least:g}"
    between = {} if spread is None else {"spread": [round(each, 3) for each in spread]}
    return {"what": what, "value": round(value, 3), **between, "wanted": wanted, "reached": bool(reached)}


def head(*, threads: int, quick: bool) -> dict[str, object]:
    """What stands first in every report; the figures of a quick run mean nothing."""
    return {"hilum": __version__, "quick": quick, "machine": machine(threads=threads)}


def target_lines(targets: list[dict]) -> list[str]:
    """One line for each target."""
    return [
        f"  {'reached' if each['reached'] else 'MISSED ':8} {each['value']:8.3f}{spread_text(each)}  {each['what']} "
        f"({each['wanted']})"
        for each in targets
    ]


def spread_text(each: dict) -> str:
    """The spread of a target in brackets, where it has one."""
    return f" [{each['spread'][0]:g}, {each['spread'][1]:g}]" if "spread" in each else ""


def write(report: dict[str, object], *, folder: Path | None, name: str) -> None:
    """Write `name` into the folder, where one was given."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(report, indent=2) + "\n")
