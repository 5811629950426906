import pytest

from fabricate_gate_data import write_gate_data
from fabricate_progress import Heard
from fabricate_releases import FABRICATE, fabricate_chestxray14, fabricate_class_folders
from hilum.datasets.check import check_data
from hilum.datasets.records.listing import Count
from hilum.datasets.releases.table import RELEASES


@pytest.fixture
def nih(tmp_path):
    return fabricate_chestxray14(tmp_path / "nih")


def test_it_counts_what_is_there_against_tables_and_publication(nih):
    result = check_data(RELEASES["nih"], folder=nih)
    train, test = result.parts
    assert (train.part, train.found, train.named) == (
        "train_val",
        Count(images=3, patients=2),
        Count(images=4, patients=3),
    )
    assert (test.found, test.official) == (Count(images=2, patients=1), Count(images=25_596, patients=2_797))
    assert result.missing == ("00000003_000.png",)
    assert result.corrupt == {}
    assert result.views == {"AP": 3, "PA": 2}
    assert (result.ages.known, result.ages.unknown, result.ages.cleaned) == (4, 1, 1)
    assert (result.ages.lowest, result.ages.median, result.ages.highest) == (58.0, 64.5, 71.0)
    assert (result.labels["Cardiomegaly"].positive, result.labels["Cardiomegaly"].negative) == (2, 3)
    assert (result.boxes, result.boxed_images, result.boxes_named) == (2, 1, 2)
    assert not result.sound


def test_a_corrupt_file_is_found_unless_quick(nih):
    broken = next(nih.rglob("00000001_000.png"))
    broken.write_bytes(broken.read_bytes()[:60])
    progress = Heard()
    result = check_data(RELEASES["nih"], folder=nih, jobs=2, progress=progress)
    assert list(result.corrupt) == ["00000001_000.png"]
    assert "00000001_000.png" in result.corrupt["00000001_000.png"]
    assert progress.counts == {"decoding": [5, 5]}
    quick = Heard()
    assert check_data(RELEASES["nih"], folder=nih, quick=True, progress=quick).corrupt is None
    assert quick.counts == {}


def test_a_release_without_tables_is_short_of_what_was_published(tmp_path):
    folder = FABRICATE["montgomery_shenzhen"](tmp_path / "tb")
    result = check_data(RELEASES["montgomery_shenzhen"], folder=folder, quick=True)
    assert (result.short, result.missing, result.masked_images) == (797, (), 2)
    assert not result.sound


def test_what_the_masks_of_lungs_show_is_counted_and_a_missing_picture_named(tmp_path):
    result = check_data(RELEASES["wingspan"], folder=FABRICATE["wingspan"](tmp_path / "wingspan"))
    assert (result.masked_images, result.lung_definitions) == (3, {"field": 2})
    assert (result.missing, result.corrupt) == (("wing003",), {})
    assert result.parts[0].named == Count(images=4)


def test_a_sound_folder_of_ones_own_is_sound_and_its_copies_are_counted(tmp_path):
    folder = fabricate_class_folders(tmp_path / "own")
    (folder / "Well" / "again.png").write_bytes((folder / "Well" / "p3_a.png").read_bytes())
    result = check_data(RELEASES["folder"], folder=folder)
    assert result.sound
    assert result.copies == 1
    assert result.parts[0].found == Count(images=5, patients=None)


def test_labels_that_are_not_given_are_masked_not_negative(tmp_path):
    result = check_data(RELEASES["table"], folder=FABRICATE["table"](tmp_path / "own"), quick=True)
    effusion = result.labels["Effusion"]
    assert (effusion.positive, effusion.negative, effusion.masked) == (1, 0, 2)


@pytest.mark.parametrize("name", FABRICATE)
def test_every_fabricated_release_reads_and_decodes(name, tmp_path):
    folder = FABRICATE[name](tmp_path / name)
    result = check_data(RELEASES[name], folder=folder)
    assert result.corrupt == {}
    assert sum(part.found.images for part in result.parts) == len(RELEASES[name].read(folder)) > 0


@pytest.mark.parametrize(
    ("name", "folder", "images", "short"),
    [
        ("kermany", "kermany/chest_xray", 5, 5_216 + 16 + 624 - 5),
        ("mura", "mura", 2, 36_808 + 3_197 - 2),
        ("lera", "lera", 2, 0),
        ("aasce", "aasce/data", 1, 481 + 128 - 1),
        ("panoramic_dental", "panoramic_dental", 1, 0),
    ],
)
def test_what_lacks_of_the_published_images_is_counted_and_a_corrupt_one_named(tmp_path, name, folder, images, short):
    release = write_gate_data(tmp_path) / folder
    result = check_data(RELEASES[name], folder=release)
    assert sum(part.found.images for part in result.parts) == images
    assert (result.short, result.missing, result.corrupt) == (short, (), {})
    broken = RELEASES[name].read(release)[0]
    broken.path.write_bytes(b"no picture")
    again = check_data(RELEASES[name], folder=release)
    assert list(again.corrupt) == [broken.image]
    assert not again.sound


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "folder", "images"),
    [
        ("kermany", "kermany/chest_xray", 5524),
        ("general_blockchain", "lungs", 100),
        ("nih", "nih", 1535),
        ("wingspan", "wingspan", 198),
        ("chest_lateral", "chest_lateral", 34),
    ],
)
def test_real_folders_are_counted(shared_data, name, folder, images):
    result = check_data(RELEASES[name], folder=shared_data / folder, quick=True)
    assert sum(part.found.images for part in result.parts) == images
