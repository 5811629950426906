import math

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.releases.chexpert import COLUMNS
from hilum.datasets.releases.mimic_cxr_jpg import list_mimic_cxr_jpg, read_mimic_cxr_jpg
from hilum.errors import DataError

ROWS = [("d1", "50", "10000032", "train"), ("d2", "51", "10000032", "train"), ("d3", "60", "11000001", "test")]


@pytest.fixture
def release(tmp_path):
    for number, (dicom, study, subject, _) in enumerate(ROWS[:1] + ROWS[2:]):
        path = tmp_path / f"files/p{subject[:2]}/p{subject}/s{study}/{dicom}.jpg"
        path.parent.mkdir(parents=True)
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(path)
    table = tmp_path / "mimic-cxr-2.0.0-{}.csv"
    lines = ["dicom_id,study_id,subject_id,split", *(",".join(row) for row in ROWS)]
    (tmp_path / table.name.format("split")).write_text("\n".join(lines))
    (tmp_path / table.name.format("metadata")).write_text("dicom_id,ViewPosition\nd1,AP\nd2,PA\nd3,LATERAL\n")
    said = {"Pleural Effusion": "1.0", "Edema": "-1.0", "Pneumonia": "0.0"}
    cells = ",".join(said.get(column, "") for column in COLUMNS)
    (tmp_path / table.name.format("chexpert")).write_text(
        f"subject_id,study_id,{','.join(COLUMNS)}\n10000032,50,{cells}\n"
    )
    return tmp_path


def test_what_is_there_is_read_with_its_studys_observations(release):
    first, other = read_mimic_cxr_jpg(release)
    assert (first.image, first.view, first.official) == ("files/p10/p10000032/s50/d1.jpg", "AP", "train")
    assert (first.patient, first.study) == ("mimic_cxr_jpg:10000032", "mimic_cxr_jpg:50")
    assert (first.labels["Effusion"], first.labels["Pneumonia"]) == (1.0, 0.0)
    assert math.isnan(first.labels["Edema"])
    assert first.labels["No Finding"] == 0.0, "Effusion excludes what the release leaves blank"
    assert (other.view, other.held_out) == ("LL", True)
    assert all(map(math.isnan, other.labels.values())), "a study without observations is not labelled"


def test_the_listing_names_what_is_missing_too(release):
    listing = list_mimic_cxr_jpg(release)
    assert listing.images["files/p10/p10000032/s51/d2.jpg"] == "train"
    assert (listing.counts["train"].images, listing.counts["train"].patients) == (2, 1)


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("split", "d1,50,10000032,train", "d1,50,10000032,site", "'site' of d1 is no split of MIMIC-CXR-JPG"),
        ("chexpert", "-1.0", "maybe", "Edema of study 50 is 'maybe', not 1, 0, -1 or empty"),
    ],
)
def test_cells_that_are_none_of_the_releases_are_refused(release, table, old, new, said):
    path = release / f"mimic-cxr-2.0.0-{table}.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=said):
        read_mimic_cxr_jpg(release)


def test_no_picture_is_refused(release):
    for path in release.rglob("*.jpg"):
        path.unlink()
    with pytest.raises(DataError, match=r"holds no picture .* such as files/p10/p10000032/s50/d1\.jpg"):
        read_mimic_cxr_jpg(release)
