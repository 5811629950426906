"""Plans: numbered shards, hashed, found again in constant memory; changed ones are refused."""

import hashlib
import json
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabricate_screening import SPEC, names, planned, write_manifest
from hilum.errors import DataError, FileAccessError, OutputError
from hilum.screening.film import FilmRow
from hilum.screening.manifest import Manifest, Skip, manifest
from hilum.screening.place import FolderPlace
from hilum.screening.plan import open_plan, part_name, part_number, write_plan


def test_a_plan_is_cut_in_order_and_every_shard_is_found_again(tmp_path: Path) -> None:
    all_names = [*names(23), "ä \udcff.png", 'quo"te.png']
    (tmp_path / "films.csv").write_bytes(b"")
    source = Manifest(str(tmp_path / "films.csv"), "/films")

    class Listed(Manifest):
        def rows(self, *, leave_out: Path | None, skip: Skip) -> Iterator[FilmRow]:
            return (FilmRow(name, {"age": "7"} if name.startswith("0000003") else {}) for name in all_names)

    place = FolderPlace(tmp_path / "plan")
    made, was_there = write_plan(Listed(source.source, source.root), place=place, reader=SPEC, shard_films=10)
    found = open_plan(place)
    assert not was_there
    assert (found.films, found.shards, found.root, found.sha256) == (25, 3, "/films", made.sha256)
    assert [row.name for number in range(3) for row in found.rows(number)] == all_names
    assert found.rows(0)[3].said == {"age": "7"}
    assert [found.shard(number).films for number in range(3)] == [10, 10, 5]
    lines = (tmp_path / "plan" / "films.jsonl").read_bytes()
    assert found.films_sha256 == hashlib.sha256(lines).hexdigest()
    assert found.shard(1).sha256 == hashlib.sha256(b"".join(lines.splitlines(keepends=True)[10:20])).hexdigest()


def test_the_same_plan_again_is_no_harm_and_another_is_refused(tmp_path: Path) -> None:
    first = planned(tmp_path, names(20))
    before = (tmp_path / "plan" / "plan.json").read_bytes()
    again = write_plan(manifest(first.source, root=None, column=None), place=first.place, reader=SPEC, shard_films=10)
    assert again[1]
    with pytest.raises(DataError, match=r"holds a plan of other films or settings \(20 films of .*another folder"):
        planned(tmp_path, names(21))
    assert (tmp_path / "plan" / "plan.json").read_bytes() == before


def test_a_changed_manifest_is_met_and_one_that_is_gone_or_only_touched_is_not(tmp_path: Path) -> None:
    plan = planned(tmp_path, names(5))
    plan.check_manifest()
    os.utime(plan.source, (1, 1))
    plan.check_manifest()
    write_manifest(Path(plan.source), names(6))
    with pytest.raises(DataError, match=r"films\.csv has changed since .* what is read stays\. Plan the new one"):
        plan.check_manifest()
    Path(plan.source).unlink()
    plan.check_manifest()


@pytest.mark.parametrize("name", ["films.jsonl", "shards.txt", "plan.json"])
def test_an_altered_plan_is_one_line(tmp_path: Path, name: str) -> None:
    planned(tmp_path, names(20))
    path = tmp_path / "plan" / name
    path.write_bytes(
        path.read_bytes()
        .replace(b"0000015.png", b"0000095.png")
        .replace(b"0000010 ", b"x ")
        .replace(b'"films": 20', b'"films": 21')
    )
    with pytest.raises(DataError, match="was altered") as raised:
        open_plan(FolderPlace(tmp_path / "plan")).lines(1)
    assert "\n" not in str(raised.value)


def test_no_plan_no_film_and_another_version_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"There is no plan in .*; make one: hilum screen plan"):
        open_plan(FolderPlace(tmp_path))
    with pytest.raises(DataError, match="There is no film to plan"):
        planned(tmp_path, [])
    assert not (tmp_path / "plan" / "plan.json").exists()
    planned(tmp_path, names(1))
    path = tmp_path / "plan" / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": "hilum.screen/9"}))
    with pytest.raises(DataError, match="another version of hilum"):
        open_plan(FolderPlace(tmp_path / "plan"))


def test_a_full_disk_is_one_line_and_leaves_no_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device; make room, what is read stays"):
        planned(tmp_path, names(20))
    assert list((tmp_path / "plan").iterdir()) == []


def test_planning_takes_no_more_memory_for_more_films(tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 40_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        write_manifest(folder / "films.csv", names(count))
        source = manifest(str(folder / "films.csv"), root=None, column=None)
        tracemalloc.start()
        write_plan(source, place=FolderPlace(folder / "plan"), reader=SPEC)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_parts_are_known_by_their_name() -> None:
    assert (part_name(17), part_name(123_456)) == ("part-00017.parquet", "part-123456.parquet")
    assert [part_number(name) for name in ("part-00017.parquet", "part-123456.parquet")] == [17, 123_456]
    assert [part_number(name) for name in ("part-17.parquet", "part-x.parquet", ".hilum-tmp-1", "part-")] == [None] * 4
