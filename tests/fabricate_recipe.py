"""Makes a tiny recipe, of two labels or of Kermany's one, that learns fabricated pictures in seconds.

    python tests/fabricate_recipe.py FOLDER

writes FOLDER/tiny.py, a recipe's file as a user writes one, and FOLDER/data, pictures with a table that it learns from.
"""

import argparse
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.recipe import pneumonia
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Assessment, Recipe, SplitSpec, Stage
from hilum.training.recipe.samplers import Shuffled
from hilum.training.recipe.schedules import OneCycle

SIDE = 32
LABELS = ("Effusion", "Nodule")
RANDOM = RandomWeights()
SMALL = PreprocessSpec(
    steps=(Resize(height=SIDE, width=SIDE, rule="stretch"),), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
)

FILE = '''"""A recipe of one's own."""

from fabricate_recipe import tiny_recipe


def recipe(starting_weights):
    """The tiny recipe, started from what --weights names."""
    return tiny_recipe(start=starting_weights)
'''


def tiny_recipe(*, start=RANDOM, epochs=3, ema_decay=0.9, **stage) -> Recipe:
    """A multi-label recipe on a `table`: SqueezeNet at 32 pixels, float32, deterministic, with averaged weights."""
    return Recipe(
        name="tiny",
        backbone="squeezenet1_1",
        dropout=0.2,
        preprocess=SMALL,
        stages=(tiny_stage(start=start, epochs=epochs, ema_decay=ema_decay, **stage),),
        assessment=Assessment(calibration_part="validation", operating_point_part="validation"),
        seed=3,
        card=pneumonia(RandomWeights()).card,
        precision="32-true",
        deterministic=True,
    )


def tiny_ensemble(*, start=RANDOM, epochs=3, **stage) -> EnsembleRecipe:
    """Two members of `tiny_recipe`: SqueezeNet, and MobileNetV2 of another seed, whose last grid is coarser."""
    first = replace(tiny_recipe(start=start, epochs=epochs, **stage), name="squeezenet")
    second = replace(first, name="mobilenet", backbone="mobilenet_v2", seed=7)
    return EnsembleRecipe(name="tiny-ensemble", members=(first, second), card=first.card)


def tiny_stage(*, name="train", start=RANDOM, epochs=3, ema_decay=0.9, **changes) -> Stage:
    """One stage of `tiny_recipe`; `changes` are fields of `Stage`."""
    stage = Stage(
        name=name,
        start=start,
        releases=("table",),
        labels=LABELS,
        split=SplitSpec(shares={"train": 0.7, "validation": 0.3}),
        selection=Selection(part="validation"),
        loss=BinaryCrossEntropy(),
        optimizer=AdamW(learning_rate=2e-3),
        schedule=OneCycle(warm_up=0.2),
        sampler=Shuffled(),
        epochs=epochs,
        batch_size=8,
        augmentation=Augmentation(crop_area=(0.8, 1.0), gain=0.2),
        ema_decay=ema_decay,
    )
    return replace(stage, **changes)


def fabricate_labelled_table(folder: Path, *, patients: int = 24, seed: int = 0) -> Path:
    """Two pictures a patient with a table; Effusion is a bright band below, Nodule a bright blob above.

    Every fifth patient is in the official test; Nodule is not labelled on every fifth picture.
    """
    draw = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for patient in range(patients):
        for view in range(2):
            effusion, nodule = bool(patient % 2), bool((patient // 2 + view) % 2)
            image = f"p{patient:02d}_{view}.png"
            _picture(folder / image, draw=draw, effusion=effusion, nodule=nodule)
            rows.append(
                {
                    "image": image,
                    "patient": f"p{patient:02d}",
                    "split": "test" if patient % 5 == 4 else "train",
                    "truth:Effusion": int(effusion),
                    "truth:Nodule": "" if len(rows) % 5 == 4 else int(nodule),
                }
            )
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def _picture(path: Path, *, draw: np.random.Generator, effusion: bool, nodule: bool) -> None:
    y, x = np.mgrid[:48, :48] / 48
    picture = 90 + 40 * y + draw.normal(0, 6, (48, 48))
    if effusion:
        picture += 70 * (y > 0.75)
    if nodule:
        centre = draw.uniform(0.3, 0.7)
        picture += 90 * np.exp(-((x - centre) ** 2 + (y - 0.3) ** 2) / 0.01)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)


def fabricate_own_recipe(folder: Path) -> Path:
    """`folder/tiny.py` and `folder/data`; returns the recipe's file."""
    fabricate_labelled_table(folder / "data")
    (folder / "tiny.py").write_text(FILE)
    return folder / "tiny.py"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    fabricate_own_recipe(parser.parse_args().folder)
