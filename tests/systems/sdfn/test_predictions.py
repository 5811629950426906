from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.errors import DataError
from hilum.systems.sdfn.predictions import (
    NETWORKS,
    SdfnPredictions,
    has_sdfn_predictions,
    pooled,
    read_sdfn_predictions,
    write_sdfn_predictions,
)

LABELS = ("Mass", "Nodule")


def test_written_and_read(tmp_path: Path) -> None:
    made = fabricate_sdfn_predictions(patients=10, labels=LABELS)
    assert not has_sdfn_predictions(tmp_path)
    write_sdfn_predictions(made, folder=tmp_path)
    assert has_sdfn_predictions(tmp_path)
    back = read_sdfn_predictions(tmp_path)
    for network in NETWORKS:
        assert np.array_equal(back.of(network).scores, made.of(network).scores)
        assert back.of(network).image == made.whole.image


def test_folds_pooled_give_the_whole_in_order() -> None:
    made = fabricate_sdfn_predictions(patients=12, labels=LABELS)
    folds = [made.take(np.array([part == f"fold {k}" for part in made.whole.split])) for k in range(5)]
    together = pooled(folds)
    assert sorted(together.whole.image) == sorted(made.whole.image)
    place = {image: row for row, image in enumerate(together.whole.image)}
    rows = [place[image] for image in made.whole.image]
    assert np.array_equal(together.sdfn.scores[rows], made.sdfn.scores)
    assert [together.whole.view[row] for row in rows] == list(made.whole.view)  # type: ignore[index]


def test_an_image_of_two_folds_is_refused() -> None:
    made = fabricate_sdfn_predictions(patients=6, labels=LABELS)
    with pytest.raises(DataError, match="each image once"):
        pooled([made, made])


def test_folds_of_two_protocols_are_refused() -> None:
    made = fabricate_sdfn_predictions(patients=6, labels=LABELS)
    other = fabricate_sdfn_predictions(patients=6, labels=LABELS, protocol="out of fold, another way")
    with pytest.raises(DataError, match="one protocol"):
        pooled([made, other])
    with pytest.raises(DataError, match="at least one fold"):
        pooled([])


@pytest.mark.parametrize("what", ["image", "patient", "protocol"])
def test_networks_of_other_images_are_refused(what: str) -> None:
    made = fabricate_sdfn_predictions(patients=6, labels=LABELS)
    value = "another" if what == "protocol" else tuple(f"x{name}" for name in getattr(made.lung, what))
    with pytest.raises(DataError, match=f"one {what}"):
        SdfnPredictions(made.whole, replace(made.lung, **{what: value}), made.sdfn)


def test_networks_with_other_truths_are_refused() -> None:
    made = fabricate_sdfn_predictions(patients=6, labels=LABELS)
    turned = replace(made.sdfn, truth=1 - made.sdfn.truth)
    with pytest.raises(DataError, match="one truth"):
        SdfnPredictions(made.whole, made.lung, turned)
