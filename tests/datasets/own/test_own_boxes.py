from pathlib import Path

import pytest

from fabricate_releases import fabricate_own_boxes
from hilum.datasets.own.own_boxes import list_own_boxes, read_own_boxes
from hilum.datasets.records.record import LabelledBox
from hilum.errors import DataError
from hilum.geometry import Box


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return fabricate_own_boxes(tmp_path / "own")


def test_boxes_are_gathered_by_image(release: Path) -> None:
    first, second, third = read_own_boxes(release)
    assert (first.image, first.patient, first.patient_is_known) == ("a.png", "boxes:one", True)
    assert first.labels == {"Effusion": 1.0, "Own thing": 1.0}
    assert first.boxes[0] == LabelledBox(label="Effusion", box=Box(2.0, 12.0, 6.5, 10.0), frame=(24, 24))
    assert (second.patient, third.patient, third.image) == ("boxes:one", "boxes:two", "sub/c.png")
    assert "gone.png" in list_own_boxes(release).images
    assert (list_own_boxes(release).boxes, list_own_boxes(release).boxed_images) == (5, 4)


def test_the_table_may_have_another_name_and_patients_may_be_unknown(release: Path) -> None:
    text = (release / "boxes.csv").read_text().replace("patient,", "who,")
    other = release / "drawn in May.csv"
    other.write_text(text)
    first = read_own_boxes(other)[0]
    assert (first.patient, first.patient_is_known) == ("boxes:a.png", False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2,12,6.5,10", "2,12,0,10", r"The box in line 2 of .*boxes\.csv is 0 wide and 10 high"),
        ("2,12,6.5,10", "2,12,6,5,10", r"boxes\.csv, line 2: more cells than columns \(.*Write decimals with a point"),
        ("2,12,6.5,10", "2,,6.5,10", r"The box in line 2 of .* is not four numbers .* but 2, nothing, 6\.5, 10"),
        ("b.png,Pleural", ",Pleural", "The image or the label is missing in line 4"),
        ("0,0,5,5,one", "0,0,5,5,two", "Boxes of a.png disagree about patient: 'two' in line 3 .*, 'one' before"),
        ("y,width", "z,width", "has no column 'y'"),
    ],
)
def test_bad_rows_get_one_clear_line(release: Path, old: str, new: str, message: str) -> None:
    path = release / "boxes.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message) as caught:
        read_own_boxes(release)
    assert "\n" not in str(caught.value)


def test_no_picture_is_refused(release: Path) -> None:
    for path in release.rglob("*.png"):
        path.unlink()
    with pytest.raises(DataError, match=r"None of the 4 images named in .* was found"):
        read_own_boxes(release)
