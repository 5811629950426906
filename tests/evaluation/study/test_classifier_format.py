from pathlib import Path

import numpy as np
import pytest

from fabricate_study import fabricate_arms
from hilum.errors import DataError
from hilum.evaluation.study.classifier_format import CLASSIFIER

LABELS = ("Mass", "Nodule")


def made(**changes):
    return fabricate_arms(patients=12, labels=LABELS, **changes)["both"]


def test_written_and_read(tmp_path: Path) -> None:
    CLASSIFIER.save(made(), path=tmp_path / "both.parquet")
    back = CLASSIFIER.load(tmp_path / "both.parquet")
    assert np.array_equal(back.scores, made().scores)
    assert back.image == made().image


def test_folds_pooled_give_the_whole_in_order() -> None:
    whole = made()
    folds = [whole.take(np.array([part == f"fold {k}" for part in whole.split])) for k in range(5)]
    together = CLASSIFIER.pooled(folds)
    assert sorted(together.image) == sorted(whole.image)
    place = {image: row for row, image in enumerate(together.image)}
    rows = [place[image] for image in whole.image]
    assert np.array_equal(together.scores[rows], whole.scores)
    assert [together.view[row] for row in rows] == list(whole.view)


def test_an_image_of_two_folds_is_refused() -> None:
    with pytest.raises(DataError, match="stands there 2 times"):
        CLASSIFIER.pooled([made(), made()])


def test_folds_that_do_not_belong_together_are_refused() -> None:
    for changes in ({"protocol": "out of fold, another way"}, {"smoke": True}):
        with pytest.raises(DataError, match="The folds differ in protocol or labels"):
            CLASSIFIER.pooled([made(), made(**changes)])
    with pytest.raises(DataError, match="no predictions of any fold"):
        CLASSIFIER.pooled([])
