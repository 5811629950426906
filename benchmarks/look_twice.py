"""Whether looking twice works where it should: lesions seen at the first look's size, told apart only by the second.

    python benchmarks/look_twice.py [--out FOLDER] [--weights FILE] [--pictures 900] [--epochs 12] [--threads 1]
        [--quick]

needs `pip install -e ".[train]"` and takes some ten minutes of one core; `--quick` takes seconds and shows that it
works: its figures mean nothing. Half of the fabricated pictures, 512 pixels a side, have one round bright lesion
somewhere (Nodule). Half of these are striped, two pixels light and two dark (Mass), the others have the stripes' mean
grey. Either network looks at 128 pixels: a first look's pixel is four of the picture's, a whole stripe and its gap, so
that a striped lesion looks like a plain one. MobileNetV2 twice learns both labels on half of the pictures; on a third
Mass is told from plain lesions by the whole look alone and by both together. Prints both AUROCs with DeLong's 95%
interval of their difference, and writes `look_twice.json` into `--out`.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split
from hilum.networks.starting_weights import StartingWeights, starting_weights
from hilum.reading.engines.engine import available_cores
from hilum.statistics.delong import delong_test
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.attention.bundle import torch_looks
from hilum.systems.attention.fit import fit_two_looks
from hilum.systems.attention.recipe import AttentionRecipe, attention_local, source_spec
from hilum.training.data.images import IN_MEMORY
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.recipe import TRAIN
from hilum.training.records.run_place import RunPlace
from measuring import head, say, target, target_lines, write

SIDE, LOOK = 512, 128
SEEN, TOLD_APART = "Nodule", "Mass"
RADIUS_PX = 28
AT_95 = 1.959964


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for look_twice.json")
    parser.add_argument("--weights", default="imagenet", help="starting weights of both networks")
    parser.add_argument("--pictures", type=int, default=900)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--threads", type=int, default=available_cores(), help="1 where others use the cores too")
    parser.add_argument(
        "--quick", action="store_true", help="few pictures, random weights, one epoch: measures nothing"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    count, epochs = (48, 1) if arguments.quick else (arguments.pictures, arguments.epochs)
    start = starting_weights("random" if arguments.quick else arguments.weights)
    with tempfile.TemporaryDirectory() as folder:
        records = fabricate(Path(folder), count=count)
        say(f"{count} pictures")
        found = judged(records, recipe=recipe(start, epochs=epochs), folder=Path(folder) / "run")
    lower = found["difference"] - AT_95 * found["standard_error"]
    targets = [target("AUROC that the second look adds, lower end of its 95% interval", lower, at_least=0.0)]
    print("\n".join(f"  {value:8.3f}  {name}" for name, value in found.items()))
    print("\n".join(target_lines(targets)))
    report = {**head(threads=arguments.threads, quick=arguments.quick), **found, "targets": targets}
    write(report, folder=arguments.out, name="look_twice.json")


def recipe(start: StartingWeights, *, epochs: int) -> AttentionRecipe:
    """The local recipe for these pictures; which ones it learns from is not its own to say."""
    local = attention_local(start)
    stage = replace(local.last, labels=(SEEN, TOLD_APART), epochs=epochs, augmentation=Augmentation(), batch_size=16)
    return replace(local, preprocess=source_spec(SIDE), look_px=LOOK, stages=(stage,), dropout=0.0)


def fabricate(folder: Path, *, count: int) -> list[Record]:
    """Pictures of the two kinds of lesions and of none, each of a patient of its own."""
    draw = np.random.default_rng(0)
    records = []
    for number in range(count):
        seen, striped = number % 2 == 0, number % 4 == 0
        path = folder / f"{number:05d}.png"
        Image.fromarray(picture(draw, seen=seen, striped=striped)).save(path)
        records.append(
            Record(
                path=path,
                image=path.name,
                patient=f"fabricated:{number}",
                source="table",
                official=None,
                labels={SEEN: float(seen), TOLD_APART: float(striped)},
                stratum="",
                sha256=file_sha256(path),
            )
        )
    return records


def picture(draw: np.random.Generator, *, seen: bool, striped: bool) -> np.ndarray:
    """Soft clouds with noise, and a lesion of one mean grey, striped or plain, on a multiple of four pixels."""
    y, x = np.mgrid[:SIDE, :SIDE]
    clouds = Image.fromarray(draw.random((6, 6)).astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    grey = 0.3 + 0.2 * np.asarray(clouds) + draw.normal(0, 0.02, (SIDE, SIDE))
    if seen:
        left, top = (4 * int(draw.integers(RADIUS_PX // 4 + 1, (SIDE - RADIUS_PX) // 4)) for _ in range(2))
        inside = (x + 0.5 - left) ** 2 + (y + 0.5 - top) ** 2 < RADIUS_PX**2
        stripes = np.where((x // 2) % 2 == 0, 0.15, -0.15) if striped else 0.0
        grey = np.where(inside, 0.75 + stripes + draw.normal(0, 0.02, (SIDE, SIDE)), grey)
    return (grey.clip(0, 1) * 255).round().astype(np.uint8)


def judged(records: list[Record], *, recipe: AttentionRecipe, folder: Path) -> dict[str, float]:
    """Learn from half, watch a sixth, and tell the lesions of the last third apart."""
    dealt: dict[str, list[Record]] = {TRAIN: [], "validation": [], TEST: []}
    for number, record in enumerate(records):  # four in a row are of all kinds
        dealt[(TRAIN, TRAIN, TRAIN, "validation", TEST, TEST)[number // 4 % 6]].append(record)
    split = Split({part: tuple(own) for part, own in dealt.items()}, "fabricated pictures, dealt four by four")
    fitted = fit_two_looks(recipe, split=split, place=RunPlace(folder=folder))
    lesions = [record for record in dealt[TEST] if record.labels[SEEN] == 1.0]
    looks = torch_looks(fitted.network, records=lesions, recipe=recipe, preparation=IN_MEMORY)
    column = recipe.last.labels.index(TOLD_APART)
    truth = np.array([record.labels[TOLD_APART] for record in lesions])
    tested = delong_test(truth, first=looks.fused[:, column], second=looks.whole[:, column])
    if isinstance(tested, UndefinedMetric):
        raise SystemExit(f"nothing to compare: {tested.reason}")
    return {
        "lesions": float(tested.n),
        "both looks": tested.first,
        "whole look alone": tested.second,
        "difference": tested.difference,
        "standard_error": tested.standard_error,
    }


if __name__ == "__main__":
    main()
