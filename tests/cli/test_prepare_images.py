import pytest

from fabricate_kermany import fabricate_kermany
from hilum.cli.prepare_images import prepare_images
from hilum.datasets.cache import fill_cache
from hilum.datasets.kermany import read_kermany
from hilum.errors import DataError, UsageError
from hilum.imaging.preprocess import PreprocessSpec, Resize

SPEC = PreprocessSpec(steps=(Resize(height=16, width=16, rule="stretch"),), mean=(0.5,), std=(0.5,))


@pytest.fixture
def folder(tmp_path):
    return fabricate_kermany(tmp_path / "kermany", train=2, test=1)


def test_every_image_is_prepared_for_the_training_that_follows(folder, tmp_path):
    records = read_kermany(folder)
    assert prepare_images(records, spec=SPEC, cache=tmp_path / "cache", jobs=1, bad_files="stop") == records
    assert fill_cache(records, spec=SPEC, folder=tmp_path / "cache").prepared == 0


def test_a_bad_file_ends_it_or_is_left_out_and_told(folder, tmp_path, capsys):
    bad = next((folder / "train" / "NORMAL").iterdir())
    bad.write_bytes(b"no picture")
    records = read_kermany(folder)
    with pytest.raises(DataError, match=r"copy the file again, or leave it out with --bad-files skip"):
        prepare_images(records, spec=SPEC, cache=tmp_path / "cache", jobs=1, bad_files="stop")
    kept = prepare_images(records, spec=SPEC, cache=tmp_path / "cache", jobs=1, bad_files="skip")
    assert [record.path for record in records if record not in kept] == [bad]
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(bad) in said


def test_without_a_cache_nothing_is_read_and_nothing_can_be_skipped(folder):
    records = read_kermany(folder)
    assert prepare_images(records, spec=SPEC, cache=None, jobs=1, bad_files="stop") == records
    with pytest.raises(UsageError, match="needs a cache"):
        prepare_images(records, spec=SPEC, cache=None, jobs=1, bad_files="skip")
    with pytest.raises(UsageError, match="stop or skip"):
        prepare_images(records, spec=SPEC, cache=None, jobs=1, bad_files="both")
