import json

import pytest

from fabricate_run import fabricate_run
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split
from hilum.errors import DataError, FileAccessError
from hilum.evaluation.bundles.run_folder import is_run, load_run, split_of


@pytest.fixture
def made(tmp_path):
    return fabricate_run(tmp_path, patients=5)


def test_a_run_says_how_it_was_made(made):
    run = load_run(made.run)
    assert (run.file.smoke, run.file.recipe, run.file.seed) == (False, "toy", 0)
    assert run.file.settings["optimizer.lr"] == 0.001
    assert (run.bundle_folder / "card.json").is_file()
    assert is_run(made.run)
    assert not is_run(made.data)


def test_its_split_is_bound_to_the_records(made):
    split = split_of(load_run(made.run), records=made.records)
    assert set(split.parts) == {"train", "calibration", "test"}
    assert sum(map(len, split.parts.values())) == len(made.records)


def test_other_pixels_than_in_training_are_refused(made):
    from hilum.datasets.own.own_table import read_own_table

    path = made.data / "003.png"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DataError, match=r"same content; missing: table 003\.png"):
        split_of(load_run(made.run), records=read_own_table(made.data))


def test_a_missing_image_is_refused(made):
    with pytest.raises(DataError, match="missing: table"):
        split_of(load_run(made.run), records=made.records[1:])


def test_a_split_of_another_run_is_refused(made):
    other = Split({"train": made.records[:4], "test": made.records[4:]}, "another")
    save_split(other, path=made.run / "split.json")
    with pytest.raises(DataError, match=r"are of different runs"):
        split_of(load_run(made.run), records=made.records)


@pytest.mark.parametrize("content", ["{}", "no json", '{"smoke": "perhaps"}'])
def test_a_run_file_that_is_none_is_refused(made, content):
    (made.run / "run.json").write_text(content)
    with pytest.raises(DataError, match=r"is not the run\.json"):
        load_run(made.run)


def test_a_run_without_its_file_cannot_be_read(tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot read .*run\.json"):
        load_run(tmp_path)


def test_a_run_that_has_not_ended_is_refused(made):
    (made.run / "bundle").rename(made.run / "elsewhere")
    with pytest.raises(DataError, match="Give its command again"):
        load_run(made.run)


def test_unknown_fields_are_passed_over(made):
    path = made.run / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "stages": ["a"]}))
    assert load_run(made.run).file.recipe == "toy"
