import json
from dataclasses import replace

import pytest

from fabricate_releases import fabricate_chestxray14
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.datasets.splits.official import split_with_official_test
from hilum.datasets.splits.saved import load_split, save_split
from hilum.errors import DataError, OutputError
from hilum.whole_files import STRAY_PREFIX


@pytest.fixture
def records(tmp_path):
    return read_chestxray14(fabricate_chestxray14(tmp_path / "nih"))


@pytest.fixture
def saved(records, tmp_path):
    split = split_with_official_test(records, shares={"train": 0.5, "validation": 0.5}, seed=1)
    save_split(split, path=tmp_path / "runs" / "split.json")
    return split, tmp_path / "runs" / "split.json"


def test_a_split_comes_back_the_same(saved, records):
    split, path = saved
    loaded = load_split(path, records=list(reversed(records)))
    assert loaded == split
    assert loaded.sha256 == split.sha256
    assert [entry.name for entry in path.parent.iterdir()] == ["split.json"]


def test_other_content_or_absent_images_are_refused(saved, records):
    _, path = saved
    changed = [replace(records[0], sha256="0" * 64), *records[1:]]
    for other in (changed, records[1:]):
        with pytest.raises(DataError, match=r"with the same content; missing: nih 00000001_000\.png"):
            load_split(path, records=other)


def _edited(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


def test_an_altered_split_is_refused(saved, records):
    _, path = saved
    parts = json.loads(path.read_text())["parts"]
    moved = _edited(path, parts={**parts, "validation": [*parts["validation"], *parts["train"]], "train": []})
    with pytest.raises(DataError, match="was altered"):
        load_split(moved, records=records)
    leaked = _edited(path, parts={**parts, "validation": [*parts["validation"], *parts["test"]], "test": []})
    with pytest.raises(
        DataError,
        match=r"00000004_000\.png is .* of its part test.* but it is in validation",
    ):
        load_split(leaked, records=records)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"schema": "hilum.split/9"}, "has the format hilum.split/9"), ({"parts": 3}, "does not hold a split")],
)
def test_another_schema_or_shape_is_refused(saved, records, changes, message):
    with pytest.raises(DataError, match=message):
        load_split(_edited(saved[1], **changes), records=records)


def test_what_is_no_json_is_refused(tmp_path, records):
    (tmp_path / "split.json").write_text("{")
    with pytest.raises(DataError, match="does not hold a split"):
        load_split(tmp_path / "split.json", records=records)
    with pytest.raises(DataError, match="does not hold a split"):
        load_split(tmp_path / "absent.json", records=records)


def test_a_folder_in_the_way_leaves_nothing_behind(saved, tmp_path):
    split, _ = saved
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="Cannot write the split"):
        save_split(split, path=tmp_path / "taken")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(STRAY_PREFIX)]
