from dataclasses import replace

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.systems.pneumonia.shift.sharpness_bins import in_bins


def test_bins_hold_equally_many_from_soft_to_sharp(tmp_path):
    release = read_kermany(fabricate_kermany(tmp_path, train=12, test=2))
    records = [one for one in release if one.official == "train"]
    stated = {one.image: place / 100 for place, one in enumerate(records)}
    binned = in_bins(records, sharpness=stated, bins=4)
    strata = [one.stratum for one in binned]
    assert strata == sorted(strata)
    assert [strata.count(f"sharpness {place} of 4") for place in (1, 2, 3, 4)] == [len(records) // 4] * 4
    assert [replace(one, stratum="") for one in binned] == [replace(one, stratum="") for one in records]
