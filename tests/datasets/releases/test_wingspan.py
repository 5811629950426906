import shutil
from collections import Counter
from statistics import fmean

import numpy as np
import pytest
from PIL import Image

from fabricate_releases import WINGSPAN_ROWS, fabricate_wingspan
from hilum.datasets.check import check_data
from hilum.datasets.records.masks import read_mask
from hilum.datasets.releases.table import RELEASES
from hilum.datasets.releases.wingspan import MOST_OF_HEART, list_wingspan, read_wingspan
from hilum.errors import DataError
from wingspan_ratios import published_ratios


@pytest.fixture
def release(tmp_path):
    return fabricate_wingspan(tmp_path / "wingspan")


def test_each_chest_has_its_two_masks_and_no_patient_is_told(release):
    first = read_wingspan(release)[0]
    assert (first.image, first.patient, first.patient_is_known) == ("wing000", "wingspan:wing000", False)
    assert (first.is_xray, first.xray_type, first.view, first.labels) == (True, "chest", "PA", {})
    assert first.masks == {name: release / name / "wing000.png" for name in ("lungs", "heart")}


def test_lungs_drawn_over_the_heart_are_no_fields(release):
    assert [record.lung_definition for record in read_wingspan(release)] == ["field", "field", None]
    shutil.rmtree(release / "heart")
    first = read_wingspan(release)[0]
    assert (set(first.masks), first.lung_definition) == ({"lungs"}, None)


def test_the_table_names_four(release):
    assert list(list_wingspan(release).images) == ["wing000", "wing001", "wing002", "wing003"]


@pytest.mark.parametrize("row", [WINGSPAN_ROWS[1], "wing009,1.2", "wing009,wide", ",0.5"])
def test_a_row_again_and_one_without_image_or_ratio_are_refused(release, row):
    with (release / "ctr.csv").open("a") as table:
        table.write(f"{row}\n")
    with pytest.raises(DataError, match=r"Use the table that comes with the data set|Not a number for wing009"):
        read_wingspan(release)


def test_a_mask_that_lacks_or_has_another_size_and_pictures_of_others_are_refused(release):
    Image.new("1", (5, 5), 1).save(release / "heart" / "wing001.png")
    with pytest.raises(DataError, match=r"The mask .*heart.*wing001\.png has the shape .* 24 x 24 pixels"):
        read_wingspan(release)
    (release / "heart" / "wing001.png").unlink()
    with pytest.raises(DataError, match=r"The mask of wing001\.jpg is missing: .*heart.*wing001\.png"):
        read_wingspan(release)
    (release / "ctr.csv").write_text("image,ctr\nother,0.5\n")
    with pytest.raises(DataError, match=r"images holds no picture that the data set\'s tables name"):
        read_wingspan(release)


@pytest.mark.data
def test_the_real_chests_are_all_there_and_decode(shared_data):
    result = check_data(RELEASES["wingspan"], folder=shared_data / "wingspan", jobs=2)
    assert result.sound
    assert (result.masked_images, result.lung_definitions, result.copies) == (198, {"field": 188}, 0)


@pytest.mark.data
def test_the_patients_right_is_left_in_the_real_pictures_and_fields_stand_beside_the_heart(shared_data):
    covered = Counter()
    for record in read_wingspan(shared_data / "wingspan"):
        lungs, heart = read_mask(record.masks["lungs"]), read_mask(record.masks["heart"], of="heart") > 0
        assert set(np.unique(lungs)) == {0, 128, 255}
        assert np.nonzero(lungs == 255)[1].mean() < np.nonzero(lungs == 128)[1].mean()
        share = (lungs[heart] > 0).mean()
        assert not 0.1 < share < 0.25, "no chest is near the border of the two definitions"
        covered[share > MOST_OF_HEART] += 1
    assert covered == {False: 188, True: 10}


@pytest.mark.data
def test_the_measured_ratios_are_those_of_the_real_masks(shared_data):
    folder = shared_data / "wingspan"
    ratios = published_ratios(folder)
    masks = {record.image: record.masks for record in read_wingspan(folder)}
    errors = [abs(_width(masks[i]["heart"]) / _width(masks[i]["lungs"]) - ratio) for i, ratio in ratios.items()]
    assert len(errors) == 171
    assert fmean(errors) < 0.0015
    assert max(errors) < 0.005


def _width(mask):
    columns = np.flatnonzero(read_mask(mask).any(axis=0))
    return columns[-1] - columns[0] + 1
