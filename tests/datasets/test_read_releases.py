import hashlib
import math
import shutil
from pathlib import Path

import pytest
from PIL import Image

from fabricate_kermany import fabricate_kermany
from fabricate_progress import Heard
from fabricate_releases import fabricate_chestxray14, fabricate_chexpert, fabricate_class_folders, fabricate_own_table
from hilum.datasets.own.columns import StatedColumns
from hilum.datasets.read_releases import read_releases, with_names
from hilum.datasets.splits.official import split_with_official_test
from hilum.errors import DataError, UsageError


@pytest.fixture
def nih(tmp_path):
    return fabricate_chestxray14(tmp_path / "nih")


def test_several_releases_speak_of_the_same_labels(nih, tmp_path):
    kermany = fabricate_kermany(tmp_path / "kermany", train=2, test=1)
    chexpert = fabricate_chexpert(tmp_path / "chexpert")
    mixed = read_releases([("nih", nih), ("kermany", kermany), ("chexpert", chexpert)])
    assert {record.source for record in mixed.records} == {"nih", "kermany", "chexpert"}
    assert len({tuple(sorted(record.labels)) for record in mixed.records}) == 1
    for record in mixed.records:
        assert math.isnan(record.labels["Hernia"]) == (record.source != "nih")
        assert math.isnan(record.labels["Support Devices"]) or record.source == "chexpert"
    effusion = [r for r in mixed.records if r.labels["Effusion"] == 1.0]
    assert {r.source for r in effusion} == {"nih", "chexpert"}, "Pleural Effusion of CheXpert is Effusion"


def test_a_release_in_two_folders_has_one_table_and_the_same_patients_in_both(nih, tmp_path):
    """As where some of the pictures lie in another folder at another size, without tables of their own."""
    small = tmp_path / "nih_64" / "images"
    small.mkdir(parents=True)
    moved = next(nih.rglob("00000001_001.png"))
    Image.open(moved).resize((8, 8)).save(small / "00000001_001.jpg")
    moved.unlink()
    stays = next(nih.rglob("00000001_000.png"))
    Image.open(stays).resize((8, 8)).save(small / "00000001_000.jpg")
    mixed = read_releases([("nih", nih), ("nih", tmp_path / "nih_64")])
    first = {record.image: record for record in mixed.records if record.patient == "nih:00000001"}
    assert {image: record.path.suffix for image, record in first.items()} == {
        "00000001_000.png": ".png",
        "00000001_001.png": ".jpg",
    }
    assert [one.record.path.name for one in mixed.left_out] == ["00000001_000.jpg"]
    assert first["00000001_001.png"].labels["Effusion"] == 1.0
    assert first["00000001_001.png"].official == "train_val"


def test_a_picture_of_two_releases_is_used_once(nih, tmp_path):
    own = fabricate_own_table(tmp_path / "own")
    twin = next(path for path in own.rglob("*") if path.suffix in (".png", ".jpg"))
    shutil.copy(next(nih.rglob("00000004_000.png")), twin)
    mixed = read_releases([("table", own), ("nih", nih)])
    hashes = [record.sha256 for record in mixed.records]
    assert hashes.count(hashlib.sha256(twin.read_bytes()).hexdigest()) == 1
    assert next((one.record.source, one.why) for one in mixed.left_out) == (
        "table",
        "nih 00000004_000.png is the same file",
    )


def test_hashes_are_remembered(nih, tmp_path):
    read_releases([("nih", nih)], memory=tmp_path / "memory")
    assert [path.name for path in (tmp_path / "memory").iterdir()] == ["hashes.sqlite"]


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ([], "Missing option: --data NAME=FOLDER"),
        ([("mars", Path())], "No data set is called 'mars'; the names are nih, table"),
        ([("tabel", Path())], r"No data set is called 'tabel'; did you mean table\? All names are nih, table"),
        ([("kermany", Path())], "takes nih, table, not kermany"),
        ([("", Path("absent"))], "there is no file or folder absent for --data"),
        ([("", Path("masks"))], "masks is no CSV, and no folder with one CSV"),
        ([("table", Path()), ("table", Path(".."))], "--data table was given twice"),
    ],
)
def test_wrong_words_are_one_line(folders, message, tmp_path, monkeypatch):
    monkeypatch.chdir(fabricate_own_table(tmp_path / "own"))
    with pytest.raises(UsageError, match=message) as raised:
        read_releases(folders, allowed=("nih", "table"))
    assert "\n" not in str(raised.value)


def test_a_missing_folder_and_a_second_folder_as_the_first_are_named(nih, tmp_path):
    with pytest.raises(UsageError, match=r"there is no folder .*absent for --data nih"):
        read_releases([("nih", tmp_path / "absent")])
    (tmp_path / "nih_64").mkdir()
    with pytest.raises(DataError, match="Data_Entry_2017"):
        read_releases([("nih", tmp_path / "nih_64"), ("nih", nih)])


@pytest.mark.data
def test_the_real_release_at_two_sizes_is_one_release(shared_data):
    """The small copies have no tables of their own; five of their patients also stand among the large ones."""
    large, small = shared_data / "nih", shared_data / "nih_64"
    mixed = read_releases([("nih", large), ("nih", small)])
    of = {folder: [r for r in mixed.records if r.path.is_relative_to(folder)] for folder in (large, small)}
    assert (len(of[large]), len(of[small]), len(mixed.left_out)) == (1535, 684, 0)
    assert len({r.patient for r in of[large]} & {r.patient for r in of[small]}) == 5
    assert {r.official for r in mixed.records} == {"train_val"}
    split = split_with_official_test(mixed.records, shares={"train": 0.8, "validation": 0.2}, seed=0)
    assert sum(len(part) for part in split.parts.values()) == 2219


def test_a_folder_without_patients_is_by_image_and_said_once(tmp_path):
    own, progress = fabricate_class_folders(tmp_path / "own"), Heard()
    mixed = read_releases([("folder", own)], progress=progress)
    (said,) = progress.lines
    assert said.startswith("caution: nothing tells the patients of 4 images apart")
    protocol = split_with_official_test(mixed.records, shares={"train": 0.5, "validation": 0.5}, seed=1).protocol
    assert "by image, since no patients are known" in protocol
    assert "by patient" not in protocol
    found = read_releases([("folder", own)], patient_pattern=r"^(?P<patient>p\d+)_", progress=progress)
    assert progress.lines == [said]
    assert len({record.patient for record in found.records}) == 3
    protocol = split_with_official_test(found.records, shares={"train": 0.5, "validation": 0.5}, seed=1).protocol
    assert "by patient" in protocol
    with pytest.raises(UsageError, match="--patient-pattern is for a folder of class folders"):
        read_releases([("table", fabricate_own_table(tmp_path / "table"))], patient_pattern="(?P<patient>p)")


def test_a_path_alone_is_named_by_what_it_shows(tmp_path, nih):
    own = fabricate_own_table(tmp_path / "own")
    (own / "table.csv").rename(own / "labels.csv")
    classes = fabricate_class_folders(tmp_path / "classes")
    paths = [("", own / "labels.csv"), ("", own), ("", classes), ("nih", nih), ("", tmp_path / "absent")]
    assert [name for name, _ in with_names(paths)] == ["table", "table", "folder", "nih", ""]
    assert with_names([("", nih)], allowed=("nih",)) == (("nih", nih),), "the one release that is meant"
    assert with_names([("", own / "labels.csv")], allowed=("nih",))[0][0] == ""
    with pytest.raises(UsageError, match=r"takes nih, not table; for images of your own .* train classify --data"):
        read_releases([("", own / "labels.csv")], allowed=("nih",))
    assert {record.source for record in read_releases([("", own), ("", classes)]).records} == {"table", "folder"}


def test_what_is_known_of_a_tables_columns_is_heeded_and_what_was_guessed_is_said(tmp_path):
    own, progress = fabricate_own_table(tmp_path / "own"), Heard()
    (own / "table.csv").write_text("picture,whose,Effusion,portable\na.png,1,1,0\nb.png,2,0,1\n")
    with pytest.raises(DataError, match="--labels Effusion or"):
        read_releases([("", own)])
    found = read_releases(
        [("", own)], columns=StatedColumns(patient="whose", labels=("Effusion",)), progress=progress
    ).records
    assert [(record.patient, record.labels) for record in found] == [
        ("table:1", {"Effusion": 1.0}),
        ("table:2", {"Effusion": 0.0}),
    ]
    (line,) = progress.lines
    assert line.startswith("table.csv: pictures in picture (2 of 2 are there), patients in whose (2), labels Effusion")
