import pytest

from fabricate_releases import fabricate_vindr_pcxr
from hilum.datasets.records.listing import Count
from hilum.datasets.records.record import LabelledBox
from hilum.datasets.releases.vindr_pcxr import BOXED, DISEASES, TEN_LABELS, list_vindr_pcxr, read_vindr_pcxr
from hilum.errors import DataError
from hilum.geometry import Box


@pytest.fixture
def release(tmp_path):
    return fabricate_vindr_pcxr(tmp_path / "vindr_pcxr")


def test_the_ten_labels_are_among_the_51():
    assert (len(DISEASES), len(BOXED), len(set(DISEASES) | set(BOXED))) == (15, 36, 51)
    assert set(TEN_LABELS) <= {*DISEASES, *BOXED}


def test_labels_come_from_diseases_and_boxes_under_canonical_names(release):
    records = {record.image: record for record in read_vindr_pcxr(release)}
    ill = records["train/aa01.dicom"]
    assert {name for name, value in ill.labels.items() if value} == {
        "Broncho-pneumonia", "Diffuse alveolar opacity", "Other opacity",
    }  # fmt: skip
    assert set(ill.labels) == {*DISEASES, *BOXED}
    assert {name for name, value in records["train/aa02.dicom"].labels.items() if value} == {"No Finding"}
    assert ill.boxes[0] == LabelledBox(label="Diffuse alveolar opacity", box=Box(2.0, 3.0, 10.0, 20.0), frame=(32, 24))
    assert records["train/aa02.dicom"].boxes == ()


def test_age_sex_and_view_come_from_the_header(release):
    records = {record.image: record for record in read_vindr_pcxr(release)}
    ill = records["train/aa01.dicom"]
    assert ill.age_years == pytest.approx(10 / 12)
    assert (ill.sex, ill.view, ill.official, ill.patient) == ("M", "AP", "train", "vindr_pcxr:aa01")
    assert records["train/aa02.dicom"].age_years is None
    assert list_vindr_pcxr(release).ages_cleaned == 1


def test_the_listing_counts_images_and_boxes(release):
    (release / "test" / "bb01.dicom").unlink()
    listing = list_vindr_pcxr(release)
    assert listing.counts == {"train": Count(images=2, patients=2), "test": Count(images=1, patients=1)}
    assert (listing.boxes, listing.boxed_images) == (3, 2)
    assert [record.official for record in read_vindr_pcxr(release)] == ["train", "train"]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("image_labels_train.csv", "CPAM", "CPAN", "'CPAN' is not a finding that hilum knows"),
        ("image_labels_train.csv", "Lung tumor", "Fracture", "other than 0 and 1 for one of the 15 diseases"),
        ("image_labels_train.csv", "aa02", "aa01", "has two rows for aa01"),
        ("annotations_train.csv", "Other opacity", "Pneumonia", "is not a boxed finding"),
        ("annotations_train.csv", "2.0,3.0", "2.0,inf", "Not a number for aa01: 'inf'"),
    ],
)
def test_malformed_tables_are_refused(release, file, old, new, message):
    text = (release / file).read_text()
    assert old in text
    (release / file).write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_vindr_pcxr(release)


def test_a_file_that_is_no_dicom_is_named(release):
    (release / "train" / "aa01.dicom").write_bytes(b"no DICOM file")
    with pytest.raises(DataError, match=r"aa01\.dicom is not a DICOM file"):
        read_vindr_pcxr(release)


def test_tables_without_pictures_are_refused(release):
    for path in release.rglob("*.dicom"):
        path.unlink()
    with pytest.raises(DataError, match=r"holds no picture .* such as train/IMAGE_ID\.dicom or test/"):
        read_vindr_pcxr(release)
