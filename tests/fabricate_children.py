"""Makes a miniature of VinDr-PCXR to train on: DICOM files of one child each, with the release's tables.

    python tests/fabricate_children.py FOLDER

Every child has one of ten labels; a bright band stands where the label says. Nobody's age or label is in it.
"""

import argparse
from pathlib import Path

import numpy as np

from fabricate_dicom import dicom_bytes
from fabricate_releases import VINDR_COLUMNS

ROWS, COLUMNS = 60, 48
BOXED = (
    "Reticulonodular opacity", "Peribronchovascular interstitial opacity", "Other opacity", "Bronchial thickening",
)  # fmt: skip
DISEASES = (
    "Bronchitis", "Brocho-pneumonia", "Bronchiolitis", "Pneumonia", "Other disease", "No finding",
)  # fmt: skip
"""The ten labels as the release writes them."""


def fabricate_children(folder: Path, *, each: int = 8, test: int = 1, seed: int = 0) -> Path:
    """`each` children of each label in train, and `test` in test; boys and girls in turn, 12-bit pixels."""
    draw = np.random.default_rng(seed)
    for part, count in (("train", each), ("test", test)):
        labels = [",".join(["image_id", "rad_ID", *VINDR_COLUMNS])]
        boxes = ["image_id,rad_ID,class_name,x_min,y_min,x_max,y_max"]
        (folder / part).mkdir(parents=True, exist_ok=True)
        for number in range(count * 10):
            place = number % 10
            found, image = (*BOXED, *DISEASES)[place], f"{part}{number:04d}"
            labels.append(",".join([image, "r1", *(str(int(name == found)) for name in VINDR_COLUMNS)]))
            top = 5 * place
            boxes.append(f"{image},r1,{found},4,{top},40,{top + 8}" if found in BOXED else f"{image},r1,No finding,,,,")
            pixels = draw.integers(800, 1600, (ROWS, COLUMNS))
            pixels[top : top + 8, 4:40] += 1500
            tags = {"PatientAge": f"{1 + number % 9:03d}Y", "PatientSex": "MF"[number % 2], "ViewPosition": "AP"}
            (folder / part / f"{image}.dicom").write_bytes(dicom_bytes(pixels.astype(np.uint16), bits=12, **tags))
        for name, lines in (("image_labels", labels), ("annotations", boxes)):
            (folder / f"{name}_{part}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    fabricate_children(parser.parse_args().folder)
