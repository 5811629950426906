"""Makes a folder with the layout of every release that a gate learns from; the pictures are plain grey.

python tests/fabricate_gate_data.py FOLDER
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

from hilum.findings import XRAY_TYPES

FILES = (
    "kermany/chest_xray/train/NORMAL/IM-0115-0001.jpeg",
    "kermany/chest_xray/train/PNEUMONIA/person1_bacteria_1.jpeg",
    "kermany/chest_xray/train/PNEUMONIA/person1_bacteria_2.jpeg",
    "kermany/chest_xray/test/NORMAL/IM-0001-0001.jpeg",
    "kermany/chest_xray/test/PNEUMONIA/person1_virus_6.jpeg",
    "nih/images/00000013_005.png",
    "nih/images/00000013_006.jpg",
    "nih/images/00000099_000.png",
    "lungs/images/one-day0.png",
    "lungs/images/one-day5.png",
    "lungs/images/two.png",
    "lungs_tb/images/CHNCXR_0001_0.jpg",
    "lungs_tb/images/MCUCXR_0387_1.jpg",
    "chest_adult/006f3a8a.jpg",
    "wingspan/images/wing000.jpg",
    "chest_lateral/p22_case-7-L.jpg",
    "chest_lateral/p377_1.jpg",
    "types/hand/frac_1.jpg",
    "types/hand/ewen_1.jpg",
    "types/skull/ewen_2.jpg",
    "types/spine/scol_1.jpg",
    "types/dental/1008.jpg",
    "types/knee_oai/kl0_9003430L.jpg",
    "types/knee_oai/kl2_9003430R.jpg",
    "photos/n01440764_tench.jpg",
    "photos/n01484850/n01484850_10.JPEG",
    *(f"other_modality/ct_chest/{index:03}.jpg" for index in range(12)),
    "mura/train/XR_WRIST/patient00006/study1_positive/image1.png",
    "mura/valid/XR_HUMERUS/patient11185/study1_negative/image2.png",
    "lera/1000/ST-1/image1.png",
    "lera/1001/ST-1/image1.png",
    "aasce/data/training/sunhl-1th-01-Mar-2017-310 a ap.jpg",
    "panoramic_dental/images/1.jpg",
)
MANIFEST = (
    ("hand/frac_1.jpg", "hand", "frac", "g0"),
    ("hand/ewen_1.jpg", "hand", "ewen", "g1"),
    ("skull/ewen_2.jpg", "skull", "ewen", "g2"),
    ("spine/scol_1.jpg", "spine", "scol", "10"),
)
NIH_TABLES = {
    "Data_Entry_2017_v2020.csv": (
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position",
        "00000013_005.png,No Finding,0,13,30,M,PA",
        "00000013_006.png,Mass,1,13,31,M,AP",
        "00000099_000.png,Mass,0,99,50,F,PA",
    ),
    "BBox_List_2017.csv": ("Image Index,Finding Label,Bbox [x,y,w,h],,,", "00000099_000.png,Mass,1,1,2,2,,,"),
    "train_val_list.txt": ("00000013_005.png", "00000013_006.png"),
    "test_list.txt": ("00000099_000.png",),
}


def write_gate_data(folder: Path, *, each: int = 0) -> Path:
    """Every file of `FILES`, each with a grey of its own, and the tables; then `each` of every type and photograph."""
    more = [f"photos/n{2_000_000 + index:08d}_copy.jpg" for index in range(each * len(XRAY_TYPES))]
    typed = [
        (f"{kind}/frac_{100 + index}.jpg", kind, "frac", f"{kind}{index}")
        for kind in XRAY_TYPES
        for index in range(each)
    ]
    for index, name in enumerate((*FILES, *more, *(f"types/{row[0]}" for row in typed))):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((24, 20), 5 * index % 256, np.uint8)).save(path)
    with (folder / "types" / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "type", "source", "group", "licence", "label_by"])
        rows.writerows((*row, "none", "nobody") for row in (*MANIFEST, *typed))
    for name, lines in NIH_TABLES.items():
        (folder / "nih" / name).write_text("\n".join(lines) + "\n")
    (folder / "wingspan" / "ctr.csv").write_text("image,ctr\nwing000,0.45\n")
    (folder / "lera" / "labels.csv").write_text("1000,XR FOOT,0\n1001,XR SHOULDER,1\n")
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write fabricated releases for a gate.")
    parser.add_argument("folder", type=Path)
    write_gate_data(parser.parse_args().folder)
