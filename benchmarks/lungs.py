"""What the lungs cost: the network and all around it for one chest, and a folder read with gate, lungs and specialist.

    python benchmarks/lungs.py [--out FOLDER] [--images 96] [--threads CORES] [--lungs BUNDLE]

`--lungs` names another lung bundle than the one that ships, and `--network-only` leaves the folder out. It needs the
base installation alone and takes about two minutes on two cores. The folder holds phantom chests of 1024 pixels as PNG.
It is read with all that ships, with lungs and without, in turns, with every output written as `hilum read --out` writes
it; the start of the program is left out. Figures are medians over rounds. What is done around the network is timed in
one thread's processor time, so that a busy machine does not show in it. The parts of reading run side by side in
threads, so that they add up to more than an image takes. Prints a table and writes `lungs.json` into `--out`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.shelf import shipped_bundles
from hilum.imaging.preprocess import preprocess
from hilum.output.batch import write_batch
from hilum.output.folder import OutputFolder
from hilum.output.inputs import InputFile
from hilum.output.journal import Journal
from hilum.output.render import RenderSettings
from hilum.phantom.thorax import render_thorax
from hilum.radiograph import Radiograph, Source
from hilum.reading.engines.engine import INPUT, LOGITS, EngineName, available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.gate.rules import NOT_JUDGED
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.lungs.passes import is_moved, quality_inputs
from hilum.reading.lungs.ratio import cardiothoracic_ratio
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import FailedReading
from hilum.report.costs import Costs
from measuring import head, say, target, target_lines, write

CHEST_MS = 20.0
"""What drawing and trust may take of a chest in a folder, on two cores."""
READING_SHARE = 0.25
"""What they may take of a reading in which pages are written too."""

SIDES = {"with lungs": True, "without lungs": False}
PIXELS = 1024


@dataclass(frozen=True)
class FolderRun:
    """Milliseconds an image: as the clock has it, and of each part."""

    image_ms: float
    parts_ms: dict[str, float]


def main() -> None:
    arguments = parse()
    say("one chest")
    bundle = load_bundle(arguments.lungs) if arguments.lungs else shipped_lungs()
    network = passes(bundle, threads=arguments.threads, rounds=5 if arguments.quick else arguments.rounds)
    if arguments.network_only:
        print("\n".join(network_table(network)))
        return
    with tempfile.TemporaryDirectory() as name:
        say("drawing phantoms")
        files = phantoms(Path(name) / "scans", count=6 if arguments.quick else arguments.images)
        runs = folder_runs(files, lungs=bundle, folder=Path(name), arguments=arguments)
    report = head(threads=arguments.threads, quick=arguments.quick) | {
        "network": network,
        "images": len(files),
        "folder": {
            side: {"image_ms": round(run.image_ms, 1), "parts_ms": {k: round(v, 1) for k, v in run.parts_ms.items()}}
            for side, run in runs.items()
        },
        "targets": [
            target(
                "lungs of a chest in a folder, drawn and judged, ms",
                runs["with lungs"].parts_ms["lungs"],
                at_most=CHEST_MS,
            ),
            target(
                "lungs of a chest / a reading with its page, time",
                runs["with lungs"].parts_ms["lungs"] / runs["with lungs"].image_ms,
                at_most=READING_SHARE,
            ),
        ],
    }
    print("\n".join(table(report)))
    write(report, folder=arguments.out, name="lungs.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for lungs.json")
    parser.add_argument("--images", type=int, default=96, help="files of the folder; every twelfth is a new one")
    parser.add_argument("--rounds", type=int, default=50, help="passes of the network")
    parser.add_argument("--folder-rounds", type=int, default=3, help="how often each side reads the folder")
    parser.add_argument("--threads", type=int, default=available_cores(), help="cores that reading may use")
    parser.add_argument("--lungs", type=Path, help="folder of a lung bundle, in the place of the shipped one")
    parser.add_argument("--network-only", action="store_true", help="no folder is read")
    parser.add_argument("--quick", action="store_true", help="try it on a few images; the figures mean nothing")
    return parser.parse_args()


def shipped_lungs() -> Bundle:
    return next(bundle for bundle in shipped_bundles() if bundle.card.lungs is not None)


def passes(bundle: Bundle, *, threads: int, rounds: int) -> dict[str, float]:
    """Median milliseconds of one pass, of all that a reading makes of one chest, and of its parts."""
    engine = OnnxRuntimeEngine()
    graph = engine.compile(bundle.read(GRAPH), threads=threads, callers=1)
    finder = LungFinder(bundle, engine=engine, threads=threads)
    pixels = render_thorax(rows=PIXELS, columns=PIXELS).pixels
    radiograph = Radiograph(pixels, Source("phantom", "0" * 64, "PNG", PIXELS, PIXELS), view="PA")
    made = preprocess(pixels, spec=finder.preprocess)
    inputs = quality_inputs(made.array, moved=is_moved(finder.network.quality))
    alone = Stub(graph.run_named({INPUT: inputs})[LOGITS])
    around = LungFinder(bundle, engine=alone, threads=1)
    drawn = finder.find(radiograph, prepared=made)

    def kept() -> None:
        drawn.verdict()
        cardiothoracic_ratio(drawn, radiograph=radiograph, gate=NOT_JUDGED)

    return {
        "one pass, ms": milliseconds(lambda: graph.run_named({INPUT: made.array[None]}), rounds=rounds),
        f"all {len(inputs)} passes, ms": milliseconds(lambda: graph.run_named({INPUT: inputs}), rounds=rounds),
        "drawing and trust, ms": milliseconds(lambda: finder.draw([radiograph], prepared=[made]), rounds=rounds),
        "preprocess, processor ms": milliseconds(
            lambda: preprocess(pixels, spec=finder.preprocess), rounds=rounds, clock=time.thread_time
        ),
        "around the network, processor ms": milliseconds(
            lambda: around.draw([radiograph], prepared=[made]), rounds=rounds, clock=time.thread_time
        ),
        "what a reading says of it, processor ms": milliseconds(kept, rounds=rounds, clock=time.thread_time),
        "masks of native size, processor ms": milliseconds(
            lambda: (drawn.masks(drawn.lungs.outlined), drawn.heart()), rounds=rounds, clock=time.thread_time
        ),
    }


@dataclass(frozen=True)
class Stub:
    """An engine whose graph gives the same logits at once: what is timed with it is all but the network."""

    logits: np.ndarray
    name: EngineName = "onnxruntime"
    takes_whole_batches: bool = False

    def compile(self, graph: bytes, *, threads: int, callers: int) -> StubGraph:
        """The graph that gives `logits`, with the inputs and outputs of `graph`."""
        real = OnnxRuntimeEngine().compile(graph, threads=threads, callers=callers)
        return StubGraph(real.input_shapes, real.outputs, self.logits)


@dataclass(frozen=True)
class StubGraph:
    """Gives the first logits for any batch."""

    input_shapes: Mapping[str, tuple[int | None, ...]]
    outputs: tuple[str, ...]
    logits: np.ndarray

    def run_named(self, batches: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """As many logits as there are inputs."""
        return {LOGITS: self.logits[: len(batches[INPUT])]}


def milliseconds(
    function: Callable[[], object], *, rounds: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    function()
    times = []
    for _ in range(rounds):
        started = clock()
        function()
        times.append((clock() - started) * 1e3)
    return round(median(times), 2)


def phantoms(folder: Path, *, count: int) -> list[InputFile]:
    """`count` names of phantom chests; every twelfth is drawn anew, the others are links."""
    folder.mkdir()
    files = []
    for number in range(count):
        path = folder / f"phantom-{number:04}.png"
        if number < 12:
            pixels = render_thorax(rows=PIXELS, columns=PIXELS, seed=number).pixels
            Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)
        else:
            path.hardlink_to(folder / f"phantom-{number % 12:04}.png")
        files.append(InputFile(str(path), path.name))
    return files


def folder_runs(
    files: list[InputFile], *, lungs: Bundle, folder: Path, arguments: argparse.Namespace
) -> dict[str, FolderRun]:
    """Each side's median over its turns; all shipped models read, with `lungs` among them."""
    models = [bundle for bundle in shipped_bundles() if bundle.card.lungs is None]
    readers = {
        side: Reader(models=[*models, lungs], settings=ReaderSettings(threads=arguments.threads, lungs=drawn))
        for side, drawn in SIDES.items()
    }
    turns: dict[str, list[FolderRun]] = {side: [] for side in SIDES}
    for turn in range(1 if arguments.quick else arguments.folder_rounds):
        for side, reader in readers.items():
            say(f"turn {turn + 1}: {len(files)} images {side}")
            list(reader.examine_many([files[0].name] * 2, jobs=arguments.threads))  # sessions open on their first run
            out = folder / f"out-{turn}-{side.replace(' ', '-')}"
            turns[side].append(read_folder(reader, files, out=out, jobs=arguments.threads))
    return {
        side: FolderRun(
            median(run.image_ms for run in runs),
            {part: median(run.parts_ms[part] for run in runs) for part in runs[0].parts_ms},
        )
        for side, runs in turns.items()
    }


def read_folder(reader: Reader, files: list[InputFile], *, out: Path, jobs: int) -> FolderRun:
    """Read and write all files, as `hilum read --out` does."""
    costs = Costs()
    written: list[float] = []
    started = time.perf_counter()
    with OutputFolder(out) as folder:
        journal = Journal(folder.path, replacing={file.relative for file in files})
        results = write_batch(
            reader.examine_many([file.name for file in files], jobs=jobs),
            files=files,
            folder=folder,
            journal=journal,
            settings=RenderSettings(reader.cards, every_heatmap=False),
            jobs=jobs,
            on_written=written.append,
        )
        for result in results:
            if isinstance(result, FailedReading):
                raise SystemExit(f"{result.name} could not be read: {result.message}")
            costs = costs.plus(result)
        journal.close()
    image_ms = (time.perf_counter() - started) * 1e3 / len(files)
    return FolderRun(image_ms, dict(costs.plus_writing(sum(written)).each_ms()))


def network_table(network: dict[str, float]) -> list[str]:
    return ["the lungs of one chest, medians", *(f"  {value:8.2f}  {what}" for what, value in network.items())]


def table(report: dict) -> list[str]:
    lines = [f"hilum {report['hilum']} on {report['machine']}", "", *network_table(report["network"])]
    lines += ["", f"a folder of {report['images']} phantom chests, ms an image"]
    for side, run in report["folder"].items():
        parts = ", ".join(f"{part} {value}" for part, value in run["parts_ms"].items())
        lines.append(f"  {run['image_ms']:8.1f}  {side} (parts, side by side: {parts})")
    return [*lines, "", "targets", *target_lines(report["targets"])]


if __name__ == "__main__":
    main()
