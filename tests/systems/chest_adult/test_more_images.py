"""What the tries learn from beside the release: which images, with which labels, and by which teachers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_kermany import fabricate_kermany
from fabricate_lung_releases import write_lung_releases
from fabricate_study import fabricate_arms
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14_local
from hilum.systems.chest_adult import more_images as module
from hilum.systems.chest_adult.more_images import (
    BESIDE,
    CHILD,
    DISTILLED,
    GUESSED,
    JOINT,
    OTHERS,
    SEED,
    SOURCES,
    TWO_SEEDS,
    MoreImages,
    more_arms,
    more_images,
)
from hilum.systems.chest_adult.study import LOCAL
from hilum.training.classifier_arm import FoldNetwork
from hilum.training.recipe.recipe import TRAIN, Recipe
from hilum.training.recipe.samplers import SourceBalanced
from hilum.training.records.run_place import RunPlace
from hilum.training.study_fold import Fold

WHOLE = chest14_local(RandomWeights())
RECIPES = {LOCAL: WHOLE, SEED: replace(WHOLE, seed=WHOLE.seed + 1)}
LABELS = WHOLE.last.labels


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    folder = write_lung_releases(tmp_path_factory.mktemp("lungs"), each=4)
    children = fabricate_kermany(tmp_path_factory.mktemp("children") / "x", train=6, test=4)
    where = (("kermany", children), ("montgomery_shenzhen", folder / "lungs_tb"), ("wingspan", folder / "wingspan"))
    return read_releases(where, allowed=OTHERS).records


def test_children_lend_their_label_adults_theirs_and_no_held_out_child_is_learnt_from(records) -> None:
    more = more_images(records)
    assert {tuple(one.labels) for one in more.labelled} == {(label,) for label in BESIDE}
    children = [one for one in more.labelled if CHILD in one.labels]
    assert {one.official for one in children} == {"train"}
    assert {one.labels[CHILD] for one in children} == {0.0, 1.0}
    assert {one.source for one in more.unlabelled} == {"lungs_tb", "wingspan"}
    assert all(not one.labels for one in more.unlabelled)
    assert len(more.every) == len({one.sha256 for one in more.every}) == len(children) + len(more.unlabelled)


def test_who_is_known_to_be_a_child_is_no_adult(records) -> None:
    aged = [replace(one, age_years=9.0 if one.source == "lungs_tb" else 40.0) for one in records]
    assert {one.source for one in more_images(aged).unlabelled} == {"wingspan"}
    assert {label for one in more_images(aged).labelled for label in one.labels} == {CHILD}


def test_a_few_children_are_chosen_and_the_same_ones_each_time(records, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_CHILDREN", 3)
    chosen = [
        [one.image for one in more_images(order).labelled if CHILD in one.labels] for order in (records, records[::-1])
    ]
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 3


def test_an_arm_without_its_images_is_left_out() -> None:
    assert [maker.place for maker in more_arms(RECIPES, more=MoreImages())] == [TWO_SEEDS, DISTILLED]


class Trainings:
    """Stands for the training: keeps what it was asked to learn, and says 0.25 times a column's number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recipe, self.fold, self.asked = WHOLE, None, []
        self.kept: FoldNetwork | None = None
        monkeypatch.setattr(module, "train_on_fold", self.train)
        monkeypatch.setattr(module, "said_by", self.said)
        monkeypatch.setattr(module, "calibrated_predictions", self.predictions)

    def train(self, recipe: Recipe, *, fold: Fold, place: RunPlace) -> FoldNetwork:
        self.recipe, self.fold = recipe, fold
        said = np.tile(0.25 * np.arange(len(recipe.last.labels), dtype=np.float32), (3, 1))
        return FoldNetwork(network=None, started_from="nothing", validation=said, judged=said)

    def said(self, recipe: Recipe, *, folder: Path, records, preparation) -> np.ndarray:
        self.asked.append((folder.name, len(records)))
        return np.full((len(records), len(LABELS)), 0.5 if recipe.seed == WHOLE.seed else 0.75)

    def predictions(self, arm: str, *, recipe: Recipe, fold: Fold, found: FoldNetwork, folder: Path):
        assert recipe.last.labels == WHOLE.last.labels
        assert all(
            TRAIN not in name or part == fold_of(3).split.parts[TRAIN] for name, part in fold.split.parts.items()
        )
        self.kept = found
        return {arm: Predictions}


def fold_of(count: int) -> Fold:
    record = Record(
        path=Path("x.png"), image="x", patient="nih:1", source="nih", official=None, labels=dict.fromkeys(LABELS, 1.0),
        stratum="", sha256="ab",
    )  # fmt: skip
    train = tuple(replace(record, image=f"{i}", patient=f"nih:{i + 2}", sha256=f"{i}") for i in range(count))
    return Fold(name="fold-0", split=Split({TRAIN: train, "test": (record,)}, "dealt"), protocol="folds")


def run(name: str, *, more: MoreImages, folder: Path) -> None:
    (maker,) = (one for one in more_arms(RECIPES, more=more) if one.place == name)
    assert list(maker.run(fold_of(3), RunPlace(folder=folder / name))) == [name]


@pytest.mark.parametrize(("arm", "sampler"), [(JOINT, WHOLE.last.sampler), (SOURCES, SourceBalanced())])
def test_further_outputs_are_learnt_and_not_judged(arm, sampler, records, monkeypatch, tmp_path) -> None:
    trainings, more = Trainings(monkeypatch), more_images(records)
    run(arm, more=more, folder=tmp_path)
    assert trainings.recipe.last.sampler == sampler
    assert trainings.recipe.last.labels == (*LABELS, *BESIDE)
    assert trainings.fold.split.parts[TRAIN] == (*fold_of(3).split.parts[TRAIN], *more.labelled)
    assert trainings.kept.judged.shape == trainings.kept.validation.shape == (3, len(LABELS))
    assert trainings.kept.judged[0, -1] == 0.25 * (len(LABELS) - 1)


def test_labels_are_guessed_by_the_folds_own_network(records, monkeypatch, tmp_path) -> None:
    trainings, more = Trainings(monkeypatch), more_images(records)
    run(GUESSED, more=more, folder=tmp_path)
    assert trainings.asked == [(LOCAL, len(more.unlabelled))]
    learnt = trainings.fold.split.parts[TRAIN]
    assert {tuple(one.labels.values()) for one in learnt[3:]} == {(0.5,) * len(LABELS)}
    assert len(learnt) == 3 + len(more.unlabelled)


def test_two_teachers_say_half_of_what_is_learnt(monkeypatch, tmp_path) -> None:
    trainings = Trainings(monkeypatch)
    run(DISTILLED, more=MoreImages(), folder=tmp_path)
    assert trainings.asked == [(LOCAL, 3), (SEED, 3)]
    (learnt,) = {tuple(one.labels.values()) for one in trainings.fold.split.parts[TRAIN]}
    assert learnt == pytest.approx((1.0 + (0.5 + 0.75) / 2) / 2 * np.ones(len(LABELS)))
    assert trainings.fold.split.parts["test"] == fold_of(3).split.parts["test"]


def test_the_mean_of_both_seeds_is_of_their_files(tmp_path) -> None:
    kept = {LOCAL: 0.5, SEED: 0.9}
    for arm, score in kept.items():
        one = fabricate_arms(strength={"a": 1.0}, labels=LABELS[:2], patients=6)["a"]
        CLASSIFIER.save(replace(one, scores=np.full(one.scores.shape, score)), path=tmp_path / f"{arm}.parquet")
    (maker,) = (one for one in more_arms(RECIPES, more=MoreImages()) if one.place == TWO_SEEDS)
    (found,) = maker.run(fold_of(3), RunPlace(folder=tmp_path / TWO_SEEDS)).values()
    assert found.scores == pytest.approx(0.75 * np.ones(found.scores.shape))  # log odds 0 and log 9


def test_other_images_are_another_study(records) -> None:
    more = more_images(records)
    made = [
        {
            maker.place: maker.settings["more_images"]
            for maker in more_arms(RECIPES, more=one)
            if "more_images" in maker.settings
        }
        for one in (more, replace(more, labelled=more.labelled[1:], unlabelled=more.unlabelled[1:]))
    ]
    assert made[0].keys() == made[1].keys() == {JOINT, SOURCES, GUESSED}
    assert all(made[0][name] != made[1][name] for name in made[0])
