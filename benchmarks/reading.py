"""How fast hilum reads, and whether its memory grows, beside torchxrayvision and the grad-cam library in the same run.

    python benchmarks/reading.py [--out FOLDER] [--images 1000] [--threads CORES] [--quantised MODEL]

needs `pip install -e ".[dev,bench]"` and takes under ten minutes on two cores. DenseNet-121, 14 outputs, random
weights, 224 pixels. Sides run in turns, one at a time, each in its own process, so that a load from elsewhere meets all
alike; figures are medians, and ratios are of the same turn, with the middle half of them. The engines that are
installed stand beside the default in its turns. For int8, NNCF quantises the same network on noise: right for its time,
and for nothing else. With `--quantised` the form in 8 bits is that of a DenseNet-121 that `hilum quantise` wrote.
Prints a table and writes `reading.json` and, where matplotlib is, `memory.png` into `--out`. `--network` times the
network alone, without files and folders.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from fabricate_reading import Material, fabricate
from hilum.networks.torchvision_guard import declare_missing_operators
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.processor import this_processor
from hilum.version import __version__
from measuring import say
from reading_engines import engine_of, engines_beside
from reading_worker import GROUPS, hilum_network, torchxrayvision_network

HERE = Path(__file__).resolve().parent
HILUM = shutil.which("hilum", path=str(Path(sys.executable).parent)) or "hilum"

TOLD_FLAGS = frozenset({"avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimddp"})
"""Of the processor's flags those that decide how fast a network computes."""

Times = dict[str, list[float]]


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say("fabricating the network, the bundle and the images")
        material = fabricate(folder, images=arguments.images, pixels=512)
        difference = largest_difference(folder, threads=arguments.threads)
        say(f"both sides compute the same logits (largest relative difference {difference:.1e})")
        engines = engines_beside(folder, quantised=arguments.quantised)
        load = [os.getloadavg()[0]]
        spent: Times = {}
        times = {} if arguments.network else cold(material, rounds=arguments.rounds)
        for group in GROUPS[: 2 if arguments.network else None]:
            sides = tuple(side for side in group if engine_of(side) in (None, *engines))
            rounds = arguments.rounds if len(group) > 1 else max(1, arguments.rounds // 3)  # nothing to take turns with
            passed, busy = in_turns(sides, folder=folder, threads=arguments.threads, rounds=rounds)
            times, spent = times | passed, spent | busy
            load.append(os.getloadavg()[0])
        memory = []
        if not arguments.network:
            say(f"reading a folder of {arguments.images} images")
            memory = memory_over_folder(material, folder=folder)
    report = results(times, spent=spent, memory=memory, difference=difference, load=load, arguments=arguments)
    print("\n".join(table(report)))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "reading.json").write_text(json.dumps(report, indent=2) + "\n")
        if memory:
            draw_memory(memory, path=arguments.out / "memory.png")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for reading.json and memory.png")
    parser.add_argument("--images", type=int, default=1000, help="images of the folder whose memory is watched")
    parser.add_argument("--rounds", type=int, default=9, help="how often each side runs")
    parser.add_argument("--quantised", type=Path, help="a DenseNet-121 that hilum quantise wrote")
    parser.add_argument("--network", action="store_true", help="time the network alone")
    parser.add_argument("--threads", type=int, default=available_cores(), help="cores that each side may use")
    return parser.parse_args()


def largest_difference(folder: Path, *, threads: int) -> float:
    """Between hilum's and torchxrayvision's logits of 16 images, as a share of the logits' range."""
    ours = np.asarray(hilum_network(folder, threads, bundle="bundle", count=16)())
    theirs = np.asarray(torchxrayvision_network(folder, threads, count=16)())
    difference = float(np.abs(ours - theirs).max() / np.ptp(theirs))
    if not difference < 1e-4:
        raise SystemExit(f"the two sides compute different logits ({difference:.1e} of their range): nothing is timed")
    return difference


def cold(material: Material, *, rounds: int) -> Times:
    """Seconds of whole processes that read one PNG, in turns; the first of each only fills the disk cache."""
    image = str(material.images / "0000.png")
    declare = ["--declare-operators"] if declare_missing_operators() is not None else []
    commands = {
        "hilum read, one PNG, whole process": [
            HILUM,
            "read",
            image,
            "--model",
            str(material.bundle),
            "--no-gate",
            "--no-lungs",
            "--json",
        ],
        "torchxrayvision script, one PNG, whole process": [
            *(sys.executable, str(HERE / "torchxrayvision_script.py"), image, str(material.weights)),
            *declare,
        ],
    }
    times: Times = {side: [] for side in commands}
    for turn in range(rounds + 1):
        say(f"cold start {turn} of {rounds}")
        for side, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if turn:
                times[side].append(time.perf_counter() - started)
    return times


def in_turns(sides: tuple[str, ...], *, folder: Path, threads: int, rounds: int) -> tuple[Times, Times]:
    """Seconds of these sides of `reading_worker.py`, in turns, twice a turn; and the processor's over all threads."""
    times: Times = {side: [] for side in sides}
    spent: Times = {side: [] for side in sides}
    with ExitStack() as stack:
        workers = {}
        for side in sides:
            say(f"starting: {side}")
            command = [sys.executable, str(HERE / "reading_worker.py"), side, str(folder), str(threads)]
            worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            stack.callback(stop, worker)
            workers[side] = worker
            while (line := worker.stdout.readline()) != "ready\n":
                if not line:
                    raise SystemExit(f"the worker {side!r} ended before it was ready")
        for _ in range(rounds):
            for side, worker in workers.items():
                for _ in range(2):
                    worker.stdin.write("\n")
                    passed, busy = worker.stdout.readline().split()
                    times[side].append(float(passed))
                    spent[side].append(float(busy))
    return times, spent


def stop(worker: subprocess.Popen[str]) -> None:
    worker.stdin.close()
    worker.wait(timeout=30)


def memory_over_folder(material: Material, *, folder: Path) -> list[tuple[int, float]]:
    """(images read, resident MB) while `hilum read` works through the folder, with all its outputs, sampled often."""
    out = folder / "readings"
    command = [
        HILUM,
        "read",
        str(material.images),
        "--model",
        str(material.bundle),
        "--no-gate",
        "--no-lungs",
        "--out",
        str(out),
        "--quiet",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    samples = []
    while process.poll() is None:
        journal = out / "readings.jsonl"
        count = journal.read_bytes().count(b"\n") if journal.is_file() else 0
        try:
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            break
        if count and pages:
            samples.append((count, pages * 4096 / 1e6))
        time.sleep(0.2)
    if process.wait() != 0:
        raise SystemExit(f"hilum read ended with exit code {process.returncode}")
    return samples


def results(
    times: Times,
    *,
    spent: Times,
    memory: list[tuple[int, float]],
    difference: float,
    load: list[float],
    arguments: argparse.Namespace,
) -> dict[str, object]:
    mid = {side: median(values) for side, values in times.items()}
    report = {
        "hilum": __version__,
        "machine": {
            "processor": this_processor().name,
            "flags": sorted(this_processor().flags & TOLD_FLAGS),
            "threads": arguments.threads,
            "python": platform.python_version(),
            "load": [round(value, 1) for value in load],
        },
        "int8_of": "the network on noise" if arguments.quantised is None else arguments.quantised.name,
        "logit_difference": difference,
        "median_ms": {side: round(value * 1e3, 2) for side, value in mid.items()},
        "times_torchxrayvision": ratios(times),
        "times_torchxrayvision_by_processor_time": ratios(spent),
    }
    report["targets"] = engine_targets(report["times_torchxrayvision"])
    if not arguments.network:
        report |= whole_results(mid, memory=memory, before=report["targets"])
    return report


def ratios(times: Times) -> dict[str, dict[str, float]]:
    """How many times as fast as torchxrayvision each network of hilum is: median of turns, and their middle half."""
    found = {}
    for words in ("batch of 16", "one image"):
        theirs = times[f"torchxrayvision, network, {words}"]
        for side, ours in times.items():
            if side.startswith("hilum") and side.endswith(f"network, {words}"):
                turns = [slow / fast for slow, fast in zip(theirs, ours, strict=True)]
                low, _, high = quantiles(turns, n=4)
                found[side] = {"median": round(median(turns), 2), "from": round(low, 2), "to": round(high, 2)}
    return found


def engine_targets(found: dict[str, dict[str, float]]) -> list[dict[str, object]]:
    """What each engine must reach beside torchxrayvision's eager network, where it could run."""
    wanted = (("hilum", 2.5), ("hilum openvino-bf16", 3.3), ("hilum openvino-int8", 6.0))
    reached = [
        target(f"batch of 16: {name} / torchxrayvision, images/s", found[side]["median"], at_least=least)
        for name, least in wanted
        if (side := f"{name}, network, batch of 16") in found
    ]
    if (side := "hilum openvino-int8, network, one image") in found:
        what = "one image: hilum openvino-int8 / torchxrayvision, time"
        reached.append(target(what, 1 / found[side]["median"], at_most=0.25))
    return reached


def whole_results(
    mid: dict[str, float], *, memory: list[tuple[int, float]], before: list[dict[str, object]]
) -> dict[str, object]:
    """What else is measured where files and folders are read too."""
    alone, batch = "hilum, network without maps, ", "batch of 16"
    first, last = quarter_medians(memory)
    return {
        "targets": [
            *before,
            target(
                "cold `hilum read` / torchxrayvision script",
                mid["hilum read, one PNG, whole process"] / mid["torchxrayvision script, one PNG, whole process"],
                at_most=0.5,
            ),
            target(
                "14 class maps / forward alone, one image",
                mid["hilum, network, one image"] / mid[alone + "one image"],
                at_most=1.1,
            ),
            target(
                "14 class maps / forward alone, batch of 16",
                mid["hilum, network, batch of 16"] / mid[alone + batch],
                at_most=1.1,
            ),
            target("memory, last quarter / first quarter of the folder", last / first, at_most=1.1),
        ],
        "also": {
            "16 PNG files to findings: hilum / torchxrayvision, images/s": round(
                mid["torchxrayvision, 16 files"] / mid["hilum, 16 files"], 2
            ),
            "14 class maps of one image: grad-cam library / torchxrayvision's forward alone": round(
                mid["grad-cam library, 14 maps of one image"] / mid["torchxrayvision, network, one image"], 2
            ),
            "hilum, images/s": round(16 / mid["hilum, network, batch of 16"], 1),
            "torchxrayvision, images/s": round(16 / mid["torchxrayvision, network, batch of 16"], 1),
        },
        "memory_mb": {"first quarter": round(first, 1), "last quarter": round(last, 1), "samples": memory},
    }


def target(
    what: str, value: float, *, at_most: float | None = None, at_least: float | None = None
) -> dict[str, object]:
    reached = value <= at_most if at_most is not None else value >= at_least
    wanted = f"at most {at_most:g}" if at_most is not None else f"at least {at_least:g}"
    return {"what": what, "value": round(value, 3), "wanted": wanted, "reached": reached}


def quarter_medians(memory: list[tuple[int, float]]) -> tuple[float, float]:
    """The median resident MB while the first and while the last quarter of the images was read."""
    quarter = memory[-1][0] / 4
    first = [mb for count, mb in memory if count <= quarter]
    last = [mb for count, mb in memory if count >= 3 * quarter]
    return median(first), median(last)


def table(report: dict) -> list[str]:
    lines = [f"hilum {report['hilum']} on {report['machine']}", "", "medians"]
    lines += [f"  {ms:10.1f} ms  {side}" for side, ms in report["median_ms"].items()]
    lines += ["", "times as fast as torchxrayvision (middle half of the turns)"]
    lines += ratio_lines(report["times_torchxrayvision"])
    lines += ["", "the same by processor time, which other loads move less"]
    lines += ratio_lines(report["times_torchxrayvision_by_processor_time"])
    lines += ["", "targets"]
    lines += [
        f"  {'reached' if each['reached'] else 'MISSED ':8} {each['value']:8.3f}  {each['what']} ({each['wanted']})"
        for each in report["targets"]
    ]
    if "also" not in report:
        return lines
    lines += ["", "also", *(f"  {value:8}  {what}" for what, value in report["also"].items())]
    memory = report["memory_mb"]
    lines += [
        f"memory over the folder: {memory['first quarter']} MB in its first quarter, "
        f"{memory['last quarter']} MB in its last"
    ]
    return lines


def ratio_lines(found: dict[str, dict[str, float]]) -> list[str]:
    return [
        f"  {each['median']:10.2f} ({each['from']:.2f} to {each['to']:.2f})  {side}" for side, each in found.items()
    ]


def draw_memory(memory: list[tuple[int, float]], *, path: Path) -> None:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        say("matplotlib is not installed: no memory.png")
        return
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    axes.plot([count for count, _ in memory], [mb for _, mb in memory], linewidth=1)
    axes.set(
        xlabel="images read",
        ylabel="resident memory, MB",
        ylim=(0, 1.2 * max(mb for _, mb in memory)),
        title="hilum read over one folder",
    )
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
