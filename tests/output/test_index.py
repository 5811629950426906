"""The index of a folder is written whatever its files are called."""

import csv
import json
from pathlib import Path

from hilum.output.index import write_index
from hilum.output.journal import Journal
from hilum.output.render import failure_record
from hilum.reading_result import FailedReading

LONG = "胸" * 83 + ".png"
"""253 bytes: a name that a file can have, and none of its outputs."""


def test_a_file_whose_page_has_too_long_a_name_stands_in_the_index_without_one(tmp_path: Path) -> None:
    (tmp_path / "bad.png.html").touch()
    journal = Journal(tmp_path, replacing=())
    for relative in ("bad.png", LONG, f"{'a' * 200}/{'b' * 252}"):
        failed = FailedReading(f"scans/{relative}", "output", "the name is too long", "1", "0" * 64)
        journal.add(failure_record(failed, relative=relative))
    journal.close()
    write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert page.count("bad.png.html") >= 1
    assert json.dumps(LONG)[1:-1] in page
    assert json.dumps(f"{LONG}.html")[1:-1] not in page
    with (tmp_path / "readings.csv").open(encoding="utf-8-sig", newline="") as table:
        assert sum(LONG in "".join(row) for row in csv.reader(table)) == 1
