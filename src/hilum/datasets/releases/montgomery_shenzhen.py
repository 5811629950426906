"""Montgomery (MCUCXR) and Shenzhen (CHNCXR) chests (Jaeger et al. 2014) with lung masks: tuberculosis or normal.

Layout (the National Library of Medicine's readme files): `CXR_png/MCUCXR_0001_0.png` and `CXR_png/CHNCXR_0001_0.png`,
the last digit says tuberculosis; Montgomery's masks `ManualMask/leftMask/` and `rightMask/`, Shenzhen's (Stirenko et
al. 2018) `mask/CHNCXR_0001_0_mask.png`; `ClinicalReadings/` with a text file a picture (`Patient's Age: 040Y` or
`male 45yrs`). One mask of both lungs in `masks/` under the picture's name counts too. Tried on real pictures and masks
of both sets in that last layout; clinical readings and the masks of one lung are not tried on real files.

The lungs are drawn as fields, beside the heart, but for one in twelve of Shenzhen's masks, which hold the whole lungs:
52 of the 704 masks tried, most of them in runs of neighbouring numbers. Those are told by their shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hilum.datasets.records.files import SUFFIXES, file_sha256
from hilum.datasets.records.label_values import clean_age
from hilum.datasets.records.lung_definition import drawn_as
from hilum.datasets.records.masks import read_mask
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.radiograph import Sex
from hilum.reading_result import LungDefinition
from hilum.stated import sex_in

LICENCE = "Shenzhen and Montgomery County chest X-ray sets, Jaeger et al. 2014, US National Library of Medicine"
LABEL = "Tuberculosis"
IMAGES = 138 + 662

_NAME = re.compile(r"(?P<patient>(?P<set>CHN|MCU)CXR_\d{4})_(?P<ill>[01])(?P<mask>_mask)?")
_MASK_FOLDERS: Mapping[str, str] = {
    "leftmask": "left lung",
    "rightmask": "right lung",
    "masks": "lungs",
    "mask": "lungs",
}
_LUNGS = tuple(dict.fromkeys(_MASK_FOLDERS.values()))
_SETS = {"CHN": "shenzhen", "MCU": "montgomery"}
_LABELLED = re.compile(r"patient'?s?\s+(?P<what>sex|age)\s*:\s*(?P<value>.*)", re.IGNORECASE)
_AGE = re.compile(r"(?P<number>\d{1,3})\s*(?P<unit>[YMWD])[A-Z]*\.?", re.IGNORECASE)
_FIRST_LINE = re.compile(
    r"(?P<sex>female|femal|male|F|M)\b[\s,.;:]*(?:(?P<age>\d{1,3}\s*[YMWD][A-Z]*)\b|$)", re.IGNORECASE
)


def read_montgomery_shenzhen(folder: Path) -> tuple[Record, ...]:
    """Every chest below `folder`, sorted by name, with the masks that are there; some chests have none.

    Raises `DataError` where there is no chest, or one lies there twice.
    """
    chests: dict[str, Path] = {}
    masks: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.rglob("*CXR_*")):
        match = _NAME.fullmatch(path.stem)
        if match is None or path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        stem = path.stem.removesuffix("_mask")
        structure = "lungs" if match["mask"] else _MASK_FOLDERS.get(path.parent.name.lower())
        if structure is not None:
            masks.setdefault(stem, {})[structure] = path
        elif chests.setdefault(stem, path) != path:
            raise DataError(f"{stem} is in {folder} twice: {chests[stem]} and {path}. Keep one")
    if not chests:
        raise DataError(
            f"{folder} and the folders below it hold no pictures named like CHNCXR_0001_0.png. Give the folder of the "
            "data set"
        )
    readings = {path.stem: path for path in folder.rglob("*CXR_*.txt")}
    return tuple(
        _record(stem, path=path, masks=masks.get(stem, {}), reading=_reading(readings.get(stem)))
        for stem, path in sorted(chests.items())
    )


def age_and_sex(reading: str) -> tuple[float | None, Sex]:
    """Years and sex from the lines that say them, never from the free report below.

    Montgomery labels its lines (`Patient's Sex: F`, `Patient's Age: 027Y`); Shenzhen's first line holds both (`male
    45yrs`, `femal 32yrs`, `female, 16month`). What is said in neither way is unknown.
    """
    lines = [line.strip() for line in reading.splitlines() if line.strip()]
    labelled = {match["what"].lower(): match["value"] for line in lines if (match := _LABELLED.match(line))}
    if labelled:
        return _years(labelled.get("age", "")), sex_in(labelled.get("sex", "").strip()[:1])
    match = _FIRST_LINE.match(lines[0]) if lines else None
    if match is None:
        return _years(lines[0]) if lines else None, "unknown"
    return _years(match["age"] or ""), sex_in(match["sex"][0])


def _years(text: str) -> float | None:
    """The age where `text` is one and nothing else; units are written as a letter or a word."""
    match = _AGE.fullmatch(text.strip())
    return None if match is None else clean_age(f"{match['number']}{match['unit']}")


def _reading(path: Path | None) -> str:
    return "" if path is None else path.read_text(encoding="latin-1")


def _record(stem: str, *, path: Path, masks: Mapping[str, Path], reading: str) -> Record:
    match = _NAME.fullmatch(stem)
    if match is None:
        raise DataError(f"The name of {path} is not like CHNCXR_0001_0.png. Remove or rename the file")
    age_years, sex = age_and_sex(reading)
    return Record(
        path=path,
        image=path.name,
        patient=f"lungs_tb:{match['patient']}",
        source="lungs_tb",
        official=None,
        labels={LABEL: float(match["ill"])},
        stratum=f"{_SETS[match['set']]} {match['ill']}",
        sha256=file_sha256(path),
        age_years=age_years,
        sex=sex,
        is_xray=True,
        xray_type="chest",
        masks=masks,
        lung_definition=_definition(masks),
    )


def _definition(masks: Mapping[str, Path]) -> LungDefinition | None:
    """As the shape of the masks tells, else the field, which most of them show; None without masks."""
    if not masks:
        return None
    drawn = [read_mask(masks[name]) > 0 for name in _LUNGS if name in masks]
    alike = len({one.shape for one in drawn}) == 1
    return (drawn_as(np.logical_or.reduce(drawn)) if alike else None) or "field"
