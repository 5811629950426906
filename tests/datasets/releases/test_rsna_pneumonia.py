from pathlib import Path

import pytest

from fabricate_releases import fabricate_rsna
from hilum.datasets.records.record import LabelledBox
from hilum.datasets.releases.rsna_pneumonia import list_rsna_pneumonia, read_rsna_pneumonia
from hilum.errors import DataError
from hilum.geometry import Box


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return fabricate_rsna(tmp_path / "rsna")


def test_boxes_labels_and_header(release: Path) -> None:
    ill, well, other = read_rsna_pneumonia(release)
    assert ill.boxes == (
        LabelledBox(label="Pneumonia", box=Box(2.0, 3.0, 10.0, 12.0), frame=(32, 24)),
        LabelledBox(label="Pneumonia", box=Box(18.0, 3.0, 9.0, 15.0), frame=(32, 24)),
    )
    assert ill.labels == {"Pneumonia": 1.0, "No Finding": 0.0}
    assert well.labels == {"Pneumonia": 0.0, "No Finding": 1.0}
    assert other.labels == {"Pneumonia": 0.0, "No Finding": 0.0}, "ill, and not of the lung"
    assert (ill.patient, ill.view, ill.age_years, ill.sex, well.boxes) == ("rsna:r-01", "PA", 50.0, "M", ())


def test_the_listing_counts_boxes(release: Path) -> None:
    listing = list_rsna_pneumonia(release)
    assert (listing.boxes, listing.boxed_images, len(listing.images)) == (2, 1, 3)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("stage_2_train_labels.csv", "12.0,1", "12.0,0", "gives r-01 the Target '0'"),
        (
            "stage_2_train_labels.csv",
            "r-02,,,,,0",
            "r-02,,,,,1",
            "gives r-02 the Target '1', which must be 1 with a box or 0",
        ),
        ("stage_2_train_labels.csv", "2.0,3.0", "2.0,3 px", "Not a number for r-01: '3 px'"),
        ("stage_2_detailed_class_info.csv", "Normal", "Well", "gives r-02 the class 'Well'; known classes: Normal, "),
    ],
)
def test_malformed_tables_are_refused_in_one_line(release: Path, file: str, old: str, new: str, message: str) -> None:
    text = (release / file).read_text()
    assert old in text
    (release / file).write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=message) as caught:
        read_rsna_pneumonia(release)
    assert "\n" not in str(caught.value)
