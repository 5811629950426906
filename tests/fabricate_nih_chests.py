"""Makes a miniature of ChestX-ray14 from toy chests: its tables, and images of which the official test ones have boxes.

    python tests/fabricate_nih_chests.py FOLDER

Nobody's name, age or label is in it. The toy lung bundle finds the lungs of most of its chests.
"""

import argparse
from pathlib import Path

import numpy as np

from fabricate_chest_table import COLUMNS, ROWS, save_chest
from hilum.datasets.releases.chestxray14 import LABELS

HEADER = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position"
TEST_PATIENTS = 2


def fabricate_nih_chests(folder: Path, *, patients: int = 40, seed: int = 0, without: tuple[str, ...] = ()) -> Path:
    """Two images a patient, PA and AP; the last two patients are the official test set, with two boxes an image.

    Each patient has two of the fourteen findings in turn; those in `without` nobody has. A patient with Nodule or
    Effusion shows it. One image in twelve has no lungs to be seen.
    """
    draw = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    lines, lists, boxes = [HEADER], {"train_val": [], "test": []}, ["Image Index,Finding Label,Bbox [x,y,w,h],,,"]
    for patient in range(patients):
        first, second = LABELS[patient % len(LABELS)], LABELS[(patient * 5 + 3) % len(LABELS)]
        found = [label for label in dict.fromkeys((first, second)) if label not in without]
        part = "test" if patient >= patients - TEST_PATIENTS else "train_val"
        for visit, view in enumerate(("PA", "AP")):
            own = found if (patient + visit) % 3 else []
            image = f"{patient + 1:08d}_{visit:03d}.png"
            shown = (len(lines) % 12) != 11
            save_chest(
                folder / "images" / image, draw=draw, effusion="Effusion" in own, nodule="Nodule" in own, lungs=shown
            )
            named = "|".join(label.replace(" ", "_") for label in own) or "No Finding"
            lines.append(f"{image},{named},{visit},{patient + 1},{30 + patient},{'FM'[patient % 2]},{view}")
            lists[part].append(image)
            if part == "test":
                boxes += [f"{image},{label.replace(' ', '_')},200.0,300.0,250.0,200.5,,," for label in own[:2]]
    files = {"Data_Entry_2017_v2020.csv": lines, "BBox_List_2017.csv": boxes}
    files |= {f"{part}_list.txt": names for part, names in lists.items()}
    for name, content in files.items():
        (folder / name).write_text("\n".join(content) + "\n", encoding="utf-8")
    return folder


if __name__ == "__main__":
    assert (ROWS, COLUMNS) == (96, 80)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    fabricate_nih_chests(parser.parse_args().folder)
