import json
from pathlib import Path

import numpy as np
import pytest

from fabricate_study import fabricate_arms
from hilum.errors import DataError
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.folder import FACTS, FoldFiles, count_calibrations, fold_folder, read_started_from

FOLDS = tuple(f"fold {k}" for k in range(5))


@pytest.fixture
def files(tmp_path: Path) -> FoldFiles:
    """Three of five folds are done, and of the fourth one arm."""
    files = FoldFiles(folder=tmp_path, arms=("plain", "crop", "both"), kept=CLASSIFIER)
    for arm, predictions in fabricate_arms(patients=30, labels=("Mass", "Nodule")).items():
        for fold in FOLDS[: 4 if arm == "plain" else 3]:
            rows = np.array([part == fold for part in predictions.split])
            CLASSIFIER.save(predictions.take(rows), path=files.path(fold, arm))
    return files


def test_the_folds_that_are_done_are_one(files: FoldFiles) -> None:
    found = files.read(FOLDS)
    assert list(found) == ["plain", "crop", "both"]
    assert all(set(one.split) == set(FOLDS[:3]) for one in found.values())
    assert [files.done(fold) for fold in FOLDS] == [True, True, True, False, False]
    assert files.done("fold 3", arms=("plain",))


def test_a_folder_without_a_fold_is_refused(files: FoldFiles) -> None:
    with pytest.raises(DataError, match="without --tables-only"):
        files.read(FOLDS[3:])


def test_names_are_folders() -> None:
    assert fold_folder("fold 0", folder=Path("x")) == Path("x/fold-0")
    assert fold_folder("without ankle, hand", folder=Path("x")) == Path("x/without-ankle-hand")


def test_calibrations_of_every_training_are_counted(tmp_path: Path) -> None:
    assert count_calibrations(tmp_path) == (0, 0)
    for path, failed in ((tmp_path / FACTS, 1), (tmp_path / "plain" / FACTS, 2)):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"calibrations": 6, "not_calibrated": failed}))
    assert count_calibrations(tmp_path) == (12, 3)


def test_what_a_training_started_from_is_read_back(tmp_path: Path) -> None:
    (tmp_path / FACTS).write_text(json.dumps({"started_from": "random"}))
    assert read_started_from(tmp_path) == "random"


@pytest.mark.parametrize("content", ["", "{}", "[]"])
def test_torn_facts_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / FACTS).write_text(content)
    with pytest.raises(DataError, match="facts of a fold"):
        count_calibrations(tmp_path)
    with pytest.raises(DataError, match="facts of a training"):
        read_started_from(tmp_path)
