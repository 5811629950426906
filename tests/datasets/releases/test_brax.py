import math

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.releases.brax import list_brax, read_brax
from hilum.datasets.releases.chexpert import COLUMNS
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    (tmp_path / "images" / "id_1").mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "images" / "id_1" / "a.png")
    head = ["PngPath", "PatientID", "PatientSex", "PatientAge", "AccessionNumber", *COLUMNS, "ViewPosition"]
    said = {"Cardiomegaly": "1.0", "Pleural Effusion": "0", "Edema": "-1"}
    cells = [said.get(column, "") for column in COLUMNS]
    rows = [
        ["images/id_1/a.png", "1", "F", "45", "9", *cells, "PA"],
        ["images/id_2/b.png", "2", "M", "85 or more", "10", *cells, "RL"],
    ]
    (tmp_path / "master_spreadsheet_update.csv").write_text("\n".join(",".join(row) for row in (head, *rows)))
    return tmp_path


def test_the_picture_that_is_there_is_read(release):
    (found,) = read_brax(release)
    assert (found.patient, found.study, found.view, found.sex, found.age_years) == ("brax:1", "brax:9", "PA", "F", 45.0)
    assert (found.labels["Cardiomegaly"], found.labels["Effusion"]) == (1.0, 0.0)
    assert math.isnan(found.labels["Edema"])
    assert math.isnan(found.labels["Fracture"])
    assert found.labels["No Finding"] == 0.0, "Cardiomegaly excludes what the release leaves blank"
    assert list_brax(release).counts[""].patients == 2


def test_a_lateral_of_an_old_patient(release):
    (release / "images" / "id_2").mkdir()
    Image.fromarray(np.ones((8, 8), np.uint8)).save(release / "images" / "id_2" / "b.png")
    old = read_brax(release)[1]
    assert (old.view, old.age_years) == ("LL", None)


def test_another_cell_and_no_picture_are_refused(release):
    table = release / "master_spreadsheet_update.csv"
    text = table.read_text()
    table.write_text(text.replace(",-1,", ",perhaps,", 1))
    with pytest.raises(DataError, match=r"Edema of images/id_1/a\.png is 'perhaps', not 1, 0, -1 or empty"):
        read_brax(release)
    table.write_text(text.replace("id_1", "id_3"))
    with pytest.raises(DataError, match=r"holds no picture .* such as images/id_3/a\.png"):
        read_brax(release)
