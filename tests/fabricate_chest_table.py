"""Makes a table of toy chests: two dark lungs on a bright body, which the toy lung bundle finds.

    python tests/fabricate_chest_table.py FOLDER

Effusion is a bright band at the bottom of the lungs, Nodule a bright blob in one of them. One picture in twelve has no
lungs to be seen.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

ROWS, COLUMNS = 96, 80
LABELS = ("Effusion", "Nodule")


def fabricate_chest_table(folder: Path, *, patients: int = 30, seed: int = 0) -> Path:
    """Two pictures a patient with a table; every fifth patient is in the official test."""
    draw = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for patient in range(patients):
        for view in range(2):
            effusion, nodule = bool(patient % 2), bool((patient // 2 + view) % 2)
            image = f"p{patient:02d}_{view}.png"
            lungs = len(rows) % 12 != 11
            save_chest(folder / image, draw=draw, effusion=effusion, nodule=nodule, lungs=lungs)
            rows.append(
                {
                    "image": image,
                    "patient": f"p{patient:02d}",
                    "split": "test" if patient % 5 == 4 else "train",
                    "truth:Effusion": int(effusion),
                    "truth:Nodule": int(nodule),
                }
            )
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def save_chest(path: Path, *, draw: np.random.Generator, effusion: bool, nodule: bool, lungs: bool = True) -> None:
    """One chest of 96 x 80 pixels; its lungs lie within a few pixels of the same place."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    noise = draw.normal(0, 4, (ROWS, COLUMNS))
    picture = 215 + (noise if lungs else 5 * noise)  # of a narrow range of greys decoding would make a wide one
    top, side = 24 + draw.integers(-4, 5), 10 + draw.integers(-2, 3)
    for left in (side, COLUMNS - side - 22) if lungs else ():
        picture[top : top + 48, left : left + 22] -= 175
    if effusion:
        picture[top + 40 : top + 48] += 60
    if nodule:
        centre = side + 11 if draw.random() < 0.5 else COLUMNS - side - 11
        picture += 75 * np.exp(-((x - centre) ** 2 + (y - top - draw.integers(10, 26)) ** 2) / 12)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    fabricate_chest_table(parser.parse_args().folder)
