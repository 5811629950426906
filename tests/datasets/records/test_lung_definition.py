from collections import Counter

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.records.lung_definition import WIDEST_GAP_OF_WHOLE, drawn_as, gap_between
from hilum.datasets.releases.general_blockchain import read_general_blockchain
from hilum.datasets.releases.wingspan import read_wingspan


def lungs(*, gap, side=100, heart_rows=(0.6, 0.8)):
    """Two lungs 80% of the picture wide, with a tenth of it between them and `gap` of it in `heart_rows`."""
    y, x = np.mgrid[:side, :side] / side
    mask = (abs(x - 0.5) < 0.4) & (abs(x - 0.5) >= 0.05) & (y >= 0.1) & (y < 0.9)
    first, last = (0.1 + share * 0.8 for share in heart_rows)
    mask[(y >= first - 0.01) & (y <= last + 0.01) & (abs(x - 0.5) < gap / 2)] = False
    return mask


@pytest.mark.parametrize("side", [100, 3000])
def test_a_heart_between_the_lungs_tells_fields(side):
    assert drawn_as(lungs(gap=0.32, side=side)) == "field"
    assert gap_between(lungs(gap=0.32, side=side)) == pytest.approx(0.32 / 0.8, abs=2 / side)


def test_a_spine_between_them_tells_whole_lungs():
    assert drawn_as(lungs(gap=0.12)) == "whole"
    assert gap_between(lungs(gap=0.12)) == pytest.approx(0.15, abs=0.02)


def test_what_lies_above_and_below_the_heart_does_not_count():
    assert drawn_as(lungs(gap=0.4, heart_rows=(0.85, 1.0))) == "whole"
    assert drawn_as(lungs(gap=0.4, heart_rows=(0.2, 0.45))) == "whole"


def test_a_lung_at_an_angle_or_off_the_centre_counts_all_the_same():
    shifted = np.roll(lungs(gap=0.32), 9, axis=1)
    turned = np.asarray(Image.fromarray(lungs(gap=0.32)).rotate(5, expand=True))
    assert drawn_as(shifted) == drawn_as(turned) == "field"


def test_one_lung_or_none_tells_nothing():
    one = lungs(gap=0.32)
    one[:, 50:] = False
    assert drawn_as(one) is None
    assert drawn_as(np.zeros((20, 20), bool)) is None


@pytest.mark.data
def test_it_tells_the_releases_whose_definition_is_known(shared_data):
    """As the module says; the heart was taken out of no mask."""
    found = {}
    for read, name in ((read_general_blockchain, "lungs"), (read_wingspan, "wingspan")):
        masks = (np.asarray(Image.open(record.masks["lungs"])) for record in read(shared_data / name))
        found[name] = Counter(drawn_as(mask > 0) for mask in masks if len(np.unique(mask)) == 3)
    assert found["lungs"] == {"whole": 91, "field": 7}
    assert found["wingspan"] == {"field": 196, "whole": 2}
    assert WIDEST_GAP_OF_WHOLE == 0.27
