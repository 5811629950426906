"""Claims of F1 and of labels, each against what is computed by hand on made-up arms."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fabricate_study import RUN, fabricate_arms
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.decisions import VALIDATION, arm_decisions
from hilum.evaluation.study.read import study_content
from hilum.systems.paediatric import paper
from hilum.systems.paediatric.claims import f1_section, labels_claim, labels_section
from hilum.systems.paediatric.studies import LOSSES, MEAN, ensemble_study

STRENGTH = {"bce": 0.3, "weighted": 0.5, "focal": 0.9, "db": 0.9, "modified-db": 0.9}
ENSEMBLE = ensemble_study({"densenet121": "DenseNet-121"})


@pytest.fixture(scope="module")
def losses() -> StudyContent:
    arms = fabricate_arms(strength=STRENGTH, labels=TEN_LABELS, patients=150, rare=0.3)
    return study_content(replace(LOSSES, groups=()), predictions=arms, run=RUN, replicates=200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    for fold in range(5):
        arms = fabricate_arms(strength=STRENGTH, labels=TEN_LABELS, patients=60, rare=0.3, seed=100 + fold)
        for arm, found in arms.items():
            kept = replace(found, split=("validation",) * found.n)
            CLASSIFIER.save(kept, path=folder / f"fold-{fold}" / arm / VALIDATION)
    return folder


def test_f1_is_claimed_of_every_other_loss_as_table_6_prints_it(losses: StudyContent, folder: Path) -> None:
    section = f1_section(losses, study=LOSSES, pairs=LOSSES.pairs, folder=folder)
    found = {one["key"]: one for one in section.numbers}
    assert list(found) == [f"f1-modified-db-over-{other}" for other in ("bce", "weighted", "focal", "db")]
    assert all(one["paper_holds"] for one in found.values())
    assert found["f1-modified-db-over-db"]["paper"] == "0.368 against 0.363: +0.005"
    assert found["f1-modified-db-over-bce"]["verdict"] == "holds", "0.9 of strength against 0.3"
    assert found["f1-modified-db-over-db"]["verdict"] == "open", "of equal strength"
    assert "0.4%, its table 6 0.5%" in section.tables[0].note


def test_the_difference_is_that_of_the_mean_f1_and_its_interval_is_paired(losses: StudyContent, folder: Path) -> None:
    section = f1_section(losses, study=LOSSES, pairs=LOSSES.pairs, folder=folder)
    decided = arm_decisions(LOSSES, content=losses, folder=folder)
    for pair, one in zip(LOSSES.pairs, section.numbers, strict=True):
        first, second = (decided[arm].mean["f1"] for arm in pair)
        assert one["difference"] == pytest.approx(first.value - second.value)
        low, high = one["difference_ci"]
        apart = sum(one.bounds[1] - one.bounds[0] for one in (first, second))
        assert high - low < apart, "narrower than of two that know nothing of each other"


def test_where_no_threshold_could_be_chosen_the_claims_stand_untested(losses: StudyContent, tmp_path: Path) -> None:
    for fold in range(5):
        for arm, found in fabricate_arms(strength=STRENGTH, labels=TEN_LABELS, patients=60, without=TEN_LABELS).items():
            kept = replace(found, split=("validation",) * found.n)
            CLASSIFIER.save(kept, path=tmp_path / f"fold-{fold}" / arm / VALIDATION)
    section = f1_section(losses, study=LOSSES, pairs=LOSSES.pairs, folder=tmp_path)
    assert {one["verdict"] for one in section.numbers} == {"not tested"}
    assert {one["ours"] for one in section.numbers} == {"no class was decided by both"}


def test_without_validation_predictions_nothing_is_claimed_of_f1(losses: StudyContent, tmp_path: Path) -> None:
    section = f1_section(losses, study=LOSSES, pairs=LOSSES.pairs, folder=tmp_path)
    assert not section.shown
    assert section.numbers is None


def ensemble(*, easy: tuple[str, ...] = (), hard: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> StudyContent:
    """Scores that tell `easy` labels nearly always, and `hard` ones not at all."""
    arms = fabricate_arms(
        strength={"densenet121": 0.8, MEAN: 0.8}, labels=TEN_LABELS, patients=300, rare=0.3, without=without
    )
    draw = np.random.default_rng(3)
    for name, one in arms.items():
        scores = one.scores.copy()
        for label, noise in (*((label, 0.2) for label in easy), *((label, 50.0) for label in hard)):
            column = TEN_LABELS.index(label)
            logits = 2 * one.truth[:, column] - 1 + noise * draw.normal(size=one.n)
            scores[:, column] = 1 / (1 + np.exp(-logits))
        arms[name] = replace(one, scores=scores, mean_labels=TEN_LABELS)
    return study_content(replace(ENSEMBLE, groups=()), predictions=arms, run=RUN, replicates=200)


def test_best_and_worst_labels_are_those_that_the_paper_names() -> None:
    content = ensemble(easy=("Pneumonia", "No Finding"), hard=("Bronchiolitis",))
    section = labels_section(content, study=ENSEMBLE, arm=MEAN)
    best, worst = section.numbers
    assert (best["key"], worst["key"]) == ("ensemble-best-on-pneumonia-no-finding", "ensemble-worst-on-bronchiolitis")
    assert best["paper"] == "Pneumonia 0.802, No Finding 0.776; then Reticulonodular opacity 0.739"
    assert worst["paper"] == "Bronchiolitis 0.638; then Other disease 0.669"
    assert (best["paper_holds"], worst["paper_holds"]) == (True, True)
    assert (best["verdict"], worst["verdict"]) == ("holds", "holds")
    predictions = content.predictions.of(MEAN)
    areas = {
        label: roc_auc_score(predictions.truth[:, column], predictions.scores[:, column])
        for column, label in enumerate(TEN_LABELS)
    }
    others = [areas[label] for label in TEN_LABELS if label not in ("Pneumonia", "No Finding")]
    assert best["difference"] == pytest.approx(min(areas["Pneumonia"], areas["No Finding"]) - max(others))
    others = [areas[label] for label in TEN_LABELS if label != "Bronchiolitis"]
    assert worst["difference"] == pytest.approx(min(others) - areas["Bronchiolitis"])


def test_other_labels_at_the_top_deny_both_claims() -> None:
    denied = ensemble(easy=("Bronchiolitis", "Bronchitis"))
    best, worst = labels_section(denied, study=ENSEMBLE, arm=MEAN).numbers
    assert (best["verdict"], worst["verdict"]) == ("does not hold", "does not hold")


def test_a_label_that_could_not_be_judged_is_named() -> None:
    content = ensemble(without=("Pneumonia",))
    claim = labels_claim(content, study=ENSEMBLE, arm=MEAN, labels=("Pneumonia",), end="best")
    assert (claim.verdict, claim.ours) == ("not tested", "Pneumonia could not be judged")


def test_f1_of_the_losses_is_that_of_table_6() -> None:
    assert dict(paper.LOSS_F1) == {"bce": 0.346, "weighted": 0.354, "focal": 0.355, "db": 0.363, "modified-db": 0.368}
