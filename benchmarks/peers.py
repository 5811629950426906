"""One DenseNet-121 by several hands, from batches and from real files: images a second, with the spread of the turns.

    python benchmarks/peers.py [--out FOLDER] [--files FOLDER_OF_IMAGES] [--count 2000] [--rounds 5] [--quick]

needs `pip install -e ".[dev,bench]"`. 14 outputs, random weights, 224 pixels (`fabricate_reading.py`). hilum computes
14 class maps besides; OpenVINO in bfloat16 takes part where it is installed and the processor multiplies bfloat16.
torchxrayvision's network runs as it comes and, as its users are told to, channels last under bfloat16 autocast; MONAI's
DenseNet-121 runs where MONAI is installed. From files, hilum writes JSON lines; torchxrayvision loads, crops, resizes
and reads in batches of 16, as its own script does. `--files` takes real ones (searched for PNG and JPEG); fabricated
ones of 512 pixels otherwise. Sides run in turns, one at a time, each in a process of its own. Shares of the machine's
rates are against `machine.json` in `--out`, where it is. Prints a table and writes `peers.json`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import numpy as np

from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.processor import this_processor
from measuring import head, say, target, target_lines, write

BATCH = 16
GFLOP_AN_IMAGE = 5.67
"""Of DenseNet-121 at 224 pixels and one channel: two for each multiply and add of its convolutions (counted)."""
EAGER = "torchxrayvision, eager"
HILUM, HILUM_BF16 = "hilum, ONNX Runtime", "hilum, OpenVINO bfloat16"
FROM_BATCH = (HILUM, HILUM_BF16, EAGER, "torchxrayvision, channels last, bfloat16", "MONAI, eager")
FROM_FILES = (HILUM, HILUM_BF16, EAGER)


def main() -> None:
    arguments = parse()
    if arguments.side:
        answer(arguments.side, folder=arguments.material, threads=arguments.threads, count=arguments.count)
        return
    rounds = 1 if arguments.quick else arguments.rounds
    count = min(arguments.count, 4) if arguments.quick else arguments.count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        from fabricate_reading import fabricate

        say("fabricating the network, the bundle and the images")
        fabricate(folder, images=min(count, 40), pixels=64 if arguments.quick else 512)
        paths = listed(arguments.files or folder / "images", count=count)
        (folder / "paths.json").write_text(json.dumps([str(path) for path in paths]))
        images = BATCH if not arguments.quick else 2
        batch = turns(FROM_BATCH, "batch", folder=folder, threads=arguments.threads, count=images, rounds=rounds)
        files = turns(FROM_FILES, "files", folder=folder, threads=arguments.threads, count=len(paths), rounds=rounds)
    report = head(threads=arguments.threads, quick=arguments.quick) | {
        "batch": batch,
        "files": files,
        "files_read": {"count": len(paths), "fabricated": arguments.files is None},
        "shares": shares(batch, out=arguments.out),
        "targets": targets(batch, files),
    }
    print("\n".join(table(report)))
    write(report, folder=arguments.out, name="peers.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for peers.json")
    parser.add_argument("--files", type=Path, help="a folder of real images")
    parser.add_argument("--count", type=int, default=2000, help="files read a turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--threads", type=int, default=available_cores(), help="cores that each side may use")
    parser.add_argument("--quick", action="store_true", help="two images and four files, once: shows that it works")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--material", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def listed(folder: Path, *, count: int) -> list[Path]:
    """The first so many images by name; all there are, again and again, where there are fewer."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".png", ".jpg", ".jpeg"})
    if not found:
        raise SystemExit(f"No PNG or JPEG lies in {folder}; name a folder that holds some")
    return (found * -(-count // len(found)))[:count]


def can_run(side: str) -> bool:
    if side == HILUM_BF16:
        return importlib.util.find_spec("openvino") is not None and this_processor().has_bfloat16
    return importlib.util.find_spec("monai") is not None if side.startswith("MONAI") else True


def turns(
    sides: tuple[str, ...], what: str, *, folder: Path, threads: int, count: int, rounds: int
) -> dict[str, dict[str, float]]:
    """Images a second of each side that can run here: median, lowest and highest of its turns."""
    times: dict[str, list[float]] = {side: [] for side in sides if can_run(side)}
    with ExitStack() as stack:
        workers = {}
        for side in times:
            say(f"starting: {side} ({what})")
            words = [sys.executable, __file__, "--side", f"{side}|{what}", "--material", str(folder)]
            words += ["--threads", str(threads), "--count", str(count)]
            worker = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            stack.callback(stop, worker)
            if worker.stdout.readline() != "ready\n":
                raise SystemExit(f"{side} ended before it was ready")
            workers[side] = worker
        for _ in range(rounds):
            for side, worker in workers.items():
                worker.stdin.write("\n")
                times[side].append(float(worker.stdout.readline()))
    return {
        side: {"median": round(count / median(each), 2), "low": round(count / max(each), 2),
               "high": round(count / min(each), 2)}
        for side, each in times.items()
    }  # fmt: skip


def stop(worker: subprocess.Popen[str]) -> None:
    worker.stdin.close()
    worker.wait(timeout=60)


def answer(asked: str, *, folder: Path, threads: int, count: int) -> None:
    """One side in this process: each line that comes in is answered by the seconds of one more run."""
    side, what = asked.split("|")
    run = (from_batch if what == "batch" else from_files)(side, folder=folder, threads=threads, count=count)
    if what == "batch":
        run()  # files are read once each, cold or not, by every side
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        run()
        print(time.perf_counter() - started, flush=True)


def engine_of(side: str) -> str:
    return "openvino-bf16" if side == HILUM_BF16 else "onnxruntime"


def from_batch(side: str, *, folder: Path, threads: int, count: int) -> Callable[[], object]:
    batch = np.load(folder / "batch.npy")[:count]
    if side.startswith("hilum"):
        from hilum.bundle.load import load_bundle
        from hilum.reading.engines.network import ENGINES, Network

        network = Network(load_bundle(folder / "bundle"), engine=ENGINES[engine_of(side)](), threads=threads)
        return lambda: network.run(batch).logits
    torch, theirs = monai_network(threads) if side.startswith("MONAI") else torchxrayvision_network(folder, threads)
    given, fast = torch.from_numpy(batch), "channels last" in side
    if fast:
        theirs = theirs.to(memory_format=torch.channels_last)
        given = given.to(memory_format=torch.channels_last)

    def run() -> object:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=fast):
            return theirs(given).float().numpy()

    return run


def torchxrayvision_network(folder: Path, threads: int):
    from reading_worker import their_network

    return their_network(folder, threads)


def monai_network(threads: int):
    import torch
    from monai.networks.nets import DenseNet121

    torch.set_num_threads(threads)
    return torch, DenseNet121(spatial_dims=2, in_channels=1, out_channels=14).eval()


def from_files(side: str, *, folder: Path, threads: int, count: int) -> Callable[[], object]:
    """Every file of `paths.json` to findings on the disk."""
    paths = json.loads((folder / "paths.json").read_text())[:count]
    if side.startswith("hilum"):
        from hilum.bundle.load import load_bundle
        from hilum.reading.reader import Reader
        from hilum.reading.settings import ReaderSettings
        from hilum.report.reading_json import reading_to_json

        settings = ReaderSettings(threads=threads, engine=engine_of(side), lungs=False)
        reader = Reader(models=[load_bundle(folder / "bundle")], settings=settings)

        def read() -> None:
            with (folder / "hilum.jsonl").open("w") as lines:
                for one in reader.examine_many(paths, jobs=threads):
                    lines.write(json.dumps(reading_to_json(one.reading)) + "\n")

        return read
    torch, network = torchxrayvision_network(folder, threads)
    import torchvision
    import torchxrayvision as xrv

    transform = torchvision.transforms.Compose([xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(224)])

    def load() -> None:
        with torch.inference_mode(), (folder / "theirs.jsonl").open("w") as lines:
            for start in range(0, len(paths), BATCH):
                images = [
                    torch.from_numpy(transform(xrv.utils.load_image(path))) for path in paths[start : start + BATCH]
                ]
                for row in torch.sigmoid(network(torch.stack(images))).tolist():
                    lines.write(json.dumps(row) + "\n")

    return load


def shares(batch: dict[str, dict[str, float]], *, out: Path | None) -> dict[str, float]:
    """The share of the machine's rate of matrix products that each side reached, by `machine.json`."""
    path = None if out is None else out / "machine.json"
    if path is None or not path.is_file():
        return {}
    machine = json.loads(path.read_text())
    if machine["quick"]:
        return {}
    rates = machine["rates"]
    return {
        side: round(each["median"] * GFLOP_AN_IMAGE / rates[f"matrix product, {kind}, GFLOP/s"]["median"], 3)
        for side, each in batch.items()
        for kind in ["bfloat16" if "bfloat16" in side else "float32"]
    }


def targets(batch: dict[str, dict[str, float]], files: dict[str, dict[str, float]]) -> list[dict[str, object]]:
    """Ratios of medians; the spread is the slowest turn over their fastest, and the other way round."""

    def ratio(what: str, found: dict[str, dict[str, float]], side: str, least: float) -> dict[str, object]:
        ours, theirs = found[side], found[EAGER]
        spread = ours["low"] / theirs["high"], ours["high"] / theirs["low"]
        return target(what, ours["median"] / theirs["median"], at_least=least, spread=spread)

    made = [ratio("DenseNet-121, batch of 16: hilum / torchxrayvision eager, images/s", batch, HILUM, 2.5)]
    if HILUM_BF16 in batch:
        made.append(
            ratio(
                "DenseNet-121, batch of 16: hilum in bfloat16 / torchxrayvision eager, images/s", batch, HILUM_BF16, 3.3
            )
        )
    made.append(ratio("DenseNet-121, files to JSON: hilum / torchxrayvision eager, images/s", files, HILUM, 2.5))
    if HILUM_BF16 in files:
        made.append(
            ratio(
                "DenseNet-121, files to JSON: hilum in bfloat16 / torchxrayvision eager, images/s",
                files,
                HILUM_BF16,
                4.0,
            )
        )
    return made


def table(report: dict) -> list[str]:
    read = report["files_read"]
    lines = [f"hilum {report['hilum']} on {report['machine']}"]
    for title, found in (
        ("batches of 16", report["batch"]),
        (f"{read['count']:,} {'fabricated' if read['fabricated'] else 'real'} files", report["files"]),
    ):
        lines += ["", f"{title}, images/s"]
        for side, each in found.items():
            share = report["shares"].get(side) if found is report["batch"] else None
            of = "" if share is None else f", {share:.0%} of the matrix rate"
            lines.append(f"  {each['median']:9.2f} [{each['low']:.2f}, {each['high']:.2f}]  {side}{of}")
    return [*lines, "", "targets", *target_lines(report["targets"])]


if __name__ == "__main__":
    main()
