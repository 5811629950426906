from collections import Counter

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from hilum.errors import BundleError
from hilum.training.export.read_fusion import ReadFusion, read_fusion


def test_the_card_names_the_size_that_most_crops_were_cut_from():
    none = np.zeros((0, 2))
    sizes = Counter({(512, 400): 7, (1024, 1024): 2})
    read = ReadFusion(whole=none, crop=none, fusion=none, sharpness=np.zeros(0), sizes=sizes)
    assert "512 x 400 pixels in 7 of 9 validation pictures" in read.source


def test_a_bundle_that_fuses_nothing_is_refused(tmp_path):
    with pytest.raises(BundleError, match="toy is a model of kind classifier; one of kind fusion is needed"):
        read_fusion([], bundle=ToyBundle().write(tmp_path / "toy"))
