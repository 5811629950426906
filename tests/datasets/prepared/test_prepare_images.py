import pytest

from fabricate_kermany import fabricate_kermany
from fabricate_progress import Heard
from hilum.datasets.prepared.images import fill_cache
from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import DataError, UsageError
from hilum.imaging.preprocess import PreprocessSpec, Resize

SPEC = PreprocessSpec(steps=(Resize(height=16, width=16, rule="stretch"),), mean=(0.5,), std=(0.5,))


@pytest.fixture
def folder(tmp_path):
    return fabricate_kermany(tmp_path / "kermany", train=2, test=1)


def test_every_image_is_prepared_for_the_training_that_follows(folder, tmp_path):
    records, progress = read_kermany(folder), Heard()
    assert prepare_images(records, spec=SPEC, cache=tmp_path / "cache", progress=progress) == records
    assert progress.counts == {"preparing images": [len(records)] * 2}
    assert fill_cache(records, spec=SPEC, folder=tmp_path / "cache").prepared == 0


def test_a_bad_file_ends_it_or_is_left_out_and_told(folder, tmp_path):
    bad = next((folder / "train" / "NORMAL").iterdir())
    bad.write_bytes(b"no picture")
    records = read_kermany(folder)
    with pytest.raises(DataError, match=r"Copy the file again, or leave it out with --bad-files skip"):
        prepare_images(records, spec=SPEC, cache=tmp_path / "cache", bad_files="stop")
    progress = Heard()
    kept = prepare_images(records, spec=SPEC, cache=tmp_path / "cache", bad_files="skip", progress=progress)
    assert [record.path for record in records if record not in kept] == [bad]
    (said,) = progress.lines
    assert str(bad) in said


def test_without_a_cache_nothing_is_read_and_nothing_can_be_skipped(folder):
    records = read_kermany(folder)
    assert prepare_images(records, spec=SPEC, cache=None, bad_files="stop") == records
    with pytest.raises(UsageError, match="needs a cache"):
        prepare_images(records, spec=SPEC, cache=None, bad_files="skip")
    with pytest.raises(UsageError, match="stop or skip"):
        prepare_images(records, spec=SPEC, cache=None, bad_files="both")
