"""Makes a miniature of Kermany's release: same folders and names, fabricated pictures.

    python tests/fabricate_kermany.py FOLDER

Ill children get a bright blob in the lower half, so that a network can learn the label.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 48
KINDS = ("virus", "bacteria")


def fabricate_kermany(folder: Path, *, train: int = 24, test: int = 8, seed: int = 0) -> Path:
    """`train` and `test` patients of each class, two images for every third patient of train."""
    draw = np.random.default_rng(seed)
    for official, patients in (("train", train), ("val", 2), ("test", test)):
        for number in range(1, patients + 1):
            for image in range(2 if official == "train" and number % 3 == 0 else 1):
                ill = f"person{number}_{KINDS[number % 2]}_{number * 10 + image}.jpeg"
                _save(folder / official / "PNEUMONIA" / ill, draw=draw, ill=True)
                prefix = "NORMAL2-IM" if number % 2 else "IM"
                _save(
                    folder / official / "NORMAL" / f"{prefix}-{number:04d}-{image + 1:04d}.jpeg", draw=draw, ill=False
                )
    return folder


def _save(path: Path, *, draw: np.random.Generator, ill: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    picture = 90 + 40 * y + draw.normal(0, 6, (SIZE, SIZE))
    if ill:
        centre = draw.uniform(0.25, 0.75)
        picture += 90 * np.exp(-((x - centre) ** 2 + (y - 0.7) ** 2) / 0.02)
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    Image.fromarray(grey).convert("RGB").save(path, "JPEG", quality=95)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    fabricate_kermany(parser.parse_args().folder)
