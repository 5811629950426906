"""What the lab's benchmarks measured, as Markdown, from `benchmarks/results/*.json`; a file that is absent is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from markers import ROOT, table

RESULTS = ROOT / "benchmarks" / "results"
Report = dict[str, Any]


def lab(folder: Path = RESULTS) -> str:
    """Every target with what was measured, then the figures behind them; quick runs count as absent."""
    found = {name: report for name in SHOWN if (report := _read(folder / f"{name}.json")) is not None}
    absent = [f"`benchmarks/{name}.py`" for name in MEASURED if name not in found]
    parts = []
    if found:
        targets = [
            _target(each, of=report.get("bundle")) for report in found.values() for each in report.get("targets", ())
        ]
        parts.append(_machines(found))
        parts.append(table(("measure", "value", "wanted", "reached"), targets))
    parts += [
        f"<details><summary>{title}</summary>\n\n{details(found[name])}\n\n</details>"
        for name, (title, details) in DETAILS.items()
        if name in found
    ]
    if absent:
        parts.append(f"Not measured for this version: {', '.join(absent)}; each says in its first lines how to run it.")
    return "\n\n".join(parts)


def _read(path: Path) -> Report | None:
    if not path.is_file():
        return None
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    return None if report.get("quick") else report


def _target(each: Report, *, of: str | None) -> tuple[str, ...]:
    what = each["what"] if of is None else f"{of}: {each['what']}"
    return what, f"{each['value']:g}", each["wanted"], "yes" if each["reached"] else "**no**"


def _machines(found: dict[str, Report]) -> str:
    lines = {}
    for report in found.values():
        machine = report["machine"]
        threads = f", {machine['threads']} threads" if "threads" in machine else ""
        lines[f"hilum {report['hilum']}, {machine['processor']}{threads}, Python {machine['python']}"] = None
    return "; ".join(lines)


def _training(report: Report) -> str:
    rows = [
        (
            each["network"],
            *(f"{each['images_per_s'][side]:.1f}" for side in ("plain", "bare", "hilum")),
            f"{each['overhead']:.1%}",
            f"{each['share_of_matrix_rate']:.1%}",
        )
        for each in report["networks"]
    ]
    header = ("network, images/s", "plain float32 loop", "hilum's arithmetic alone", "hilum", "loop and data")
    note = f"Device: {report['device']}; batches of {report['batch']}; worker processes: {report['workers']}."
    gpu = f" GPU: {report['gpu']}." if "gpu" in report else ""
    return f"{note}{gpu}\n\n{table((*header, 'of the measured matrix rate'), rows)}"


def _statistics(report: Report) -> str:
    rows = [
        (
            each["case"],
            f"{each['scikit_learn_s']:,.1f}",
            f"{each['hilum_s']:.2f}",
            f"{each['peak_mb']:,.0f}",
            f"{each['largest_difference']:.0e}",
        )
        for each in report["cases"]
    ]
    note = (
        f"{report['replicates']:,} replicates that draw patients; scikit-learn's time is extrapolated from "
        f"{report['scikit_learn_replicates']}."
    )
    header = ("study", "scikit-learn, s", "hilum, s", "peak memory, MB", "largest difference")
    return f"{note}\n\n{table(header, rows)}"


def _data(report: Report) -> str:
    rows = [
        (
            each["set"],
            *(f"{each[name]:,.0f}" for name in ("from_files_one_thread", "from_files", "into_cache", "from_cache")),
        )
        for each in report["sets"]
    ]
    note = (
        f"From the cache with augmentation, one core: {report['augmented_from_cache']:,.0f} images/s. "
        f"A training step of MobileNetV2 takes {report['step_takes']:,.0f}."
    )
    header = ("images/s at 224 pixels", "files, one thread", "files, all threads", "into the cache", "from the cache")
    return f"{note}\n\n{table(header, rows)}"


def _installation(report: Report) -> str:
    parts = report["parts_mb"]
    rows = [
        (side, f"{mb['installed']:,.1f}", f"{mb['downloaded']:,.1f}", str(len(parts[side]["installed"])))
        for side, mb in report["mb"].items()
    ]
    largest = ", ".join(f"{name} {mb:.1f}" for name, mb in list(parts["hilum"]["installed"].items())[:6])
    header = ("side", "installed, MB", "downloaded, MB", "packages")
    return f"{table(header, rows)}\n\nThe largest parts of hilum's, MB: {largest}."


DETAILS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "training": ("Training", _training),
    "statistics": ("Intervals", _statistics),
    "data": ("Data", _data),
    "installation": ("Installation", _installation),
}
MEASURED = tuple(DETAILS)
SHOWN = (*MEASURED, "gate", "lungs", "faithfulness", "losses", "attention", "look_twice", "capsules")
"""Files that are shown where they are there; those that are `MEASURED` are missed where they are not."""
