import json
from pathlib import Path

import numpy as np
import pytest

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from fabricate_two_maps import two_maps
from hilum.errors import DataError
from hilum.systems.sdfn.folder import BOXED_MAPS, FACTS, MAPS, fold_folder, read_study_folder, study_run
from hilum.systems.sdfn.maps import save_maps
from hilum.systems.sdfn.predictions import write_sdfn_predictions

FOLDS = tuple(f"fold {k}" for k in range(5))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three of five folds are done."""
    made = fabricate_sdfn_predictions(patients=30, labels=("Mass", "Nodule"))
    for number, name in enumerate(FOLDS[:3]):
        place = fold_folder(name, folder=tmp_path)
        write_sdfn_predictions(made.take(np.array([part == name for part in made.whole.split])), folder=place)
        save_maps([two_maps(number)], path=place / MAPS)
        (place / FACTS).write_text(json.dumps({"calibrations": 6, "not_calibrated": number}))
    save_maps([two_maps(7), two_maps(8)], path=fold_folder("fold 0", folder=tmp_path) / BOXED_MAPS)
    return tmp_path


def test_the_folds_that_are_done_are_one(folder: Path) -> None:
    content = read_study_folder(folder, folds=FOLDS)
    assert set(content.predictions.whole.split) == set(FOLDS[:3])
    assert (content.folds_done, content.calibrations, content.not_calibrated) == (3, 18, 3)
    assert len(content.maps) == 1, "the best of three folds of the one class"
    assert [one.image for one in content.boxed] == ["7.png", "8.png"]


def test_the_run_is_what_was_written_down(folder: Path) -> None:
    run = {"recipe": "tiny", "split_sha256": "f" * 64, "command": "hilum study sdfn", "commit": None}
    run |= {"environment": {"torch": "2"}, "settings": {"seed": 3}}
    found = study_run(run, content=read_study_folder(folder, folds=FOLDS), folds=5, lungs=None)
    assert (found.recipe, found.folds, found.folds_done, found.not_calibrated) == ("tiny", 5, 3, 3)
    assert (found.split_sha256, found.commit, found.lungs) == ("f" * 64, None, None)


def test_a_folder_without_a_fold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without --tables-only"):
        read_study_folder(tmp_path, folds=FOLDS)


@pytest.mark.parametrize("content", ["", "{}", "[]"])
def test_torn_facts_are_refused(folder: Path, content: str) -> None:
    (fold_folder("fold 1", folder=folder) / FACTS).write_text(content)
    with pytest.raises(DataError, match="facts of a fold"):
        read_study_folder(folder, folds=FOLDS)
