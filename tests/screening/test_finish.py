"""The end: nothing missing, one row for each content, hashes that sha256sum checks, and a page."""

import hashlib
import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fabricate_screening import Here, fast_row, names, planned
from hilum.errors import DataError, OutputError
from hilum.screening.finish import finish
from hilum.screening.run import run_plan


def test_one_row_for_each_content_and_every_failure(tmp_path: Path) -> None:
    all_names = ["1=a.png", *names(12), "missing-1", "2=a.png", "missing-2", "3=a.png", "0000003.png"]
    plan = planned(tmp_path, all_names, shard_films=4)
    run_plan(plan, crew=Here())
    told = finish(plan)
    assert (told.films, told.copies, told.read, told.failed) == (18, 3, 13, 2)
    table = pq.read_table(tmp_path / "plan" / "readings.parquet").to_pylist()
    kept = ["1=a.png", *names(12), "missing-1", "missing-2"]
    assert [row["name"] for row in table] == kept
    copies = {row["name"]: row.pop("copies") for row in table}
    assert {name for name, count in copies.items() if count > 1} == {"1=a.png", "0000003.png"}
    assert (copies["1=a.png"], copies["0000003.png"]) == (3, 2)
    assert table == [fast_row(name) for name in kept]
    summary = json.loads((tmp_path / "plan" / "summary.json").read_text())
    assert summary["failures"] == {"missing": 2}
    [finding] = summary["findings"]
    flagged = sum(fast_row(name)["findings"][0]["positive"] for name in kept if "missing" not in name)
    assert (finding["positive"], finding["negative"]) == (flagged, 13 - flagged)


def test_the_hashes_of_the_parts_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    plan = planned(tmp_path, names(25))
    run_plan(plan, crew=Here())
    finish(plan)
    folder = tmp_path / "plan"
    subprocess.run(["sha256sum", "--check", "--quiet", "parts.sha256"], cwd=folder, check=True)
    told = json.loads((folder / "summary.json").read_text())["parts_sha256"]
    assert told == hashlib.sha256((folder / "parts.sha256").read_bytes()).hexdigest()


def test_twice_is_the_same_and_what_killed_runs_left_is_gone(tmp_path: Path) -> None:
    plan = planned(tmp_path, names(25))
    run_plan(plan, crew=Here())
    finish(plan)
    before = {path.name: path.read_bytes() for path in (tmp_path / "plan").iterdir() if path.is_file()}
    (tmp_path / "plan" / "parts" / ".hilum-tmp-1").write_bytes(b"half")
    finish(plan)
    assert {path.name: path.read_bytes() for path in (tmp_path / "plan").iterdir() if path.is_file()} == before
    assert not list((tmp_path / "plan").rglob(".hilum-tmp-*"))


def test_a_missing_part_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    plan = planned(tmp_path, names(30))
    run_plan(plan, crew=Here())
    (tmp_path / "plan" / "parts" / "part-00001.parquet").unlink()
    with pytest.raises(DataError, match=r"1 of 3 shards are not read yet, the first is 1; read them: hilum screen run"):
        finish(plan)
    assert not (tmp_path / "plan" / "readings.parquet").exists()


def test_the_page_says_what_became_of_the_films_and_escapes_their_names(tmp_path: Path) -> None:
    plan = planned(tmp_path, [*names(9), "missing <b>.png"])
    run_plan(plan, crew=Here())
    finish(plan)
    page = (tmp_path / "plan" / "summary.html").read_text()
    for said in (
        "Screening of 10 films",
        "Pneumonia",
        "There is no such file",
        "missing &lt;b&gt;.png",
        "RESEARCH USE",
    ):
        assert said.lower() in page.lower()
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_full_disk_at_the_end_is_one_line_and_the_same_command_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(tmp_path, names(12))
    run_plan(plan, crew=Here())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OutputError, match="No space left on device; make room, what is read stays"):
            finish(plan)
    assert {path.name for path in (tmp_path / "plan").iterdir()}.isdisjoint({"readings.parquet", "summary.json"})
    assert finish(plan).films == 12
