import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_study import RUN, STUDY, fabricate_arms, toy_content
from hilum.errors import DataError, FileAccessError
from hilum.evaluation.comparing.many_models import model_aurocs
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.folder import FACTS, TIME, FoldFiles
from hilum.evaluation.study.read import LEAST_POSITIVES, all_arms, read_study, study_content
from hilum.evaluation.study.study import Arm, MeanOf
from hilum.evaluation.study.training_time import TrainingTime

LABELS = ("Mass", "Nodule", "Hernia")
VOTED = replace(STUDY, arms=(*STUDY.arms, MeanOf(arm=Arm(name="vote", title="vote"), of=("plain", "crop"))))


def test_classes_of_the_published_table_stand_first(content: StudyContent) -> None:
    assert [one.label for one in content.aurocs.labels] == ["Mass", "Nodule", "Hernia", "Edema"]


def test_the_order_of_classes_changes_no_number(content: StudyContent) -> None:
    plain = model_aurocs(content.predictions, pairs=STUDY.pairs, replicates=100)
    assert {one.label: one for one in plain.labels} == {one.label: one for one in content.aurocs.labels}
    assert plain.mean["both"].value == pytest.approx(content.aurocs.mean["both"].value)


def test_every_pair_is_tested_and_every_claim_judged(content: StudyContent) -> None:
    assert tuple(one.pair for one in content.tests) == STUDY.pairs
    assert len(content.claims) == len(STUDY.claims)
    assert not content.smoke
    assert toy_content(smoke=True, replicates=50).smoke


def test_a_mean_of_arms_is_their_unweighted_mean() -> None:
    made = fabricate_arms(patients=10, labels=LABELS)
    models = all_arms(VOTED, predictions=made)
    assert models.models == ("plain", "crop", "both", "vote")
    assert np.allclose(models.of("vote").scores, (made["plain"].scores + made["crop"].scores) / 2)


@pytest.mark.parametrize("what", ["image", "patient", "protocol", "smoke", "truth"])
def test_arms_of_other_images_or_protocols_are_refused(what: str) -> None:
    made = fabricate_arms(patients=6, labels=LABELS)
    changed = {
        "image": tuple(f"x{name}" for name in made["crop"].image),
        "patient": tuple(f"x{name}" for name in made["crop"].patient),
        "protocol": "another",
        "smoke": True,
        "truth": 1 - made["crop"].truth,
    }
    with pytest.raises(DataError, match=f"plain and crop differ in {what}"):
        all_arms(STUDY, predictions={**made, "crop": replace(made["crop"], **{what: changed[what]})})


def test_a_group_shows_the_classes_with_twenty_positives_there() -> None:
    found = toy_content(patients=100, labels=LABELS, rare=0.18)
    views = np.array(found.predictions.first.view)
    groups = {one.group: one for one in found.groups["view"]}
    assert list(groups) == ["AP", "PA"]
    for view, one in groups.items():
        enough = [
            label
            for label in LABELS
            if (found.predictions.column(label)[0][views == view] == 1).sum() >= LEAST_POSITIVES
        ]
        assert ([] if one.aurocs is None else [each.label for each in one.aurocs.labels]) == enough
        assert set(one.too_few) == set(LABELS) - set(enough)
        assert one.n == (views == view).sum()
    assert groups["AP"].aurocs is not None, "the fabricated AP images have enough of Mass"
    assert groups["PA"].too_few != ()


def test_a_groups_numbers_are_those_of_its_images() -> None:
    found = toy_content(patients=100, labels=LABELS, without=(), rare=0.4)
    own = found.predictions.take(np.array(found.predictions.first.view) == "PA")
    group = next(one for one in found.groups["view"] if one.group == "PA")
    assert group.aurocs == model_aurocs(own, pairs=STUDY.pairs, replicates=100)


def test_unknown_views_are_a_group_and_no_views_none() -> None:
    made = fabricate_arms(patients=30, labels=("Mass",), rare=0.5)
    for views, groups in (
        (tuple(None if i % 2 else "PA" for i in range(made["both"].n)), ["PA", "unknown"]),
        (None, []),
    ):
        arms = {name: replace(one, view=views) for name, one in made.items()}
        found = study_content(STUDY, predictions=arms, run=RUN, replicates=50)
        assert [one.group for one in found.groups["view"]] == groups


def test_a_study_is_read_from_its_folder(tmp_path: Path) -> None:
    made = fabricate_arms(patients=60, labels=LABELS, folds=2)
    files = FoldFiles(folder=tmp_path, arms=STUDY.trained, kept=CLASSIFIER)
    for arm, predictions in made.items():
        rows = np.array([part == "fold 1" for part in predictions.split])
        CLASSIFIER.save(predictions.take(rows), path=files.path("fold 1", arm))
    (tmp_path / "fold-1" / FACTS).write_text(json.dumps({"calibrations": 9, "not_calibrated": 2}))
    with pytest.raises(FileAccessError):
        read_study(STUDY, folder=tmp_path)
    run = {"smoke": False, "recipe": "tiny", "command": "hilum study toy", "split_sha256": "f" * 64, "commit": None}
    run |= {"environment": {"torch": "2"}, "settings": {"seed": 3}, "stage_splits": {"fold 0": "f", "fold 1": "f"}}
    (tmp_path / "run.json").write_text(json.dumps(run))
    found = read_study(STUDY, folder=tmp_path, replicates=50)
    assert set(found.predictions.first.split) == {"fold 1"}
    assert (found.run.file.recipe, found.run.folds, found.run.folds_done) == ("tiny", 2, 1)
    assert (found.run.calibrations, found.run.not_calibrated, found.run.file.settings) == (9, 2, {"seed": 3})
    assert found.run.time is None, "an older version kept none"
    (tmp_path / "fold-1" / TIME).write_text('{"seconds": 12.5, "cut_short": false}')
    again = read_study(STUDY, folder=tmp_path, replicates=50)
    assert again.run.time == TrainingTime(seconds=12.5, trainings=1)
