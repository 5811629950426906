"""Makes a run folder as `hilum train` leaves one, around a toy bundle and fabricated pictures with a table.

    python tests/fabricate_run.py FOLDER

Nothing was trained: the labels are drawn so that the toy network's logits say something about them.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fabricate_bundle import SIZE, ToyBundle, ToyNetwork
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.record import Record
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split

LABELS = ("Atelectasis", "Effusion", "Hernia", "No Finding")
NEVER_THERE = "Hernia"
SHAPE = (130, 160)


@dataclass(frozen=True)
class FabricatedRun:
    """The run's folder, the folder of the data it was made of, and its records."""

    run: Path
    data: Path
    records: tuple[Record, ...]


def fabricate_run(
    folder: Path, *, patients: int = 60, labels: tuple[str, ...] = LABELS, smoke: bool = False, seed: int = 0
) -> FabricatedRun:
    """Two pictures a patient; of ten patients four are in train, two in calibration, two in test."""
    data = fabricate_labelled_pictures(folder / "data", patients=patients, labels=labels, seed=seed)
    records = read_own_table(data)
    run = folder / "run"
    ToyBundle(network=_spread(labels=len(labels)), labels=labels).write(run / "bundle")
    split = Split(_parts(records), ("SMOKE " if smoke else "") + "made-up patients, by patient")
    save_split(split, path=run / "split.json")
    content = {
        "command": "hilum train toy --data table=data --out run",
        "recipe": "toy",
        "settings": {"optimizer.lr": 0.001, "epochs": 3, "classify.backbone": "toy"},
        "smoke": smoke,
        "seed": seed,
        "commit": None,
        "dirty": None,
        "environment": {"python": "3.11", "torch": "none"},
        "data": [{"source": "table", "folder": "data", "n": len(records)}],
        "split_sha256": split.sha256,
        "protocol": split.protocol,
    }
    (run / "run.json").write_text(json.dumps(content))
    _write_log(run / "classify" / "log" / "metrics.csv", labels=labels)
    return FabricatedRun(run, data, records)


def fabricate_labelled_pictures(folder: Path, *, patients: int, labels: tuple[str, ...], seed: int) -> Path:
    """Smooth grey noise, and a `table.csv` with ages, sexes, views and every kind of truth; image 0 has none."""
    draw = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    network = _spread(labels=len(labels))
    lines = ["image,patient,split,view,age_years,sex," + ",".join(f"truth:{label}" for label in labels)]
    for number in range(2 * patients):
        patient = number // 2
        picture = _picture(draw)
        picture.save(folder / f"{number:03d}.png")
        logits = network.forward(_small(picture))[0][0]
        truths = [
            "" if number == 0 or (number + column) % 13 == 0 else str(_truth(label, logit=logit, draw=draw))
            for column, (label, logit) in enumerate(zip(labels, logits, strict=True))
        ]
        official = "test" if patient % 5 == 4 else "train"
        row = [f"{number:03d}.png", f"p{patient:03d}", official, "PA" if number % 3 else "AP", str(number * 7 % 90)]
        lines.append(",".join([*row, "FM"[patient % 2], *truths]))
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder


def _truth(label: str, *, logit: float, draw: np.random.Generator) -> int:
    return 0 if label == NEVER_THERE else int(draw.random() < 1 / (1 + np.exp(-logit)))


def _picture(draw: np.random.Generator) -> Image.Image:
    small = draw.integers(0, 256, (6, 6), np.uint8)
    return Image.fromarray(small).resize((SHAPE[1], SHAPE[0]), Image.Resampling.BICUBIC)


def _small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BOX), np.float32)[None, None] / 255


def _spread(*, labels: int) -> ToyNetwork:
    """A network whose logits on such pictures have the mean -0.5 and the standard deviation 1.5."""
    raw, draw = ToyNetwork.random(labels=labels, seed=3), np.random.default_rng(99)
    logits = np.concatenate([raw.forward(_small(_picture(draw)))[0] for _ in range(64)])
    gain = 1.5 / logits.std(axis=0)
    bias = (raw.bias - logits.mean(axis=0)) * gain - 0.5
    weights = raw.weights * gain[:, None]
    return ToyNetwork(raw.kernel, raw.shift, weights.astype(np.float32), bias.astype(np.float32))


def _parts(records: tuple[Record, ...]) -> dict[str, tuple[Record, ...]]:
    names = ("train", "train", "train", "calibration", "test")
    part_of = {patient: names[index % 5] for index, patient in enumerate(sorted({r.patient for r in records}))}
    return {name: tuple(r for r in records if part_of[r.patient] == name) for name in dict.fromkeys(names)}


def _write_log(path: Path, *, labels: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True)
    columns = ["epoch", "learning_rate", "calibration/loss", "calibration/mean_auroc", "train/loss"]
    lines = [",".join([*columns, *(f"calibration/auroc/{label}" for label in labels)])]
    for epoch in range(3):
        row = [epoch, 0.001, 0.7 - 0.1 * epoch, 0.6 + 0.1 * epoch, 0.8 - 0.2 * epoch, *([0.6] * len(labels))]
        lines.append(",".join(map(str, row)))
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    fabricate_run(parser.parse_args().folder)
