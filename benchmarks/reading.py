"""How fast hilum reads, and whether its memory grows, beside torchxrayvision and the grad-cam library in the same run.

    python benchmarks/reading.py [--out FOLDER] [--images 1000] [--threads CORES]

needs `pip install -e ".[dev,bench]"` and takes under five minutes on two cores. DenseNet-121, 14 outputs, random
weights, 224 pixels, float32. Sides run in turns, one at a time, each in its own process; figures are medians. Prints a
table and writes `reading.json` and, where matplotlib is, `memory.png` into `--out`.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import numpy as np

from fabricate_reading import Material, fabricate
from hilum.networks.torchvision_guard import declare_missing_operators
from hilum.reading.engines.engine import available_cores
from hilum.version import __version__
from reading_worker import GROUPS, hilum_network, torchxrayvision_network

HERE = Path(__file__).resolve().parent
HILUM = shutil.which("hilum", path=str(Path(sys.executable).parent)) or "hilum"

Times = dict[str, list[float]]


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say("fabricating the network, the bundle and the images")
        material = fabricate(folder, images=arguments.images, pixels=512)
        difference = largest_difference(folder, threads=arguments.threads)
        say(f"both sides compute the same logits (largest relative difference {difference:.1e})")
        times = cold(material, rounds=arguments.rounds)
        for group in GROUPS:
            rounds = arguments.rounds if len(group) > 1 else max(1, arguments.rounds // 3)  # nothing to take turns with
            times |= in_turns(tuple(group), folder=folder, threads=arguments.threads, rounds=rounds)
        say(f"reading a folder of {arguments.images} images")
        memory = memory_over_folder(material, folder=folder)
    report = results(times, memory=memory, difference=difference, arguments=arguments)
    print("\n".join(table(report)))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "reading.json").write_text(json.dumps(report, indent=2) + "\n")
        draw_memory(memory, path=arguments.out / "memory.png")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for reading.json and memory.png")
    parser.add_argument("--images", type=int, default=1000, help="images of the folder whose memory is watched")
    parser.add_argument("--rounds", type=int, default=9, help="how often each side runs")
    parser.add_argument("--threads", type=int, default=available_cores(), help="cores that each side may use")
    return parser.parse_args()


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


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


def in_turns(sides: tuple[str, ...], *, folder: Path, threads: int, rounds: int) -> Times:
    """Seconds of these sides of `reading_worker.py`, in turns, twice a turn."""
    times: Times = {side: [] for side in sides}
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
                    times[side].append(float(worker.stdout.readline()))
    return times


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
    memory: list[tuple[int, float]],
    difference: float,
    arguments: argparse.Namespace,
) -> dict[str, object]:
    mid = {side: median(values) for side, values in times.items()}
    alone, batch = "hilum, network without maps, ", "batch of 16"
    first, last = quarter_medians(memory)
    return {
        "hilum": __version__,
        "machine": {"processor": processor(), "threads": arguments.threads, "python": platform.python_version()},
        "logit_difference": difference,
        "median_ms": {side: round(value * 1e3, 2) for side, value in mid.items()},
        "targets": [
            target(
                "cold `hilum read` / torchxrayvision script",
                mid["hilum read, one PNG, whole process"] / mid["torchxrayvision script, one PNG, whole process"],
                at_most=0.5,
            ),
            target(
                "batch of 16: hilum / torchxrayvision, images/s",
                mid["torchxrayvision, network, batch of 16"] / mid["hilum, network, batch of 16"],
                at_least=1.8,
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


def processor() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor()


def table(report: dict) -> list[str]:
    lines = [f"hilum {report['hilum']} on {report['machine']}", "", "medians"]
    lines += [f"  {ms:10.1f} ms  {side}" for side, ms in report["median_ms"].items()]
    lines += ["", "targets"]
    lines += [
        f"  {'reached' if each['reached'] else 'MISSED ':8} {each['value']:8.3f}  {each['what']} ({each['wanted']})"
        for each in report["targets"]
    ]
    lines += ["", "also", *(f"  {value:8}  {what}" for what, value in report["also"].items())]
    memory = report["memory_mb"]
    lines += [
        f"memory over the folder: {memory['first quarter']} MB in its first quarter, "
        f"{memory['last quarter']} MB in its last"
    ]
    return lines


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
