"""Makes somebody's own labelled pictures, and a toy bundle that decides nothing and whose logits say something of them.

    python tests/fabricate_own_images.py FOLDER

`FOLDER/hospital/table.csv` names the pictures with patients, ages and truths; `FOLDER/toy` is the bundle. A patient's
pictures of the first label come with the mean brightness that the toy's logit rises with.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fabricate_bundle import ToyBundle, ToyNetwork
from hilum.bundle.card import Scope
from hilum.bundle.label import PlattCalibration
from hilum.bundle.load import Bundle

LABELS = ("Effusion", "Nodule")
"""The first is told by the picture's brightness, the second by its darkness."""

RAW = PlattCalibration(method="none", slope=1.0, intercept=0.0)
CHESTS = Scope(xray_type="chest", age_years=(18.0, 120.0), views=None)


@dataclass(frozen=True)
class OwnFolder:
    """The folder of the pictures with its table, and the bundle."""

    data: Path
    bundle: Bundle


def toy_network() -> ToyNetwork:
    """Two logits of the mean brightness m: 8 m - 4 and 4 - 8 m."""
    kernel = np.full((1, 1, 4, 4), 1 / 16, np.float32)
    weights = np.array([[8.0], [-8.0]], np.float32)
    return ToyNetwork(kernel, np.zeros(1, np.float32), weights, np.array([-4.0, 4.0], np.float32))


def fabricate_own_images(folder: Path, *, patients: int = 80, ages: str = "40", seed: int = 0) -> OwnFolder:
    """Two pictures a patient, of mean brightness m from 0.05 to 0.95.

    The first truth comes with the probability sigmoid(12 m - 6), the second with that of the opposite. `ages` is what
    the table says of every patient. Every seventh truth of the second label is not known.
    """
    draw = np.random.default_rng(seed)
    data = folder / "hospital"
    data.mkdir(parents=True)
    lines = ["image,patient,age_years,view," + ",".join(f"truth:{label}" for label in LABELS)]
    for number in range(2 * patients):
        mean = draw.uniform(0.05, 0.95)
        pixels = draw.random((24, 20)) < mean  # black and white, so that no stretching of greys moves the mean
        Image.fromarray(pixels.astype(np.uint8) * 255).save(data / f"{number:03d}.png")
        ill = [int(draw.random() < 1 / (1 + np.exp(-sign * (12 * mean - 6)))) for sign in (1, -1)]
        second = "" if number % 7 == 0 else str(ill[1])
        lines.append(f"{number:03d}.png,p{number // 2:03d},{ages},PA,{ill[0]},{second}")
    (data / "table.csv").write_text("\n".join(lines) + "\n")
    toy = ToyBundle(network=toy_network(), labels=LABELS, calibration=RAW, operating_point=None, scope=CHESTS)
    return OwnFolder(data, toy.write(folder / "toy"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write labelled pictures of a made-up hospital, and a toy bundle.")
    parser.add_argument("folder", type=Path)
    fabricate_own_images(parser.parse_args().folder)
