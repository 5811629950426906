from pathlib import Path

import pytest

from fabricate_releases import fabricate_vindr_cxr
from hilum.datasets.records.listing import Count
from hilum.datasets.records.record import LabelledBox
from hilum.datasets.releases.vindr_cxr import LABELS, list_vindr_cxr, read_vindr_cxr
from hilum.errors import DataError
from hilum.geometry import Box


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return fabricate_vindr_cxr(tmp_path / "vindr_cxr")


def test_a_label_is_what_most_radiologists_say_and_boxes_are_those_of_all(release: Path) -> None:
    records = {record.image: record for record in read_vindr_cxr(release)}
    ill = records["train/cx01.dicom"]
    assert set(ill.labels) == set(LABELS)
    assert {name for name, value in ill.labels.items() if value} == {"Nodule/mass"}, "two of three; the rest one each"
    assert [box.label for box in ill.boxes] == ["Nodule/mass", "Nodule/mass", "Cardiomegaly", "Effusion"]
    assert ill.boxes[0] == LabelledBox(label="Nodule/mass", box=Box(2.0, 3.0, 10.0, 20.0), frame=(32, 24))
    assert records["train/cx02.dicom"].boxes == ()
    test = records["test/ct01.dicom"]
    assert {name for name, value in test.labels.items() if value} == {"Interstitial lung disease", "Pneumonia"}
    assert (test.official, test.held_out, ill.held_out, test.patient) == ("test", True, False, "vindr_cxr:ct01")


def test_the_listing_counts_images_and_boxes_and_tables_may_lie_beside_the_images(release: Path) -> None:
    listing = list_vindr_cxr(release)
    assert listing.counts == {"train": Count(images=2, patients=2), "test": Count(images=1, patients=1)}
    assert (listing.boxes, listing.boxed_images) == (5, 2)
    for path in (release / "annotations").iterdir():
        path.rename(release / path.name)
    (release / "annotations").rmdir()
    assert list_vindr_cxr(release) == listing


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("image_labels_train.csv", "COPD", "COPE", "'COPE' is not a finding that hilum knows"),
        (
            "image_labels_train.csv",
            "cx02,R1,0",
            "cx02,R1,maybe",
            "gives cx02 a value other than 0 and 1 for one of the 28 labels",
        ),
        ("annotations_train.csv", "Cardiomegaly,8", "Hernia,8", "'Hernia', which is not a boxed finding of VinDr-CXR"),
        ("annotations_train.csv", "2.0,3.0", "2.0,left", "Not a number for cx01: 'left'"),
        ("annotations_test.csv", "x_max", "right", "has no column 'x_max'"),
    ],
)
def test_malformed_tables_are_refused_in_one_line(release: Path, file: str, old: str, new: str, message: str) -> None:
    path = release / "annotations" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message) as caught:
        read_vindr_cxr(release)
    assert "\n" not in str(caught.value)


def test_tables_without_pictures_are_refused(release: Path) -> None:
    for path in release.rglob("*.dicom"):
        path.unlink()
    with pytest.raises(DataError, match=r"holds no picture .* such as train/IMAGE_ID\.dicom or test/"):
        read_vindr_cxr(release)
