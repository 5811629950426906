"""Adult COVID-19 chests of Hannover, bedside and upright, in one flat folder; each picture counts as one patient.

The names carry no patient, so two pictures of one patient may stand on both sides of a split within this release;
leaving the whole release out, as the gate's study does, is free of that.
"""

from __future__ import annotations

from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record

LICENCE = "COVID-19 image repository, Hannover Medical School, Winther et al. 2020, CC BY 3.0"


def read_hannover(folder: Path) -> tuple[Record, ...]:
    """Every chest in `folder`, sorted by name."""
    return tuple(
        typed_record(path, image=path.name, group=path.stem, source="chest_adult", xray_type="chest")
        for path in image_files(folder, release="the Hannover chests")
    )
