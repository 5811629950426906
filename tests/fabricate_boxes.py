"""Makes pictures in which a bright square stands where its box says, with their boxes.csv.

    python tests/fabricate_boxes.py FOLDER

A network that looks at brightness finds every square; the average box of other patients finds few.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from hilum.datasets.records.record import LabelledBox, Record
from hilum.evaluation.localisation.cases import BoxedCase
from hilum.geometry import Box

SIDE, SQUARE = 32, 8
LEFT, RIGHT = Box(0.0, 0.0, 24.0, 60.0), Box(24.0, 0.0, 24.0, 60.0)
"""The halves of a picture that is 48 wide and 60 high."""


def boxed_case(number: int, *, fold: str, box: Box, label: str = "Other opacity") -> BoxedCase:
    """One of a picture that is 48 wide and 60 high, and not there."""
    record = Record(
        path=Path("nowhere.png"),
        image=f"{number}.png",
        patient=f"p{number}",
        source="toy",
        official=None,
        labels={},
        stratum="",
        sha256="0" * 64,
        boxes=(LabelledBox(label=label, box=box, frame=(48, 60)),),
    )
    return BoxedCase(record=record, label=label, fold=fold)


def fabricate_boxes(folder: Path, *, patients: int = 12, label: str = "Pneumonia", held_out: str = "") -> Path:
    """Two pictures a patient, each with one square on the 4 x 4 places of the picture, in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["image,label,x,y,width,height,patient,held_out"]
    for number in range(2 * patients):
        place = (5 * number) % 16
        x, y = SQUARE * (place % 4), SQUARE * (place // 4)
        pixels = np.full((SIDE, SIDE), 20, np.uint8)
        pixels[y : y + SQUARE, x : x + SQUARE] = 250
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")
        rows.append(f"{number:03d}.png,{label},{x},{y},{SQUARE},{SQUARE},p{number // 2},{held_out}")
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n")
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    fabricate_boxes(parser.parse_args().folder)
