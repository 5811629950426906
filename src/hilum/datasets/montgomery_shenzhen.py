"""Montgomery (MCUCXR) and Shenzhen (CHNCXR) chests (Jaeger et al. 2014) with lung masks: tuberculosis or normal.

Layout (the National Library of Medicine's readme files): `CXR_png/MCUCXR_0001_0.png` and `CXR_png/CHNCXR_0001_0.png`,
the last digit says tuberculosis; Montgomery's masks `ManualMask/leftMask/` and `rightMask/`, Shenzhen's (Stirenko et
al. 2018) `mask/CHNCXR_0001_0_mask.png`; `ClinicalReadings/` with a text file a picture (`Patient's Age: 040Y` or
`male 45yrs`). One mask of both lungs in `masks/` under the picture's name counts too. Tried on real pictures and masks
of both sets in that last layout; clinical readings and the masks of one lung are not tried on real files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.ages import clean_age
from hilum.datasets.files import SUFFIXES, file_sha256
from hilum.datasets.record import Record
from hilum.errors import DataError
from hilum.radiograph import Sex

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
_SETS = {"CHN": "shenzhen", "MCU": "montgomery"}
_AGE = re.compile(r"(\d+\s*[YMWD])", re.IGNORECASE)
_SEX = re.compile(r"\b(female|male|F|M)\b", re.IGNORECASE)


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
            raise DataError(f"expected one picture of {stem} in {folder}, came {chests[stem]} and {path}; keep one")
    if not chests:
        raise DataError(
            f"expected pictures like CHNCXR_0001_0.png below {folder}, came none; give the release's folder"
        )
    readings = {path.stem: path for path in folder.rglob("*CXR_*.txt")}
    return tuple(
        _record(stem, path=path, masks=masks.get(stem, {}), reading=_reading(readings.get(stem)))
        for stem, path in sorted(chests.items())
    )


def _reading(path: Path | None) -> str:
    return "" if path is None else path.read_text(encoding="latin-1")


def _record(stem: str, *, path: Path, masks: Mapping[str, Path], reading: str) -> Record:
    match = _NAME.fullmatch(stem)
    if match is None:
        raise DataError(f"expected a name like CHNCXR_0001_0.png, came {path}; remove or rename the file")
    age, sex = _AGE.search(reading), _SEX.search(reading)
    letter: Sex = "unknown" if sex is None else "F" if sex[0].upper().startswith("F") else "M"
    return Record(
        path=path,
        image=path.name,
        patient=f"lungs_tb:{match['patient']}",
        source="lungs_tb",
        official=None,
        labels={LABEL: float(match["ill"])},
        stratum=f"{_SETS[match['set']]} {match['ill']}",
        sha256=file_sha256(path),
        age_years=None if age is None else clean_age(age[0].replace(" ", "")),
        sex=letter,
        is_xray=True,
        xray_type="chest",
        masks=masks,
    )
