import gzip
from collections import Counter

import pytest

from fabricate_releases import fabricate_chestxray14
from hilum.datasets.records.listing import Count
from hilum.datasets.records.record import LabelledBox
from hilum.datasets.releases.chestxray14 import LABELS, OFFICIAL, list_chestxray14, read_chestxray14
from hilum.errors import DataError
from hilum.geometry import Box
from hilum.imaging.decode import decode, read_file


@pytest.fixture(params=["v2020", "v2017"])
def release(request, tmp_path):
    return fabricate_chestxray14(tmp_path / "nih", version=request.param)


def test_both_tables_give_the_same_records(release):
    records = {record.image: record for record in read_chestxray14(release)}
    assert sorted(records) == [
        "00000001_000.png", "00000001_001.png", "00000002_000.png", "00000004_000.png", "00000004_001.png",
    ]  # fmt: skip
    one = records["00000001_001.png"]
    assert (one.patient, one.study, one.source, one.official) == (
        "nih:00000001", "nih:00000001_001", "nih", "train_val",
    )  # fmt: skip
    assert (one.view, one.age_years, one.sex, one.stratum) == ("AP", 59.0, "M", "AP")
    assert {name for name, value in one.labels.items() if value == 1.0} == {"Cardiomegaly", "Effusion"}
    assert set(one.labels) == {*LABELS, "No Finding"}


def test_no_finding_is_a_label_of_its_own_and_none_of_the_fourteen(release):
    labels = {record.image: record.labels for record in read_chestxray14(release)}["00000002_000.png"]
    assert labels["No Finding"] == 1.0
    assert "No Finding" not in LABELS
    assert sum(labels[name] for name in LABELS) == 0.0


def test_impossible_ages_are_unknown_and_counted(release):
    assert {r.image: r.age_years for r in read_chestxray14(release)}["00000002_000.png"] is None
    assert list_chestxray14(release).ages_cleaned == 1


def test_boxes_are_in_the_1024_frame_under_canonical_names(release):
    boxed = [record for record in read_chestxray14(release) if record.boxes]
    assert [record.image for record in boxed] == ["00000004_000.png"]
    mass, infiltrate = boxed[0].boxes
    assert mass == LabelledBox(label="Mass", box=Box(256.0, 128.0, 512.0, 64.5), frame=(1024, 1024))
    assert infiltrate.label == "Infiltration"
    assert mass.in_image(width=512, height=256) == Box(128.0, 32.0, 256.0, 16.125)


def test_the_listing_names_absent_images_too(release):
    listing = list_chestxray14(release)
    assert len(listing.images) == 6
    assert listing.counts == {"train_val": Count(images=4, patients=3), "test": Count(images=2, patients=1)}
    assert (listing.boxes, listing.boxed_images) == (2, 1)


def test_gzipped_tables_and_converted_copies_are_read(tmp_path):
    folder = fabricate_chestxray14(tmp_path / "nih", gz=True)
    first = next(folder.rglob("00000001_000.png"))
    first.rename(first.with_suffix(".JPG"))
    records = {record.image: record for record in read_chestxray14(folder)}
    assert records["00000001_000.png"].path.suffix == ".JPG"


def test_rgba_files_of_the_release_decode(release):
    path = next(release.rglob("00000002_000.png"))
    assert decode(read_file(path), name=path.name).pixels.shape == (24, 24)


def test_the_tables_may_lie_elsewhere(tmp_path):
    folder = fabricate_chestxray14(tmp_path / "nih")
    assert len(read_chestxray14(folder / "images_001", tables=folder)) == 2


def _replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("Data_Entry_2017_v2020.csv", "Mass|Nodule", "Mass|No Finding", "No Finding must stand alone"),
        ("Data_Entry_2017_v2020.csv", "Mass|Nodule", "Mass|Lump", "'Lump' is not a finding that hilum knows"),
        ("Data_Entry_2017_v2020.csv", "Mass|Nodule", "Mass|Fracture", "not all labels of ChestX-ray14"),
        ("Data_Entry_2017_v2020.csv", "Patient ID", "Person", "has no column 'Patient ID'"),
        ("Data_Entry_2017_v2020.csv", "0,1,58", "0,one,58", "Not a number for 00000001_000.png: 'one'"),
        (
            "Data_Entry_2017_v2020.csv",
            "00000001_001.png",
            "00000001_000.png",
            "has two rows for 00000001_000",
        ),
        (
            "test_list.txt",
            "00000004_001.png",
            "",
            "00000004_001.png is neither in train_val_list.txt nor in test_list.txt",
        ),
        ("test_list.txt", "00000004_001.png", "00000004_001.png\n00000001_000.png", "is in both official lists"),
        ("BBox_List_2017.csv", "00000004_000.png,Mass", "00000001_000.png,Mass", "a box for .* not in test_list"),
        ("BBox_List_2017.csv", "512.0", "wide", "Not a number for 00000004_000.png: 'wide'"),
    ],
)
def test_a_malformed_release_is_refused(tmp_path, file, old, new, message):
    folder = fabricate_chestxray14(tmp_path / "nih")
    _replace(folder / file, old, new)
    with pytest.raises(DataError, match=message):
        read_chestxray14(folder)


@pytest.mark.parametrize("file", ["Data_Entry_2017_v2020.csv", "train_val_list.txt", "BBox_List_2017.csv"])
def test_a_missing_table_is_named(tmp_path, file):
    folder = fabricate_chestxray14(tmp_path / "nih")
    (folder / file).unlink()
    with pytest.raises(DataError, match=rf"has no .*{file}"):
        read_chestxray14(folder)


def test_a_truncated_table_is_refused(tmp_path):
    folder = fabricate_chestxray14(tmp_path / "nih", gz=True)
    table = folder / "Data_Entry_2017_v2020.csv.gz"
    table.write_bytes(gzip.compress(b"x" * 1000)[:-12])
    with pytest.raises(DataError, match="is not a CSV table that can be read"):
        read_chestxray14(folder)


def test_two_copies_of_a_picture_are_refused(tmp_path):
    folder = fabricate_chestxray14(tmp_path / "nih")
    (folder / "more").mkdir()
    (folder / "more" / "00000001_000.jpg").write_bytes(b"x")
    with pytest.raises(DataError, match=r"00000001_000 is in .* twice"):
        read_chestxray14(folder)


@pytest.mark.data
def test_the_real_tables_have_their_published_counts(shared_data):
    listing = list_chestxray14(shared_data / "nih")
    assert len(listing.images) == 112_120
    assert listing.counts == OFFICIAL == {
        "train_val": Count(images=86_524, patients=28_008), "test": Count(images=25_596, patients=2_797),
    }  # fmt: skip
    assert (listing.boxes, listing.boxed_images) == (984, 880)  # each in the test list, or reading would have refused


@pytest.mark.data
def test_the_real_pictures_have_records(shared_data):
    records = read_chestxray14(shared_data / "nih")
    assert (len(records), len({r.patient for r in records}), {r.official for r in records}) == (
        1535,
        1241,
        {"train_val"},
    )
    positives = Counter(name for r in records for name, value in r.labels.items() if value)
    expected = {"No Finding": 669, "Pneumonia": 363, "Infiltration": 254, "Pleural Thickening": 84, "Hernia": 22}
    assert {name: positives[name] for name in expected} == expected
