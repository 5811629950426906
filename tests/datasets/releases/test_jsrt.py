import pytest

from fabricate_releases import fabricate_jsrt
from hilum.datasets.releases.jsrt import list_jsrt, read_jsrt
from hilum.errors import DataError
from hilum.geometry import Box


@pytest.fixture
def release(tmp_path):
    return fabricate_jsrt(tmp_path / "jsrt")


def test_nodules_ages_and_masks(release):
    first, second, healthy = read_jsrt(release)
    assert [r.image for r in (first, second, healthy)] == ["JPCLN001", "JPCLN002", "JPCNN001"]
    assert [r.labels for r in (first, healthy)] == [{"Nodule": 1.0}, {"Nodule": 0.0}]
    assert (first.age_years, first.sex, first.stratum) == (53.0, "F", "malignant")
    assert (second.age_years, second.sex) == (None, "M")
    assert (healthy.age_years, healthy.sex, healthy.boxes) == (69.0, "F", ())
    assert sorted(first.masks) == ["heart", "left lung", "right lung"]
    assert first.masks["left lung"].parent.name == "left lung"
    assert second.masks == {}
    assert (first.lung_definition, second.lung_definition) == ("field", None)


def test_a_nodules_box_has_its_size_in_millimetres_around_its_centre(release):
    box = read_jsrt(release)[0].boxes[0]
    assert box.frame == (2048, 2048)
    assert box.box == Box(900.0, 600.0, 200.0, 200.0)  # 35 mm at 0.175 mm a pixel


def test_the_listing_counts_boxes_and_calls_no_unknown_age_impossible(release):
    listing = list_jsrt(release)
    assert (len(listing.images), listing.ages_cleaned, listing.boxes) == (3, 0, 2)


def test_headerless_files_alone_are_refused_with_the_way_out(release):
    for path in release.rglob("*.png"):
        path.rename(path.with_suffix(".IMG"))
    with pytest.raises(DataError, match=r"only \.IMG files\. Make PNG files of them: hilum data convert jsrt"):
        read_jsrt(release)


@pytest.mark.parametrize("name", ["CLNDAT_EN.txt", "CNNDAT_EN.TXT"])
def test_a_missing_or_short_table_is_refused(release, name):
    table = next(release.rglob(name))
    table.write_text("JPCLN001.IMG\t5\n")
    with pytest.raises(DataError, match="or more columns"):
        read_jsrt(release)
    table.unlink()
    with pytest.raises(DataError, match=f"(?i)The clinical table {name} was not found"):
        read_jsrt(release)
