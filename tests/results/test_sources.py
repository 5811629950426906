"""What of many is read, and under which path it is saved."""

from pathlib import Path

from fabricate_pictures import marked, picture_bytes
from hilum.output.inputs import SkippedFile
from hilum.results.sources import NotFound, Wanted, is_many, wanted_sources


def test_paths_to_save_under(tmp_path: Path) -> None:
    for place in (tmp_path / "one" / "a.png", tmp_path / "two" / "a.png", tmp_path / "two" / "deep" / "b.png"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(picture_bytes(marked(), "PNG"))
    (tmp_path / "two" / "list.txt").write_text("")
    (tmp_path / "empty").mkdir()
    skipped: list[SkippedFile] = []
    sources = [tmp_path / "one" / "a.png", tmp_path / "two", tmp_path / "empty", marked(), marked()]
    found = list(wanted_sources(sources, frame=None, skipped=skipped))
    paths = [one.relative if isinstance(one, Wanted) else one.kind for one in found]
    assert paths == ["a.png", "a-2.png", "deep/b.png", "file", "array", "array-2"]
    assert isinstance(found[3], NotFound)
    assert [Path(one.name).name for one in skipped] == ["list.txt"]


def test_what_is_several(tmp_path: Path) -> None:
    assert is_many(tmp_path)
    assert is_many([])
    assert is_many(iter(()))
    assert not is_many(marked())
    assert not is_many(b"bytes")
    assert not is_many(str(tmp_path / "missing"))
    assert not is_many(3)


def test_a_name_that_is_too_long_is_one_that_fails() -> None:
    assert not is_many("a" * 300)
    (one,) = wanted_sources("a" * 300, frame=None, skipped=[])
    assert isinstance(one, Wanted)
