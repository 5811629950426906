"""ChestX-ray14 (Wang et al. 2017) as frontal chests for a gate: the pictures that are there, by patient.

Layout: `images/` (or the release's `images_001/images` to `images_012/images`) with `00000013_005.png`; the first
eight digits are the patient. Pictures are found by stem, so converted copies (`.jpg`) count too.

The release's `test_list.txt` must lie there or one folder up: no image of the official test set, where all boxed ones
lie, is ever learnt from, not by a gate either (traps list, 16 and 18).
"""

from __future__ import annotations

import re
from pathlib import Path

from hilum.datasets.csv_rows import find_table, read_lines
from hilum.datasets.files import image_files
from hilum.datasets.gate_record import gate_record
from hilum.datasets.record import Record
from hilum.errors import DataError

TEST_LIST = "test_list.txt"
LICENCE = "ChestX-ray14, Wang et al. 2017, NIH Clinical Center, unrestricted use"

_NAME = re.compile(r"(?P<patient>\d{8})_\d{3}$")


def read_nih_chests(folder: Path) -> tuple[Record, ...]:
    """Every chest under `folder` that is not in the official test set, sorted by path.

    Raises `DataError` for a name that is not the release's, and where `test_list.txt` is missing.
    """
    found = image_files(folder, release="ChestX-ray14", deep=True)
    here = (folder / TEST_LIST).is_file()
    test = {Path(line).stem for line in read_lines(find_table(folder if here else folder.parent, names=(TEST_LIST,)))}
    return tuple(_record(path) for path in found if path.stem not in test)


def _record(path: Path) -> Record:
    match = _NAME.match(path.stem)
    if match is None:
        raise DataError(f"expected a name like 00000013_005.png, came {path}; remove or rename the file")
    return gate_record(path, image=path.name, group=match["patient"], source="nih", is_xray=True, xray_type="chest")
