import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, roc_curve

from fabricate_study import STUDY, fabricate_arms, toy_content
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.decisions import VALIDATION, arm_decisions, decisions_section
from hilum.evaluation.study.study import Arm, MeanOf

LABELS = ("Mass", "Nodule", "Edema", "Hernia")
WITH_MEAN = replace(
    STUDY, arms=(*STUDY.arms, MeanOf(arm=Arm(name="vote", title="mean of two"), of=("plain", "crop"))), published=None,
    claims=(),
)  # fmt: skip


@pytest.fixture(scope="module")
def content() -> StudyContent:
    return toy_content(study=WITH_MEAN, replicates=50)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Validation predictions of each fold and trained arm; in fold 3 nobody has Edema."""
    folder = tmp_path_factory.mktemp("study")
    for fold in range(5):
        without = ("Hernia", "Edema") if fold == 3 else ("Hernia",)
        arms = fabricate_arms(labels=LABELS, without=without, patients=60, seed=100 + fold)
        for arm, found in arms.items():
            kept = replace(found, split=("validation",) * found.n)
            CLASSIFIER.save(kept, path=folder / f"fold-{fold}" / arm / VALIDATION)
    return folder


def by_hand(content: StudyContent, *, folder: Path, arm: str, of: tuple[str, ...], label: str):
    """Truths and calls of the judged images whose fold has a threshold: where scikit-learn's tpr - fpr is greatest.

    The threshold lies midway between the score there and the next one below.
    """
    judged, column = content.predictions.of(arm), LABELS.index(label)
    truths, calls = [], []
    for fold in range(5):
        parts = [CLASSIFIER.load(folder / f"fold-{fold}" / name / VALIDATION) for name in of]
        truth, scores = parts[0].truth[:, column], np.mean([one.scores[:, column] for one in parts], axis=0)
        if truth.sum() == 0:
            continue
        alarms, hits, thresholds = roc_curve(truth, scores, drop_intermediate=False)
        best = np.flatnonzero(np.isclose(hits - alarms, (hits - alarms).max()))[-1]
        rows = np.asarray(judged.split) == f"fold {fold}"
        truths.append(judged.truth[rows, column])
        below = scores[scores < thresholds[best]].max()
        calls.append(judged.scores[rows, column] >= (thresholds[best] + below) / 2)
    return np.concatenate(truths), np.concatenate(calls)


@pytest.mark.parametrize(("arm", "of"), [("plain", ("plain",)), ("vote", ("plain", "crop"))])
@pytest.mark.parametrize("label", ["Mass", "Edema"])
def test_each_fold_calls_at_its_own_threshold(content: StudyContent, folder: Path, arm: str, of, label: str) -> None:
    found = arm_decisions(WITH_MEAN, content=content, folder=folder)[arm].labels[label]
    truth, called = by_hand(content, folder=folder, arm=arm, of=of, label=label)
    tn, fp, fn, tp = confusion_matrix(truth, called).ravel()
    assert found["sensitivity"] is not None
    assert found["sensitivity"].value == pytest.approx(tp / (tp + fn))
    assert found["specificity"] is not None
    assert found["specificity"].value == pytest.approx(tn / (tn + fp))
    assert found["f1"] is not None
    assert found["f1"].value == pytest.approx(f1_score(truth, called))


def test_the_mean_is_over_classes_that_have_decisions(content: StudyContent, folder: Path) -> None:
    one = arm_decisions(WITH_MEAN, content=content, folder=folder)["both"]
    assert one.in_mean == ("Mass", "Nodule", "Edema")
    assert one.labels["Hernia"]["sensitivity"] is None
    for measure in ("sensitivity", "specificity", "f1"):
        values = [one.labels[label][measure].value for label in one.in_mean]
        assert one.mean[measure].value == pytest.approx(np.mean(values))
        low, high = one.mean[measure].bounds
        assert low < one.mean[measure].value < high


def test_the_section_has_a_table_of_means_and_one_for_each_arm(content: StudyContent, folder: Path) -> None:
    section = decisions_section(content, study=WITH_MEAN, folder=folder)
    assert [table.key for table in section.tables] == [
        "decisions", "decisions_plain", "decisions_crop", "decisions_both", "decisions_vote",
    ]  # fmt: skip
    assert section.tables[0].rows[0][:2] == ("plain picture", 3)
    json.dumps(section.numbers, allow_nan=False)


def test_without_validation_predictions_of_every_fold_there_is_no_section(
    content: StudyContent, folder: Path, tmp_path: Path
) -> None:
    assert not decisions_section(content, study=WITH_MEAN, folder=tmp_path).shown
