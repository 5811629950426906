"""Trains both networks and their fusion, or takes up what was trained; all of it in the one training loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from hilum.training.data.stage_data import image_data
from hilum.training.loop.checkpoints import WEIGHTS, has_begun, load_weights, save_weights
from hilum.training.loop.fit import fit
from hilum.training.loop.starts import started_before
from hilum.training.loop.task import Items, TaskData
from hilum.training.recipe.losses import fit_loss
from hilum.training.recipe.processes import is_first_process, wait_for_all
from hilum.training.recipe.recipe import TRAIN, FromStage, FusedFrom
from hilum.training.recipe.samplers import Draw, build_sampler
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
    folder = place.folder / stage.name
    if not (folder / WEIGHTS).is_file():
        _train(recipe, split=split, place=place, folder=folder)
    state, about = load_weights(folder / WEIGHTS)
    network = new_network(recipe)  # made anew: training changes how one runs
    network.load_state_dict(state)
    return FittedTwoLooks(network.eval(), about["started_from"])


def _train(recipe: AttentionRecipe, *, split: Split, place: RunPlace, folder: Path) -> None:
    stage, network = recipe.last, new_network(recipe)
    started_from = _started_before(recipe, folder=folder) or start(network, recipe=recipe)

    def make() -> tuple[TwoLooksTask, TaskData]:
        data = image_data(recipe, stage=stage, split=split, preparation=place.preparation)
        loss = fit_loss(stage.loss, targets=data.targets, labels=stage.labels)
        learnt_from = split.parts[TRAIN]
        sampler = build_sampler(
            stage.sampler,
            targets=data.targets,
            labels=stage.labels,
            patients=[record.patient for record in learnt_from],
            views=[record.view for record in learnt_from],
            seed=recipe.seed,
        )
        task = TwoLooksTask(network, labels=stage.labels, loss=loss, unknown_probability=recipe.unknown_probability)
        return task, TaskData(
            training=WithAbout(data.training, records=learnt_from),
            sampler=sampler,
            started_from=started_from,
            validation={
                part: (WithAbout(items, records=split.parts[part]), data.counts[part])
                for part, items in data.validation.items()
            },
        )

    plan = stage.plan(precision=recipe.precision, deterministic=recipe.deterministic)
    kept = fit(make, plan=plan, seed=recipe.seed, folder=folder, machine=place.machine)
    if is_first_process():
        about = {"stage": stage.name, "epoch": str(kept.epoch), "started_from": started_from}
        save_weights(folder / WEIGHTS, state=kept.state, about=about)
    wait_for_all()
