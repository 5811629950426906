"""Writes three tiny releases with lung masks, as `lungs/`, `lungs_tb/` and `wingspan/`: dark ellipses on a grey body.

A bright heart lies over the left one: whole lungs go on behind it, fields do not.

python tests/fabricate_lung_releases.py FOLDER
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 48
RIGHT, LEFT = 255, 128


def write_lung_releases(folder: Path, *, each: int) -> Path:
    """`each` chests of each release below `folder`; sides are not named in `lungs_tb/`, hearts in `wingspan/` alone."""
    for index in range(each):
        _write(folder / "lungs", stem=f"chest{index:04d}", seed=index)
        _write(folder / "lungs_tb", stem=f"CHNCXR_{index + 1:04d}_{index % 2}", seed=10_000 + index)
        _write(folder / "wingspan", stem=f"wing{index:03d}", seed=20_000 + index)
    rows = ["image,ctr", *(f"wing{index:03d},0.45" for index in range(each))]
    (folder / "wingspan" / "ctr.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def _write(folder: Path, *, stem: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for value, centre in ((RIGHT, 0.3), (LEFT, 0.7)):
        shift = rng.uniform(-0.04, 0.04, 2)
        mask[((x - centre - shift[0]) / 0.14) ** 2 + ((y - 0.5 - shift[1]) / 0.3) ** 2 <= 1] = value
    heart = ((x - 0.56) / 0.12) ** 2 + ((y - 0.62) / 0.12) ** 2 <= 1
    grey = np.where(heart, 210, np.where(mask > 0, 60, 170)) + rng.normal(0, 6, mask.shape)
    masks = {
        "lungs": {"masks": mask},
        "lungs_tb": {"masks": (mask > 0) & ~heart},
        "wingspan": {"lungs": mask * ~heart, "heart": heart},
    }[folder.name]
    for kind in ("images", *masks):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(folder / "images" / f"{stem}.png")
    for kind, drawn in masks.items():
        Image.fromarray(drawn).save(folder / kind / f"{stem}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write fabricated releases with lung masks.")
    parser.add_argument("folder", type=Path)
    write_lung_releases(parser.parse_args().folder, each=200)
