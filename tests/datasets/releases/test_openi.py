import math

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.releases.openi import list_openi, read_openi
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    (tmp_path / "indiana_reports.csv").write_text(
        "uid,MeSH,Problems\n1,normal,normal\n2,x,Cardiomegaly;Pulmonary Atelectasis;Spine\n3,,\n"
    )
    rows = [
        "1,1_a.dcm.png,Frontal",
        "1,1_b.dcm.png,Lateral",
        "2,2_a.dcm.png,Frontal",
        "3,3_a.dcm.png,Frontal",
        "4,4.png,Frontal",
    ]
    (tmp_path / "indiana_projections.csv").write_text("\n".join(("uid,filename,projection", *rows)))
    folder = tmp_path / "images" / "images_normalized"
    folder.mkdir(parents=True)
    for number, row in enumerate(rows[:4]):
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(folder / row.split(",")[1])
    return tmp_path


def test_problems_are_labels_and_a_report_is_a_patient(release):
    frontal, lateral, ill, untold = read_openi(release)
    assert frontal.patient == lateral.patient == "openi:1"
    assert (frontal.view, lateral.view) == ("unknown", "LL")
    assert (frontal.labels["No Finding"], frontal.labels["Cardiomegaly"]) == (1.0, 0.0)
    assert [name for name, value in ill.labels.items() if value == 1.0] == ["Atelectasis", "Cardiomegaly"]
    assert all(map(math.isnan, untold.labels.values()))
    assert list_openi(release).counts[""].images == 5


def test_another_projection_is_refused(release):
    table = release / "indiana_projections.csv"
    table.write_text(table.read_text().replace("Lateral", "Oblique"))
    with pytest.raises(DataError, match=r"'Oblique' of 1_b.dcm.png .* is neither Frontal nor Lateral"):
        read_openi(release)


def test_pictures_of_other_names_are_refused(release):
    for number, path in enumerate(sorted(release.rglob("*.png"))):
        path.rename(path.with_name(f"renamed{number}.png"))
    with pytest.raises(
        DataError, match=r"holds no picture .* such as 1_a\.dcm\.png\. Give the folder .*, and keep its files' names"
    ):
        read_openi(release)
