"""Trains both networks and their fusion, or takes up what was trained; all of it in the one training loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from hilum.bundle.two_looks_spec import NOTHING_TOLD, TOLD_GROUPS, about_patient
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import load_starting_weights
from hilum.networks.two_looks import Told, TwoLooks
from hilum.systems.attention.recipe import AttentionRecipe
from hilum.systems.attention.task import TwoLooksTask
from hilum.training.data.images import Preparation
from hilum.training.data.stage_data import StageData, image_data
from hilum.training.loop.checkpoints import WEIGHTS, has_begun, load_weights
from hilum.training.loop.stages import fit_and_keep, has_ended
from hilum.training.loop.starts import started_before
from hilum.training.loop.task import Items
from hilum.training.recipe.losses import Loss
from hilum.training.recipe.recipe import TRAIN, FromStage, FusedFrom
from hilum.training.recipe.samplers import Draw
from hilum.training.records.run_place import RunPlace


@dataclass(frozen=True, slots=True)
class FittedTwoLooks:
    """The trained network in evaluation mode, and one line on the weights that its networks started from."""

    network: TwoLooks
    started_from: str


class WithAbout(Dataset[tuple[Tensor, Tensor]]):
    """The pictures of `items`, and rows (L + M): their targets (L,), then what is known of each patient (M,)."""

    def __init__(self, items: Items, *, records: Sequence[Record]) -> None:
        self._items, self._about = items, about_of(records)

    def __getitem__(self, draw: Draw | int) -> tuple[Tensor, Tensor]:
        picture, targets = self._items[draw]
        return picture, torch.cat([targets, self._about[draw if isinstance(draw, int) else draw[0]]])


def about_of(records: Sequence[Record]) -> Tensor:
    """What the records tell of their patients, float32 (N, M); see `about_patient`."""
    rows = [about_patient(age_years=record.age_years, sex=record.sex, view=record.view) for record in records]
    return torch.tensor(rows, dtype=torch.float32).reshape(len(records), len(NOTHING_TOLD))


def new_network(recipe: AttentionRecipe) -> TwoLooks:
    """The network with random weights, which follow from the recipe's seed."""
    labels = len(recipe.last.labels)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        whole, crop = (
            PooledClassifier(backbone, labels=labels, dropout=recipe.dropout)
            for backbone in (recipe.backbone, recipe.crop_backbone)
        )
        return TwoLooks(
            whole=whole,
            crop=crop,
            size=(recipe.look_px, recipe.look_px),
            attention=recipe.attention,
            told=Told(unknown=NOTHING_TOLD, groups=TOLD_GROUPS),
            mean=recipe.mean,
            std=recipe.std,
        )


def start(network: TwoLooks, *, recipe: AttentionRecipe) -> str:
    """Put the starting weights into both networks; what they are, in one line for the card."""
    whole_start = recipe.last.start
    if isinstance(whole_start, FromStage | FusedFrom):
        raise UsageError(f"{recipe.name} starts from another stage; give starting weights with --weights")
    whole = load_starting_weights(network.whole, weights=whole_start)
    crop = load_starting_weights(network.crop, weights=recipe.crop_start)
    return whole if whole == crop else f"the whole picture's network: {whole}; the crop's: {crop}"


def check_start(recipe: AttentionRecipe, *, folder: Path) -> None:
    """Find out before anything is decoded that starting weights are missing or do not fit.

    A training that has begun in `folder` needs them no more. Raises what `load_starting_weights` raises, and
    `UsageError` where it began with others.
    """
    _started_before(recipe, folder=folder / recipe.last.name)
    if not has_begun(folder / recipe.last.name):
        start(new_network(recipe), recipe=recipe)


def _started_before(recipe: AttentionRecipe, *, folder: Path) -> str | None:
    starts = (recipe.last.start, recipe.crop_start)
    return [started_before(folder, weights=weights) for weights in starts][-1]


def fit_two_looks(recipe: AttentionRecipe, *, split: Split, place: RunPlace) -> FittedTwoLooks:
    """Train on the part `train` of `split` in `place.folder`, or take the weights of a training that ended there.

    After a stop it goes on where the last whole epoch ended. Raises as `fit` does.
    """
    stage = recipe.last
    if not has_ended(stage, folder=place.folder):
        _train(recipe, split=split, place=place)
    state, about = load_weights(place.folder / stage.name / WEIGHTS)
    network = new_network(recipe)  # made anew: training changes how one runs
    network.load_state_dict(state)
    return FittedTwoLooks(network.eval(), about["started_from"])


def _train(recipe: AttentionRecipe, *, split: Split, place: RunPlace) -> None:
    stage, network = recipe.last, new_network(recipe)
    before = _started_before(recipe, folder=place.folder / stage.name)

    def task(loss: Loss) -> TwoLooksTask:
        return TwoLooksTask(network, labels=stage.labels, loss=loss, unknown_probability=recipe.unknown_probability)

    fit_and_keep(
        recipe,
        stage=stage,
        network=network,
        split=split,
        place=place,
        data=partial(_data, recipe, split=split, preparation=place.preparation),
        started_from=before or start(network, recipe=recipe),
        task=task,
    )


def _data(recipe: AttentionRecipe, *, split: Split, preparation: Preparation) -> StageData:
    """The pictures of the stage's parts, each with what is known of its patient."""
    data = image_data(recipe, stage=recipe.last, split=split, preparation=preparation)
    return replace(
        data,
        training=WithAbout(data.training, records=split.parts[TRAIN]),
        validation={part: WithAbout(items, records=split.parts[part]) for part, items in data.validation.items()},
    )
