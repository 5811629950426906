from dataclasses import replace

import numpy as np
import pytest

from fabricate_recipe import fabricate_labelled_table, tiny_recipe, tiny_stage
from hilum.datasets.own.own_table import read_own_table
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.table import TRAININGS
from hilum.training.recipe.freezing import StagedRelease
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.smoke import IMAGES_PER_OUTCOME, SIDE_PX, smoke_recipe, smoke_records

WHOLE = {name: row.make(RandomWeights()) for name, row in TRAININGS.items()}
RECIPES = {name: recipe for name, recipe in WHOLE.items() if isinstance(recipe, Recipe)}


@pytest.mark.parametrize("name", RECIPES)
def test_a_smoke_run_is_small_and_otherwise_the_same_recipe(name):
    whole = RECIPES[name]
    small = TRAININGS[name].small(whole)
    side = min(SIDE_PX, *whole.preprocess.output_size)
    assert small.preprocess.output_size == (side, side)
    assert small.last.epochs <= 2
    assert small.last.batch_size <= 8
    assert (small.backbone, small.last.loss, small.last.optimizer) == (
        whole.backbone,
        whole.last.loss,
        whole.last.optimizer,
    )
    assert small.last.split == whole.last.split


def test_a_network_that_takes_no_small_pictures_gets_larger_ones():
    whole = replace(RECIPES["chest14"], backbone="inception_v3")
    assert smoke_recipe(whole).preprocess.output_size == (75, 75)


def test_a_staged_release_happens_within_the_epochs_of_a_smoke_run():
    stage = smoke_recipe(replace(tiny_recipe(), stages=(tiny_stage(freezing=StagedRelease(head_epochs=4)),))).last
    assert stage.freezing.released(stage.epochs - 1) >= 1


def test_a_few_images_of_each_outcome_are_taken_from_each_official_part(tmp_path):
    records = read_own_table(fabricate_labelled_table(tmp_path, patients=120))
    labels = ("Effusion", "Nodule")
    chosen = smoke_records(records, labels=labels)
    assert len(chosen) < len(records)
    for part in ("train", "test"):
        for label in labels:
            values = np.array([record.labels[label] for record in chosen if record.official == part])
            assert min((values == 1).sum(), (values == 0).sum()) >= IMAGES_PER_OUTCOME
    assert smoke_records(tuple(reversed(records)), labels=labels) == chosen, "whatever the order"
    assert smoke_records(chosen, labels=labels) == chosen
