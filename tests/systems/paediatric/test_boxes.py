"""Which children are counted, and which networks have a map of them."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fabricate_children import fabricate_children
from fabricate_recipe import tiny_recipe
from hilum.datasets.records.record import Record
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS, read_vindr_pcxr
from hilum.evaluation.predictions.predictions import Predictions
from hilum.systems.paediatric.boxes import Networks, chosen_cases, networks_of_fold
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


def test_arms_without_weights_or_class_maps_have_no_network(tmp_path: Path) -> None:
    plain = tiny_recipe()
    tree = replace(plain, stages=(replace(plain.last, loss=Hierarchical(above={"Nodule": "Effusion"})),))
    other = replace(plain, preprocess=plain.preprocess.model_copy(update={"mean": (0.1, 0.1, 0.1)}))
    recipes = {"one": plain, "two": plain, "tree": tree, "other": other, "missing": plain}
    for name, recipe in recipes.items():
        if name != "missing":
            state = new_network(recipe, stage=recipe.last).state_dict()
            save_weights(tmp_path / "fold-0" / name / "train" / WEIGHTS, state=state, about={"started_from": "random"})
    means = {"both": ("one", "two"), "differing": ("one", "other"), "lacking": ("one", "missing")}
    found = networks_of_fold("fold 0", networks=Networks(recipes=recipes, means=means, folder=tmp_path))
    assert list(found) == ["one", "two", "other", "both"]
    pixels = np.random.default_rng(0).random((40, 30), dtype=np.float32)
    one, both = (found[name].map_of(pixels, column=1) for name in ("one", "both"))
    np.testing.assert_allclose(both.grid, one.grid, rtol=1e-4, atol=1e-6)  # of equal networks: their own map
    assert both.geometry == one.geometry
