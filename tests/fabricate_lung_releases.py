"""Writes two tiny releases with lung masks, in the layouts of `lungs/` and `lungs_tb/`: dark ellipses on a grey body.

python tests/fabricate_lung_releases.py FOLDER
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 48
RIGHT, LEFT = 255, 128


def write_lung_releases(folder: Path, *, each: int) -> Path:
    """`each` chests of either release below `folder`; sides are named in `lungs/` alone."""
    for index in range(each):
        _write(folder / "lungs", stem=f"chest{index:04d}", seed=index, sides=True)
        _write(folder / "lungs_tb", stem=f"CHNCXR_{index + 1:04d}_{index % 2}", seed=10_000 + index, sides=False)
    return folder


def _write(folder: Path, *, stem: str, seed: int, sides: bool) -> None:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for value, centre in ((RIGHT, 0.3), (LEFT, 0.7)):
        shift = rng.uniform(-0.04, 0.04, 2)
        mask[((x - centre - shift[0]) / 0.14) ** 2 + ((y - 0.5 - shift[1]) / 0.3) ** 2 <= 1] = value
    grey = np.where(mask > 0, 60, 170) + rng.normal(0, 6, mask.shape)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(folder / "images" / f"{stem}.png")
    drawn = Image.fromarray(mask) if sides else Image.fromarray(mask > 0)
    drawn.save(folder / "masks" / f"{stem}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write fabricated releases with lung masks.")
    parser.add_argument("folder", type=Path)
    write_lung_releases(parser.parse_args().folder, each=200)
