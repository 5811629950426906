import numpy as np

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.evaluation.judging.sharpness import sharpness_of
from hilum.training.data.sharpness_bins import sharpness_bins


def test_bins_hold_equally_many_from_soft_to_sharp(tmp_path):
    release = read_kermany(fabricate_kermany(tmp_path, train=12, test=2))
    records = [one for one in release if one.official == "train"]
    sharpness = sharpness_of(records)
    named = sharpness_bins(records, bins=4, jobs=2)
    softest_first = np.argsort([sharpness[one.image] for one in records])
    in_order = [named[place] for place in softest_first]
    assert in_order == sorted(in_order)
    assert [named.count(f"sharpness {place} of 4") for place in (1, 2, 3, 4)] == [len(records) // 4] * 4
    assert set(sharpness_bins(records, bins=1)) == {"sharpness 1 of 1"}
