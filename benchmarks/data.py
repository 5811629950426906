"""Images a second from files and from the cache, beside what a training step takes.

    python benchmarks/data.py [--out FOLDER] [--threads CORES] [--quick]

needs `pip install -e ".[train]"` and takes five to eight minutes on two cores; `--quick` takes seconds and shows that
it works: its figures mean nothing. Eight made-up sets (`fabricate_data.py`), prepared to 224 pixels. Each figure is the
median of the rounds. Files and cache lie in the system's memory when they are read. Prints a table and writes
`data.json` into `--out`.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

import hilum.networks  # noqa: F401 (the guard goes before whatever imports torchvision)
from fabricate_data import SETS, fabricate
from hilum.datasets.prepared.images import CachedImages, fill_cache, open_cache, prepare_image
from hilum.datasets.records.record import Record
from hilum.networks.starting_weights import RandomWeights
from hilum.reading.engines.engine import available_cores
from hilum.systems.pneumonia.recipe import pneumonia
from hilum.training.data.images import Preparation, TrainingImages, load_images
from hilum.training.recipe.machine import multiplies_bfloat16
from measuring import head, say, target, target_lines, write
from training_sides import bare_steps, made_network

RECIPE = pneumonia(RandomWeights())
"""MobileNetV2 at 224 pixels with strong augmentation: the dearest data beside the cheapest network here."""

SPEC = RECIPE.preprocess
ENOUGH_S = 15.0
"""No further round is begun after this long."""


def main() -> None:
    arguments = parse()
    count, rounds = (2, 1) if arguments.quick else (16, 7)
    report = head(threads=arguments.threads, quick=arguments.quick)
    report["pixels"] = list(SPEC.output_size)
    with tempfile.TemporaryDirectory() as name:
        report["sets"] = [
            {"set": what, **one_set(what, folder=Path(name), count=count, rounds=rounds, threads=arguments.threads)}
            for what in SETS
        ]
        say("augmenting, and a training step")
        records = fabricate(Path(name) / "again", kind=SETS["JPEG, grey, 512 px"], count=count)
        cache = Path(name) / "cache"
        images = load_images(records, spec=SPEC, labels=RECIPE.last.labels, preparation=Preparation(cache=cache))
        dataset = TrainingImages(images, spec=SPEC, augmentation=RECIPE.last.augmentation)
        draws = [(index, index) for index in range(count)]
        report["augmented_from_cache"] = round(rate(lambda: [dataset[draw] for draw in draws], count, rounds), 1)
    batch = 2 if arguments.quick else RECIPE.last.batch_size
    steps = 2 if arguments.quick else 8
    seconds = bare_steps(made_network("mobilenet_v2"), batch=batch, steps=steps, bfloat16=multiplies_bfloat16())
    report["step_takes"] = round(batch / median(seconds), 1)
    slowest = min(each["from_cache"] for each in report["sets"])
    report["targets"] = [
        target("slowest set from the cache / a MobileNetV2 step, images/s", slowest / report["step_takes"], at_least=1),
        target(
            "augmented from the cache, one core / a MobileNetV2 step, images/s",
            report["augmented_from_cache"] / report["step_takes"],
            at_least=1,
        ),
    ]
    print("\n".join(table(report)))
    write(report, folder=arguments.out, name="data.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for data.json")
    parser.add_argument("--threads", type=int, default=available_cores(), help="threads that prepare images")
    parser.add_argument("--quick", action="store_true", help="a few images once: shows that it works")
    return parser.parse_args()


def one_set(what: str, *, folder: Path, count: int, rounds: int, threads: int) -> dict[str, float]:
    """Images/s of one set: from its files, into the cache, and out of it; and bytes on disk."""
    say(what)
    place, cache = folder / f"{len(list(folder.iterdir()))}", folder / "cache"
    records = fabricate(place, kind=SETS[what], count=count)
    compare(records, cache=cache)
    shutil.rmtree(cache)
    result = {
        "from_files_one_thread": rate(lambda: prepare(records, threads=1), count, rounds),
        "from_files": rate(lambda: prepare(records, threads=threads), count, rounds),
        "into_cache": rate(partial(fill_anew, records, cache, threads), count, rounds),
    }
    images = open_cache(records, spec=SPEC, folder=cache)
    order = np.random.default_rng(0).permutation(count).tolist()
    result["from_cache"] = rate(lambda: [images[index] for index in order], count, rounds)
    shards = [path for path in cache.rglob("*.npy")]
    return {
        **{name: round(value, 1) for name, value in result.items()},
        "file_kb": round(sum(record.path.stat().st_size for record in records) / count / 1e3, 1),
        "cached_kb": round(sum(path.stat().st_size for path in shards) / count / 1e3, 1),
    }


def compare(records: Sequence[Record], *, cache: Path) -> None:
    """Both ways must give the same pixels, or nothing is timed."""
    images: CachedImages = open_cache(records, spec=SPEC, folder=cache)
    for index, record in enumerate(records):
        if images[index].tobytes() != prepare_image(record, spec=SPEC).tobytes():
            raise SystemExit(f"{record.path}: the cache gives other pixels than reading: nothing is timed")


def prepare(records: Sequence[Record], *, threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(partial(prepare_image, spec=SPEC), records):
            pass


def fill_anew(records: Sequence[Record], cache: Path, threads: int) -> None:
    shutil.rmtree(cache, ignore_errors=True)
    fill_cache(records, spec=SPEC, folder=cache, jobs=threads)


def rate(run: Callable[[], object], count: int, rounds: int) -> float:
    """Images a second, the median of the rounds, fewer where they take long; the first run only warms up."""
    run()
    times: list[float] = []
    while len(times) < rounds and sum(times) < ENOUGH_S:
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return count / median(times)


def table(report: dict) -> list[str]:
    lines = [f"hilum {report['hilum']} on {report['machine']}", ""]
    lines += [
        f"{'images/s':36} {'one thread':>10} {'threads':>9} {'to cache':>9} {'cached':>9} {'KB':>9} {'KB cached':>9}"
    ]
    lines += [
        f"  {each['set']:34} {each['from_files_one_thread']:10.1f} {each['from_files']:9.1f} {each['into_cache']:9.1f} "
        f"{each['from_cache']:9.1f} {each['file_kb']:9.1f} {each['cached_kb']:9.1f}"
        for each in report["sets"]
    ]
    lines += ["", f"  from the cache with augmentation, one core: {report['augmented_from_cache']} images/s"]
    lines += [f"  a training step of MobileNetV2 takes {report['step_takes']} images/s", "", "targets"]
    return [*lines, *target_lines(report["targets"])]


if __name__ == "__main__":
    main()
