"""What the lab's benchmarks measured, as Markdown, from `benchmarks/results/*.json`; a file that is absent is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from markers import ROOT, table

RESULTS = ROOT / "benchmarks" / "results"
Report = dict[str, Any]


CREWS = {False: ("process", "processes"), True: ("actor of Ray", "actors of Ray")}
"""What screens, one and several."""


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
    between = f" [{each['spread'][0]:g}, {each['spread'][1]:g}]" if "spread" in each else ""
    return what, f"{each['value']:g}{between}", each["wanted"], "yes" if each["reached"] else "**no**"


def _machines(found: dict[str, Report]) -> str:
    lines = {}
    for report in found.values():
        machine = report["machine"]
        threads = f", {machine['threads']} threads" if "threads" in machine else ""
        processor = f"{machine['processor']}{flags(machine)}"
        lines[f"hilum {report['hilum']}, {processor}{threads}, Python {machine['python']}"] = None
    loads = [report["machine"]["load"] for report in found.values() if report["machine"].get("load") is not None]
    busy = f"; load at the time: {min(loads):g} to {max(loads):g}" if loads else ""
    return f"{'; '.join(lines)}{busy}"


def flags(machine: Report) -> str:
    """The processor's flags on which the speed of networks rests, in brackets, where the report has them."""
    return f" ({' '.join(machine['flags'])})" if machine.get("flags") else ""


def pages(folder: Path = RESULTS) -> str:
    """What each file of a reading costs, film by film, and how much slower a folder is for them."""
    report = _read(folder / "pages.json")
    if report is None:
        return "Not measured for this version; `python benchmarks/pages.py` does."
    films = report["films"]
    rows = [
        (part, *(f"{film[part]['kB']:,.0f} kB, {film[part]['ms']:,.1f} ms" for film in films.values()))
        for part in next(iter(films.values()))
    ]
    rate = report["folder"]
    share = rate["images a second, with pages"] / rate["images a second, JSON alone"]
    index = report["index"]
    opened = f" and is loaded in {index['s to open']:.1f} s" if "s to open" in index else ""
    return (
        f"{table(('file', *films), rows)}\n\nProcessor time, by `python benchmarks/pages.py`, {machine_text(report)}. "
        f"A folder with pages was read at {share:.0%} of the rate of JSON alone. An index of {index['rows']:,} "
        f"readings has {index['MB']:.1f} MB{opened}."
    )


def scaling(folder: Path = RESULTS) -> str:
    """What screening by the shipped models costs, and what that predicts."""
    report = _read(folder / "scaling.json")
    if report is None:
        return "Not measured for this version; `python benchmarks/scaling.py` does."
    films, sizes = report["films"], report["bytes_a_film"]
    runs = [
        (
            f"{run['workers']} {CREWS[run['ray']][run['workers'] > 1]}",
            f"{run['films_a_second']:.2f}",
            "" if run["cpu_s_a_film"] is None else f"{run['cpu_s_a_film'] * 1e3:.0f}",
            f"{run['start_s']:.1f}",
        )
        for run in report["runs"]
    ]
    cores = list(report["model"][0]["hours"])
    predicted = [
        (
            f"{each['films']:,}",
            f"{each['core_hours']:,.0f}",
            *(f"{each['hours'][count]:,.1f} h, {each['read_mb_s'][count]:,.0f} MB/s" for count in cores),
            f"{each['listing_hours']:,.1f} h",
            f"{each['finish_hours']:,.1f} h",
            f"{each['plan_gb']:.1f} GB",
            f"{each['parts_gb']:,.1f} GB in {each['shards']:,}",
        )
        for each in report["model"]
    ]
    header = ("films", "core-hours", *(f"{int(count):,} cores" if int(count) > 1 else "1 core" for count in cores))
    header += ("listing a folder", "finishing", "plan", "parts")
    kind = "real" if films["real"] else "fabricated"
    return (
        f"{films['count']} {kind} films of {films['mb']:.2f} MB on average, all shipped models, "
        f"{machine_text(report)}:\n\n"
        f"{table(('at work', 'films a second', 'ms of a core a film', 's to start'), runs)}\n\n"
        f"A film takes {sizes['parts']:,.0f} bytes in its part and {sizes['plan']:,.0f} in the plan. From this "
        f"follows, with {report['model'][0]['efficiency']:.2f} of the rate of one core for each of several, as two "
        "reached here:\n\n"
        f"{table(header, predicted)}\n\n"
        "MB/s is what the films themselves must arrive with; a network that gives less sets the time."
    )


def screening_memory(folder: Path = RESULTS) -> str:
    """What the command and a reading process hold at most, for several numbers of films."""
    report = _read(folder / "screening-memory.json")
    if report is None:
        return "Memory was not measured for this version; `python benchmarks/screening.py memory` does."
    rows = [
        (f"{int(films):,}", f"{found['driver_mb']:.0f}", f"{found['reader_mb']:.0f}", f"{found['finish_s']:.1f}")
        for films, found in report.items()
        if films.isdecimal()
    ]
    header = ("films", "MB of the command at most", "MB of a reading process, without models", "s to finish")
    return f"{table(header, rows)}\n\nBy a reader that takes no time, {machine_text(report)}."


def decoders(folder: Path = RESULTS) -> str:
    """What each decoder costs, and how much of imagecodecs is used."""
    report = _read(folder / "decoders.json")
    if report is None:
        return "Not measured for this version; `python benchmarks/decoders.py` does."
    rows = [
        (each["syntax"], each["decoder"], f"{each['cpu_ms']:,.0f}", f"{each['wall_ms']:,.0f}", f"{each['mb']:.1f}")
        for each in report["decoders"]
    ]
    header = ("format", "decoder", "processor time, ms", "time that passed, ms", "MB of the film")
    held = report["held_mb"]
    used = "" if held is None else f", of which a process that decoded every format holds {held:.1f} MB"
    return (
        f"{table(header, rows)}\n\nBy `python benchmarks/decoders.py`, the least of several rounds, "
        f"{machine_text(report)}. imagecodecs {report['imagecodecs']} takes {report['installed_mb']:.1f} MB{used}."
    )


def machine_text(report: Report) -> str:
    """Processor, flags, cores and load of one report."""
    machine = report["machine"]
    busy = "" if machine.get("load") is None else f", load {machine['load']:g} at the time"
    return f"{machine['processor']}{flags(machine)}, {machine['threads']} cores{busy}"


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


def _machine(report: Report) -> str:
    rows = [(what, _between(each)) for what, each in report["rates"].items()]
    return table(("rate", "median [lowest, highest]"), rows)


def _peers(report: Report) -> str:
    read = report["files_read"]
    header = ("images/s, median [lowest, highest]", "batches of 16", "of torch's rate of square matrices")
    batches = [
        (side, _between(each), f"{report['shares'][side]:.0%}" if side in report["shares"] else "")
        for side, each in report["batch"].items()
    ]
    kind = "fabricated" if read["fabricated"] else "real"
    files = [(side, _between(each)) for side, each in report["files"].items()]
    read_files = f"{read['count']:,} {kind} files"
    return f"{table(header, batches)}\n\n{table((header[0], read_files), files)}"


def _between(each: Report) -> str:
    return f"{each['median']:,.1f} [{each['low']:,.1f}, {each['high']:,.1f}]"


DETAILS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "training": ("Training", _training),
    "statistics": ("Intervals", _statistics),
    "data": ("Data", _data),
    "installation": ("Installation", _installation),
    "machine": ("The machine", _machine),
    "peers": ("Peers", _peers),
}
MEASURED = tuple(DETAILS)
BESIDE = (
    *("gate", "lungs", "pages", "service", "faithfulness", "faithfulness-mean"),
    *("losses", "attention", "look_twice", "capsules"),
)
SHOWN = (*MEASURED, *BESIDE)
"""Files that are shown where they are there; those that are `MEASURED` are missed where they are not."""
