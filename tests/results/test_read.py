"""`hilum.read` and `hilum.read_many`: one way in for whatever a radiograph is in, and for many of them."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import hilum
from fabricate_bundle import ToyBundle
from fabricate_pictures import marked, picture_bytes
from hilum import FailedReading, Reader, Result, Results
from hilum.bundle.shelf import shipped_bundles
from hilum.errors import DecodeError, FileAccessError, UsageError
from hilum.results.read import shared_reader

PNG = picture_bytes(marked(), "PNG")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(models=[ToyBundle().write(tmp_path_factory.mktemp("models") / "toy")])


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.png").write_bytes(PNG)
    (folder / "deep" / "a.png").write_bytes(PNG)
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("nothing to see")
    return folder


def names(results: Results) -> list[str]:
    return [Path(one.name).name + (" failed" if isinstance(one, FailedReading) else "") for one in results]


def test_one(reader: Reader, scans: Path) -> None:
    result = hilum.read(scans / "a.png", reader=reader, name="mine")
    assert isinstance(result, Result)
    assert result.name == "mine"
    for source in (PNG, io.BytesIO(PNG), marked()):
        assert hilum.read(source, reader=reader).findings[0].logit == pytest.approx(result.findings[0].logit, abs=1e-5)
    assert hilum.read(np.asarray([[0.0, 1.0]]), reader=reader, value_range=(0, 1)).reading.source.columns == 2


def test_a_folder_in_order_with_what_fails_and_what_is_no_image(reader: Reader, scans: Path) -> None:
    results = hilum.read(str(scans), reader=reader)
    assert isinstance(results, Results)
    assert names(results) == ["a.png", "broken.png failed", "a.png"]
    assert [Path(one.name).name for one in results.skipped] == ["notes.txt"]
    assert list(results) == []


def test_an_archive_a_list_and_a_generator(reader: Reader, scans: Path) -> None:
    with zipfile.ZipFile(scans.parent / "study.zip", "w") as archive:
        archive.writestr("inner.png", PNG)
    assert names(hilum.read(scans.parent / "study.zip", reader=reader)) == ["inner.png"]
    assert names(hilum.read([PNG, scans / "deep", marked()], reader=reader)) == ["<bytes>", "a.png", "<array>"]

    def one_by_one() -> Iterator[Path]:
        yield scans / "a.png"
        yield scans / "missing.png"

    assert names(hilum.read(one_by_one(), reader=reader)) == ["a.png", "missing.png failed"]


def test_a_folder_without_an_image_is_said(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (failed,) = hilum.read_many([tmp_path / "empty"], reader=reader)
    assert isinstance(failed, FailedReading)
    assert failed.kind == "file"
    assert "No image found in" in failed.message
    assert names(hilum.read_many([tmp_path / "empty", PNG], reader=reader)) == ["empty failed", "<bytes>"]


def test_many_as_a_table_and_saved(reader: Reader, scans: Path, tmp_path: Path) -> None:
    table = hilum.read_many(scans, reader=reader).to_df()
    assert [Path(name).name for name in table["image"]] == ["a.png", "broken.png", "a.png"]
    assert table["error"].notna().tolist() == [False, True, False]
    pages = hilum.read_many(scans, reader=reader).save(tmp_path / "out")
    assert [page.relative_to(tmp_path / "out").as_posix() for page in pages] == ["a.png.html", "deep/a.png.html"]
    assert (tmp_path / "out" / "failures.jsonl").read_text().count("\n") == 1
    twice = hilum.read_many([marked(), marked()], reader=reader).save(tmp_path / "out")
    assert [page.name for page in twice] == ["array.html", "array-2.html"]


def test_reading_ahead_stops_where_the_results_are_closed(reader: Reader, scans: Path) -> None:
    asked = []

    def endless() -> Iterator[bytes]:
        while True:
            asked.append(len(asked))
            yield PNG

    with hilum.read_many(endless(), reader=reader, jobs=1) as results:
        assert isinstance(next(results), Result)
    count = len(asked)
    assert list(results) == []
    assert len(asked) == count


@pytest.mark.parametrize("thing", [None, 3, {"a": PNG}])
def test_what_is_no_source_is_said_in_one_line(reader: Reader, thing: object) -> None:
    with pytest.raises(UsageError, match=f"a list or folder of them, not {type(thing).__name__}"):
        list(hilum.read(thing, reader=reader))
    with pytest.raises(UsageError, match=r"A list may hold .*, not int"):
        list(hilum.read([3], reader=reader))


def test_errors_are_those_of_hilum(reader: Reader, scans: Path) -> None:
    with pytest.raises(DecodeError):
        hilum.read(scans / "broken.png", reader=reader)
    with pytest.raises(FileAccessError):
        hilum.read("no such file", reader=reader)
    with pytest.raises(UsageError, match="A name is for one radiograph"):
        hilum.read(scans, reader=reader, name="mine")


def test_without_a_reader_all_that_ship_read_and_are_loaded_once() -> None:
    result = hilum.read(marked(200, 240))
    assert result.reading.models[0].name == "xray-gate"
    assert {card.name for card in result.cards} == {bundle.card.name for bundle in shipped_bundles()}
    assert shared_reader() is shared_reader()
