"""Makes miniatures of public releases: their folders, names and tables with the quirks, around fabricated pictures.

    python tests/fabricate_releases.py FOLDER

No name, age or label in them is taken from a release.
"""

import argparse
import gzip
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from fabricate_dicom import dicom_bytes
from hilum.datasets.releases.chexpert import COLUMNS

SIDE = 24


def _picture(path: Path, *, seed: int, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE), np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)


def _text(path: Path, lines: list[str], *, gz: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = ("\n".join(lines) + "\n").encode()
    if gz:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(data))
    else:
        path.write_bytes(data)


CHESTXRAY14_ROWS = (
    ("00000001_000.png", "Cardiomegaly", "1", "58", "M", "PA"),
    ("00000001_001.png", "Cardiomegaly|Effusion", "1", "59", "M", "AP"),
    ("00000002_000.png", "No Finding", "2", "414", "F", "PA"),
    ("00000003_000.png", "Infiltration|Pleural_Thickening", "3", "6", "F", "PA"),
    ("00000004_000.png", "Mass|Nodule", "4", "70", "M", "AP"),
    ("00000004_001.png", "No Finding", "4", "71", "M", "AP"),
)
CHESTXRAY14_TEST = ("00000004_000.png", "00000004_001.png")


def fabricate_chestxray14(folder: Path, *, version: str = "v2020", gz: bool = False) -> Path:
    """Four patients, the last one in the official test set with two boxes; one picture is RGBA, one is absent (0003).

    `version` v2017 writes ages as `058Y`, and one in months.
    """
    header = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    header += "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
    lines = [header + ("," if version == "v2017" else "")]
    for image, labels, patient, age, sex, view in CHESTXRAY14_ROWS:
        written = age if version == "v2020" else "072M" if age == "6" else f"{int(age):03d}Y"
        tail = "," if version == "v2017" else ""
        lines.append(f"{image},{labels},0,{patient},{written},{sex},{view},2500,2048,0.168,0.168{tail}")
        if image != "00000003_000.png":
            mode = "RGBA" if image == "00000002_000.png" else "L"
            _picture(folder / f"images_00{patient}" / "images" / image, seed=hash_of(image), mode=mode)
    _text(folder / ("Data_Entry_2017_v2020.csv" if version == "v2020" else "Data_Entry_2017.csv"), lines, gz=gz)
    names = [row[0] for row in CHESTXRAY14_ROWS]
    _text(folder / "train_val_list.txt", [name for name in names if name not in CHESTXRAY14_TEST])
    _text(folder / "test_list.txt", list(CHESTXRAY14_TEST))
    boxes = [
        "Image Index,Finding Label,Bbox [x,y,w,h],,,",
        "00000004_000.png,Mass,256.0,128.0,512.0,64.5,,,",
        "00000004_000.png,Infiltrate,10.5,20.25,30.0,40.0,,,",
    ]
    _text(folder / "BBox_List_2017.csv", boxes, gz=gz)
    return folder


def hash_of(name: str) -> int:
    """A seed from a name, the same in every process."""
    return zlib.crc32(name.encode())


def fabricate_chexpert(folder: Path) -> Path:
    """Two training patients (one with a lateral view), one of valid; every kind of cell; one picture is absent."""
    head = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *COLUMNS]
    prefix = "CheXpert-v1.0-small"
    first = {"No Finding": "", "Cardiomegaly": "1.0", "Edema": "0.0", "Pneumonia": "-1.0", "Pleural Effusion": "1.0"}
    rows = {
        "train": [
            (f"{prefix}/train/patient00001/study1/view1_frontal.jpg", "Female", "68", "Frontal", "AP", first),
            (f"{prefix}/train/patient00001/study1/view2_lateral.jpg", "Female", "68", "Lateral", "", first),
            (f"{prefix}/train/patient00002/study3/view1_frontal.jpg", "Unknown", "0", "Frontal", "LL", {}),
            (f"{prefix}/train/patient00009/study1/view1_frontal.jpg", "Male", "50", "Frontal", "PA", {}),
        ],
        "valid": [
            (f"{prefix}/valid/patient64541/study1/view1_frontal.jpg", "Male", "73", "Frontal", "PA", {"Edema": "1.0"}),
        ],
    }
    for part, lines in rows.items():
        _text(
            folder / f"{part}.csv",
            [",".join(head)] + [",".join([*row[:5], *(row[5].get(name, "") for name in COLUMNS)]) for row in lines],
        )
        for row in lines:
            if "patient00009" not in row[0]:
                _picture(folder / row[0].removeprefix(prefix + "/"), seed=hash_of(row[0] + part))
    return folder


def fabricate_chexpert_to_train(folder: Path, *, patients: int = 36) -> Path:
    """As many frontal pictures, a patient each: a third without finding, a third with edema, a third uncertain of it.

    As in the release, No Finding is 1 or blank, and Edema is 0 only where it was ruled out.
    """
    cells = ({"No Finding": "1.0", "Edema": "0.0"}, {"Edema": "1.0"}, {"Edema": "-1.0", "Cardiomegaly": "1.0"})
    head = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *COLUMNS]
    for part, count in (("train", patients), ("valid", 6)):
        lines = [",".join(head)]
        for number in range(count):
            path = f"{part}/patient{number + (90_000 if part == 'valid' else 0):05d}/study1/view1_frontal.jpg"
            row = cells[number % (2 if part == "valid" else 3)]
            lines.append(",".join([path, "Female", "60", "Frontal", "PA", *(row.get(name, "") for name in COLUMNS)]))
            _picture(folder / path, seed=hash_of(path))
        _text(folder / f"{part}.csv", lines)
    return folder


VINDR_COLUMNS = (
    "No finding", "Bronchitis", "Brocho-pneumonia", "Other disease", "Bronchiolitis", "Situs inversus", "Pneumonia",
    "Pleuro-pneumonia", "Diagphramatic hernia", "Tuberculosis", "Congenital emphysema", "CPAM",
    "Hyaline membrane disease", "Mediastinal tumor", "Lung tumor",
)  # fmt: skip


def fabricate_vindr_pcxr(folder: Path) -> Path:
    """Two children in train (a sick infant with boxes, a healthy one), one in test; DICOM files with age and sex."""
    rows = {"train": {"aa01": {"Brocho-pneumonia"}, "aa02": {"No finding"}}, "test": {"bb01": {"Pneumonia"}}}
    ages = {"aa01": "010M", "aa02": "999Y", "bb01": "003Y"}
    boxes = {
        "train": [
            "aa01,r1,Diffuse aveolar opacity,2.0,3.0,12.0,23.0",
            "aa01,r1,Other opacity,0,0,5,6",
            "aa02,r2,No finding,,,,",
        ],
        "test": ["bb01,r1,Reticulonodular opacity,1,1,4,4"],
    }
    for part, images in rows.items():
        lines = [",".join(["image_id", "rad_ID", *VINDR_COLUMNS])]
        for index, (image, ill) in enumerate(images.items()):
            lines.append(",".join([image, "r1", *(str(int(name in ill)) for name in VINDR_COLUMNS)]))
            pixels = np.random.default_rng(hash_of(image)).integers(0, 4096, (SIDE, SIDE + 8)).astype(np.uint16)
            data = dicom_bytes(pixels, bits=12, PatientAge=ages[image], PatientSex="MF"[index], ViewPosition="AP")
            (folder / part).mkdir(parents=True, exist_ok=True)
            (folder / part / f"{image}.dicom").write_bytes(data)
        _text(folder / f"image_labels_{part}.csv", lines)
        _text(folder / f"annotations_{part}.csv", ["image_id,rad_ID,class_name,x_min,y_min,x_max,y_max", *boxes[part]])
    return folder


VINDR_CXR_COLUMNS = (
    "Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture", "Consolidation", "Edema",
    "Emphysema", "Enlarged PA", "ILD", "Infiltration", "Lung Opacity", "Lung cavity", "Lung cyst", "Mediastinal shift",
    "Nodule/Mass", "Pleural effusion", "Pleural thickening", "Pneumothorax", "Pulmonary fibrosis", "Rib fracture",
    "Other lesion", "COPD", "Lung tumor", "Pneumonia", "Tuberculosis", "Other diseases", "No finding",
)  # fmt: skip


def fabricate_vindr_cxr(folder: Path) -> Path:
    """Two adults in train, read by three radiologists each, one in test by consensus; DICOM files 32 wide, 24 high."""
    said = {
        "train": [
            ("cx01", "R1", {"Nodule/Mass", "Cardiomegaly"}),
            ("cx01", "R2", {"Nodule/Mass"}),
            ("cx01", "R3", {"Pleural effusion"}),
            *(("cx02", f"R{reader}", {"No finding"}) for reader in (1, 2, 3)),
        ],
        "test": [("ct01", "", {"ILD", "Pneumonia"})],
    }
    boxes = {
        "train": [
            "cx01,R1,Nodule/Mass,2.0,3.0,12.0,23.0",
            "cx01,R2,Nodule/Mass,3,4,13,22",
            "cx01,R1,Cardiomegaly,8,10,30,24",
            "cx01,R3,Pleural effusion,0,15,9,24",
            "cx02,R1,No finding,,,,",
        ],
        "test": ["ct01,ILD,1,1,4,4"],
    }
    for part, rows in said.items():
        reader = ["rad_id"] if part == "train" else []
        lines = [",".join(["image_id", *reader, *VINDR_CXR_COLUMNS])]
        for image, who, ill in rows:
            cells = [image, *([who] if who else []), *(str(int(name in ill)) for name in VINDR_CXR_COLUMNS)]
            lines.append(",".join(cells))
            pixels = np.random.default_rng(hash_of(image)).integers(0, 4096, (SIDE, SIDE + 8)).astype(np.uint16)
            (folder / part).mkdir(parents=True, exist_ok=True)
            (folder / part / f"{image}.dicom").write_bytes(dicom_bytes(pixels, bits=12, PatientSex="F"))
        head = ",".join(["image_id", *reader, "class_name", "x_min", "y_min", "x_max", "y_max"])
        _text(folder / "annotations" / f"image_labels_{part}.csv", lines)
        _text(folder / "annotations" / f"annotations_{part}.csv", [head, *boxes[part]])
    return folder


def fabricate_rsna(folder: Path) -> Path:
    """Three images: one with two boxes, a normal one, one that is ill and not of the lung; 32 wide, 24 high."""
    kinds = {"r-01": "Lung Opacity", "r-02": "Normal", "r-03": "No Lung Opacity / Not Normal"}
    for image in kinds:
        pixels = np.random.default_rng(hash_of(image)).integers(0, 256, (SIDE, SIDE + 8)).astype(np.uint16)
        tags = {"PatientAge": "050Y", "PatientSex": "M", "ViewPosition": "PA"}
        (folder / "stage_2_train_images").mkdir(parents=True, exist_ok=True)
        (folder / "stage_2_train_images" / f"{image}.dcm").write_bytes(dicom_bytes(pixels, bits=12, **tags))
    _text(
        folder / "stage_2_train_labels.csv",
        [
            "patientId,x,y,width,height,Target",
            "r-01,2.0,3.0,10.0,12.0,1",
            "r-01,18.0,3.0,9.0,15.0,1",
            "r-02,,,,,0",
            "r-03,,,,,0",
        ],
    )
    # as in the challenge's table, an image with two boxes stands there twice
    rows = ["r-01", *kinds]
    _text(folder / "stage_2_detailed_class_info.csv", ["patientId,class", *(f"{one},{kinds[one]}" for one in rows)])
    return folder


def fabricate_own_boxes(folder: Path) -> Path:
    """Two images of one patient and one of another, four boxes; a fourth image is absent."""
    for name in ("a.png", "b.png", "sub/c.png"):
        _picture(folder / name, seed=hash_of(name))
    _text(
        folder / "boxes.csv",
        [
            "\ufeffimage,label,x,y,width,height,patient,remark",
            "a.png,Pleural Effusion,2,12,6.5,10,one,x",
            "a.png,Own thing,0,0,5,5,one,",
            "b.png,Pleural Effusion,3,12,6,10,one,",
            "sub/c.png,Pleural Effusion,1,1,4,4,two,",
            "gone.png,Pleural Effusion,1,1,4,4,three,",
        ],
    )
    return folder


def fabricate_jsrt(folder: Path) -> Path:
    """Two chests with a nodule, one without, SCR's masks of the first; one age is a question mark."""
    for stem in ("JPCLN001", "JPCLN002", "JPCNN001"):
        _picture(folder / "pictures" / f"{stem}.png", seed=hash_of(stem))
    for structure in ("left lung", "right lung", "heart"):
        _picture(folder / "scr" / "fold1" / "masks" / structure / "JPCLN001.gif", seed=1)
    _text(
        folder / "Clinical_Information" / "CLNDAT_EN.txt",
        [
            "JPCLN001.IMG\t5\t35\t53\tFemale\t1000\t700\tmalignant\tl.upper lobe\tlung cancer",
            "JPCLN002.IMG\t4\t14\t?\tMale\t500\t600\tbenign\tr.upper lobe\tgranuloma",
            "",
        ],
    )
    _text(folder / "Clinical_Information" / "CNNDAT_EN.TXT", ["JPCNN001.IMG\t69\tFemale\tnon-nodule"])
    return folder


def fabricate_montgomery_shenzhen(folder: Path) -> Path:
    """The readme's layout: one Montgomery chest with two masks, two Shenzhen ones, one of them without a mask."""
    montgomery, shenzhen = folder / "MontgomerySet", folder / "ChinaSet_AllFiles"
    _picture(montgomery / "CXR_png" / "MCUCXR_0001_0.png", seed=1)
    _picture(montgomery / "ManualMask" / "leftMask" / "MCUCXR_0001_0.png", seed=2)
    _picture(montgomery / "ManualMask" / "rightMask" / "MCUCXR_0001_0.png", seed=3)
    _text(montgomery / "ClinicalReadings" / "MCUCXR_0001_0.txt", ["Patient's Sex: F", "Patient's Age: 027Y", "normal"])
    _picture(shenzhen / "CXR_png" / "CHNCXR_0001_0.png", seed=4)
    _picture(shenzhen / "mask" / "CHNCXR_0001_0_mask.png", seed=5)
    _picture(shenzhen / "CXR_png" / "CHNCXR_0327_1.png", seed=6)
    _text(shenzhen / "ClinicalReadings" / "CHNCXR_0327_1.txt", ["male 45yrs", "right upper PTB"])
    return folder


WINGSPAN_ROWS = ("wing000,", "wing001,0.5", "wing002,0.475", "wing003,0.61")


def fabricate_wingspan(folder: Path) -> Path:
    """Three chests of a table of four: one without a ratio, one whose left lung is drawn over the heart (002)."""
    for number in range(3):
        stem = f"wing{number:03d}"
        _picture(folder / "images" / f"{stem}.jpg", seed=hash_of(stem))
        lungs, heart = np.zeros((2, SIDE, SIDE), np.uint8)
        lungs[4:18, 2:8], lungs[4:18, 15 if number < 2 else 12 : 22] = 255, 128
        heart[10:18, 8:16] = 255
        for name, mask in (("lungs", Image.fromarray(lungs)), ("heart", Image.fromarray(heart > 0))):
            (folder / name).mkdir(exist_ok=True)
            mask.save(folder / name / f"{stem}.png")
    _text(folder / "ctr.csv", ["image,ctr", *WINGSPAN_ROWS])
    return folder


def fabricate_chest_lateral(folder: Path) -> Path:
    """Three lateral chests of two patients."""
    for name in ("p7_case-1-L.jpg", "p7_case-1-day3-L.jpg", "p70_1.jpg"):
        _picture(folder / name, seed=hash_of(name))
    return folder


def fabricate_class_folders(folder: Path) -> Path:
    """Two classes, two pictures each, one in a folder below; `p1_a.png` and `p1_b.png` are one patient's."""
    for name in ("Pleural Effusion/p1_a.png", "Pleural Effusion/sub/p2_a.png", "Well/p1_b.png", "Well/p3_a.png"):
        _picture(folder / name, seed=hash_of(name))
    return folder


def fabricate_own_table(folder: Path) -> Path:
    """Four images of three patients in a table; one is absent, one has a mask, labels are 1, 0, -1 and empty."""
    for name in ("a.png", "b.png", "sub/c.png", "masks/a.png"):
        _picture(folder / name, seed=hash_of(name))
    _text(
        folder / "table.csv",
        [
            "\ufeffimage,patient,split,view,age_years,sex,truth:Pleural Effusion,truth:Own thing,mask,remark",
            "a.png,one,train,PA,40,F,1,0,masks/a.png,x",
            "b.png,one,train,LL,400,M,,1,,y",
            "sub/c.png,two,test,,,,-1,0,,z",
            "gone.png,three,test,AP,5,F,0,0,,",
        ],
    )
    return folder


FABRICATE = {
    "nih": fabricate_chestxray14,
    "chexpert": fabricate_chexpert,
    "vindr_pcxr": fabricate_vindr_pcxr,
    "vindr_cxr": fabricate_vindr_cxr,
    "rsna": fabricate_rsna,
    "jsrt": fabricate_jsrt,
    "montgomery_shenzhen": fabricate_montgomery_shenzhen,
    "wingspan": fabricate_wingspan,
    "chest_lateral": fabricate_chest_lateral,
    "folder": fabricate_class_folders,
    "table": fabricate_own_table,
    "boxes": fabricate_own_boxes,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for release, fabricate in FABRICATE.items():
        fabricate(parser.parse_args().folder / release)
