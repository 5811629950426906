"""Which children are counted, and what has which share of their boxes, on values worked out by hand."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fabricate_children import fabricate_children
from fabricate_recipe import tiny_recipe
from hilum.datasets.records.record import LabelledBox, Record
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS, read_vindr_pcxr
from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.study import Arm, MeanOf, Study
from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Box, Geometry
from hilum.systems.paediatric import boxes_section
from hilum.systems.paediatric.boxes import AVERAGE, EVEN, Case, average_box, chosen_cases, counted_of, networks_of_fold
from hilum.training.loop.checkpoints import WEIGHTS, save_weights
from hilum.training.loop.stages import new_network
from hilum.training.recipe.hierarchical import Hierarchical


@pytest.fixture(scope="module")
def children(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    return read_vindr_pcxr(fabricate_children(tmp_path_factory.mktemp("children")))


def judged(records: tuple[Record, ...]) -> SimpleNamespace:
    """What the section asks of a study's content: predictions, and the labels of the mean."""
    train = [one for one in records if one.official == "train"]
    predictions = Predictions(
        image=tuple(one.image for one in train),
        patient=tuple(one.patient for one in train),
        split=tuple(f"fold {number % 2}" for number in range(len(train))),
        labels=TEN_LABELS,
        truth=np.array([[one.labels[label] for label in TEN_LABELS] for one in train]),
        scores=np.full((len(train), 10), 0.5),
        protocol="toy",
        mean_labels=TEN_LABELS,
    )
    return SimpleNamespace(predictions=SimpleNamespace(first=predictions), aurocs=SimpleNamespace(in_mean=TEN_LABELS))


def test_children_of_each_boxed_label_are_dealt_by_a_fixed_seed(children: tuple[Record, ...]) -> None:
    content = judged(children)
    cases = chosen_cases(content, records=children, most=5)
    assert [case.label for case in cases] == [label for label in TEN_LABELS[:4] for _ in range(5)]
    assert cases == chosen_cases(content, records=children[::-1], most=5)
    for case in cases:
        assert case.record.official == "train"
        assert content.predictions.first.image[case.row] == case.record.image
        assert content.predictions.first.split[case.row] == case.fold
        assert len(case.boxes(rows=60, columns=48)) == 1
    assert len(chosen_cases(content, records=children)) == 4 * 8, "all that there are"
    assert chosen_cases(content, records=[replace(one, boxes=()) for one in children]) == ()


def case(children: tuple[Record, ...], *, row: int, fold: str, box: Box) -> Case:
    """One whose picture is 48 wide and 60 high."""
    labelled = LabelledBox(label="Other opacity", box=box, frame=(48, 60))
    return Case(record=replace(children[row], boxes=(labelled,)), label="Other opacity", row=row, fold=fold)


def test_an_average_box_is_that_of_the_other_folds(children: tuple[Record, ...]) -> None:
    left, right = Box(0.0, 0.0, 24.0, 60.0), Box(24.0, 0.0, 24.0, 60.0)
    places = [("fold 0", left), ("fold 1", left), ("fold 1", right), ("fold 1", left)]
    cases = [case(children, row=row, fold=fold, box=box) for row, (fold, box) in enumerate(places)]
    found = average_box(cases, label="Other opacity", without="fold 0").grid
    np.testing.assert_allclose(found[:, :32], 2 / 3, rtol=1e-6)
    np.testing.assert_allclose(found[:, 32:], 1 / 3, rtol=1e-6)
    assert not average_box(cases, label="Bronchial thickening", without="fold 0").grid.any()


def test_maps_are_counted_beside_what_knows_no_picture(children: tuple[Record, ...]) -> None:
    """The box is the left half; one map has its maximum there and all its mass, one has neither."""
    left, right = Box(0.0, 0.0, 24.0, 60.0), Box(24.0, 0.0, 24.0, 60.0)
    cases = [case(children, row=0, fold="fold 0", box=left), case(children, row=1, fold="fold 1", box=right)]
    halves = Geometry(24.0, 60.0, 0.0, 0.0)
    maps = {
        "good": PlacedMap(np.array([[1.0, -9.0]], np.float32), halves),
        "bad": PlacedMap(np.array([[-9.0, 1.0]], np.float32), halves),
    }
    found = {one.by: one for one in counted_of(cases[0], maps=maps, cases=cases, rows=60, columns=48)}
    assert list(found) == ["good", "bad", AVERAGE, EVEN]
    assert (found["good"].maximum, found["good"].mass) == (1.0, 1.0)
    assert (found["bad"].maximum, found["bad"].mass) == (0.0, 0.0)
    assert found[AVERAGE].maximum == 0.0, "the other child's box is the right half"
    assert (found[EVEN].maximum, found[EVEN].mass) == (0.5, 0.5)


def test_arms_without_weights_or_class_maps_have_no_network(tmp_path: Path) -> None:
    plain = tiny_recipe()
    tree = replace(plain, stages=(replace(plain.last, loss=Hierarchical(above={"Nodule": "Effusion"})),))
    other = replace(plain, preprocess=plain.preprocess.model_copy(update={"mean": (0.1, 0.1, 0.1)}))
    recipes = {"one": plain, "two": plain, "tree": tree, "other": other, "missing": plain}
    for name, recipe in recipes.items():
        if name != "missing":
            state = new_network(recipe, stage=recipe.last).state_dict()
            save_weights(tmp_path / name / "train" / WEIGHTS, state=state, about={"started_from": "random"})
    arms = [Arm(name=name, title=name) for name in recipes]
    means = {"both": ("one", "two"), "differing": ("one", "other"), "lacking": ("one", "missing")}
    study = Study(
        name="toy",
        title="toy",
        arms=(*arms, *(MeanOf(arm=Arm(name=name, title=name), of=of) for name, of in means.items())),
        pairs=(),
    )
    found = networks_of_fold(study, recipes=recipes, folder=tmp_path)
    assert list(found) == ["one", "two", "other", "both"]
    pixels = np.random.default_rng(0).random((40, 30), dtype=np.float32)
    one, both = (found[name].map_of(pixels, column=1) for name in ("one", "both"))
    np.testing.assert_allclose(both.grid, one.grid, rtol=1e-4, atol=1e-6)  # of equal networks: their own map
    assert both.geometry == one.geometry


def test_shares_that_are_all_alike_get_no_interval(children: tuple[Record, ...]) -> None:
    """A bootstrap of them has no width, and nothing is as sure as that."""
    content = SimpleNamespace(replicates=200, seed=1)
    patients = patient_rows([one.patient for one in children[:4]])
    alike = boxes_section._mean(np.zeros(4), patients=patients, content=content)
    assert (alike.value, alike.interval, alike.note) == (0.0, None, boxes_section.ALL_ALIKE)
    low, high = boxes_section._mean(np.array([0.1, 0.2, 0.4, 0.5]), patients=patients, content=content).bounds
    assert 0.1 <= low < 0.3 < high <= 0.5
