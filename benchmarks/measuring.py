"""What the benchmarks share: progress on stderr, the machine, a target and whether it was reached, the report."""

from __future__ import annotations

import json
import platform
import sys
import time
from pathlib import Path

from hilum.version import __version__


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def machine(*, threads: int) -> dict[str, object]:
    """Processor, threads and Python of this run."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = names[0].partition(":")[2].strip() if names else platform.processor()
    return {"processor": processor, "threads": threads, "python": platform.python_version()}


def target(
    what: str, value: float, *, at_most: float | None = None, at_least: float | None = None
) -> dict[str, object]:
    """A measured value, what was wanted of it, and whether that was reached."""
    reached = value <= at_most if at_most is not None else value >= at_least
    wanted = f"at most {at_most:g}" if at_most is not None else f"at least {at_least:g}"
    return {"what": what, "value": round(value, 3), "wanted": wanted, "reached": bool(reached)}


def head(*, threads: int, quick: bool) -> dict[str, object]:
    """What stands first in every report; the figures of a quick run mean nothing."""
    return {"hilum": __version__, "quick": quick, "machine": machine(threads=threads)}


def target_lines(targets: list[dict]) -> list[str]:
    """One line for each target."""
    return [
        f"  {'reached' if each['reached'] else 'MISSED ':8} {each['value']:8.3f}  {each['what']} ({each['wanted']})"
        for each in targets
    ]


def write(report: dict[str, object], *, folder: Path | None, name: str) -> None:
    """Write `name` into the folder, where one was given."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(report, indent=2) + "\n")
