"""Films and results in an object store, against a server of the tests' own."""

import io
from pathlib import Path

import pytest
from PIL import Image

from fabricate_screening import SPEC, Here, names, planned
from hilum.errors import FileAccessError, LimitError, OutputError, UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.output.inputs import SkippedFile
from hilum.screening.film import Film, FilmRow
from hilum.screening.finish import finish
from hilum.screening.manifest import manifest
from hilum.screening.object_store import MissingFilmError, StoreError, read_object
from hilum.screening.place import place_of
from hilum.screening.plan import PARTS, open_plan, part_name, write_plan
from hilum.screening.run import run_plan


def put(key: str, data: bytes) -> None:
    import boto3

    boto3.client("s3").put_object(Bucket="films", Key=key, Body=data)


def test_a_whole_screening_in_a_store_gives_the_bytes_of_one_in_a_folder(bucket: str, tmp_path: Path) -> None:
    here = planned(tmp_path, names(25))
    place = place_of(f"{bucket}/results/one")
    source = manifest(str(tmp_path / "films.csv"), root=None, column=None)
    there, _ = write_plan(source, place=place, reader=SPEC, shard_films=10)
    run_plan(here, crew=Here())
    run_plan(there, crew=Here())
    finish(here)
    finish(open_plan(place))
    written = [f"{PARTS}/{part_name(number)}" for number in range(3)]
    for name in [*written, "readings.parquet", "summary.json", "parts.sha256", "films.jsonl", "shards.txt"]:
        assert place.read(name) == here.place.read(name), name
    assert write_plan(source, place=place, reader=SPEC, shard_films=10)[1]
    assert run_plan(open_plan(place), crew=Here()).before == 3


def test_of_two_runs_the_first_part_stays(bucket: str) -> None:
    place = place_of(bucket)
    assert place.publish("parts/part-00000.parquet", b"first")
    assert not place.publish("parts/part-00000.parquet", b"second")
    assert place.read("parts/part-00000.parquet") == b"first"
    assert list(place.names("parts")) == ["part-00000.parquet"]
    assert list(place.names("nothing")) == []


def test_a_prefix_is_listed_by_name_and_a_manifest_in_it_is_read(bucket: str) -> None:
    for key in ("2026/b/2.png", "2026/a.dcm", "2026/notes.txt", "2026/.hidden.png", "2026/b/10", "2025/old.png"):
        put(key, b"x")
    put("lists/films.csv", b"path,age\n../2026/a.dcm,7\n")
    found = manifest(f"{bucket}/2026/", root=None, column=None)
    assert [row.name for row in found.rows(leave_out=None)] == ["a.dcm", "b/10", "b/2.png"]
    assert found.root == f"{bucket}/2026"
    listed = manifest(f"{bucket}/lists/films.csv", root=bucket, column=None)
    assert list(listed.rows(leave_out=None)) == [FilmRow("../2026/a.dcm", {"age": "7"})]


def test_what_hilum_wrote_below_a_prefix_is_no_film(bucket: str) -> None:
    for key, data in {
        "written/a.png": b"x",
        "written/a.png.sc.dcm": b"x",
        "written/a.png.json": b'{"schema": "hilum.reading/1"}',
        "written/b.overlay.jpg": b"x",
        "written/b.json": b"somebody's",
        "written/report/roc.png": b"x",
        "written/report/report.json": b'{"schema": "hilum.report/1"}',
        "written/more.zip": b"x",
    }.items():
        put(key, data)
    told: list[SkippedFile] = []
    found = manifest(f"{bucket}/written/", root=None, column=None).rows(leave_out=None, skip=told.append)
    assert [row.name for row in found] == ["a.png", "b.overlay.jpg"]
    assert {each.name.removeprefix(f"{bucket}/written/"): each.reason for each in told} == {
        "a.png.json": "not called like an image",
        "a.png.sc.dcm": "written by an earlier run of hilum",
        "b.json": "not called like an image",
        "more.zip": "not called like an image",
        "report": "a report that hilum wrote",
    }


def test_a_film_of_the_store_is_its_bytes(bucket: str) -> None:
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "PNG")
    put("2026/a.png", file.getvalue())
    film = Film(FilmRow("a.png", {}), root=f"{bucket}/2026", limits=Limits())
    assert film.read() == file.getvalue()
    put("2026/empty.png", b"")
    assert Film(FilmRow("empty.png", {}), root=f"{bucket}/2026", limits=Limits()).read() == b""
    with pytest.raises(LimitError, match="over the limit of 10"):
        Film(FilmRow("a.png", {}), root=f"{bucket}/2026", limits=Limits(max_bytes=10)).read()


def test_a_missing_object_is_the_films_fault_and_a_missing_bucket_the_stores(bucket: str) -> None:
    with pytest.raises(MissingFilmError, match=r"There is no s3://films/nothing\.png"):
        read_object(f"{bucket}/nothing.png", limits=Limits())
    with pytest.raises(StoreError, match=r"Cannot read s3://nowhere/a\.png: .*bucket"):
        read_object("s3://nowhere/a.png", limits=Limits())
    with pytest.raises(UsageError, match="gs:// is no store that hilum reads"):
        place_of("gs://films")


def test_a_store_that_nobody_answers_for_is_one_line(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from hilum.screening.object_store import _store

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    _store.cache_clear()
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    for act in (
        lambda: open_plan(place_of(bucket)),
        lambda: list(manifest(bucket, root=None, column=None).rows(leave_out=None)),
        lambda: place_of(bucket).publish("a", b""),
    ):
        with pytest.raises((FileAccessError, OutputError), match=r"Cannot (read|write) s3://films") as raised:
            act()
        assert "\n" not in str(raised.value)
