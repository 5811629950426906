"""The stages of a recipe, one after the other; a stage that has ended is not trained again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

import torch
from torch import nn

from hilum.datasets.prepared.images import fixed_size
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.networks.fusion import FusedClassifier, FusionHead
from hilum.networks.lung_pooled import ATTENTION, LungAttendedClassifier, LungPooledClassifier
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import load_starting_weights
from hilum.training.data.stage_data import MakeData, image_data
from hilum.training.loop.checkpoints import WEIGHTS, has_begun, load_weights, save_weights
from hilum.training.loop.fit import Fitted
from hilum.training.loop.fit_stage import fit_stage, stage_sampler
from hilum.training.loop.fusion_features import FEATURES, Extractors, feature_data
from hilum.training.loop.population_statistics import population_order, with_population_statistics
from hilum.training.loop.starts import started_before
from hilum.training.loop.task import Task
from hilum.training.recipe.losses import Loss
from hilum.training.recipe.processes import is_first_process, wait_for_all
from hilum.training.recipe.recipe import FromStage, FusedFrom, Recipe, Stage
from hilum.training.records.run_place import RunPlace
from hilum.whole_files import write_whole

_HEAD = ("head.weight", "head.bias")
_NOWHERE: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FittedFusion:
    """The trained fusion in evaluation mode, and one line on the weights that its networks started from."""

    network: FusedClassifier
    started_from: str


def run_stages(recipe: Recipe, *, splits: Mapping[str, Split], place: RunPlace) -> Fitted | FittedFusion:
    """Train every stage that has not ended, and return the last one's network; `splits` is by stage.

    `FOLDER/STAGE/weights.safetensors` appears when a stage has ended.
    """
    for stage in recipe.stages:
        if isinstance(stage.start, FusedFrom):
            return _run_fusion(recipe, stage=stage, start=stage.start, split=splits[stage.name], place=place)
        fitted = run_stage(recipe, stage=stage, split=splits[stage.name], place=place)
    return fitted


def run_shared_stage(recipe: Recipe, *, stage: Stage, split: Split, place: RunPlace, shared: Path) -> None:
    """Train a stage in `shared` where it has not ended there, and take its weights to the run in `place.folder`.

    Several runs whose stage is the same so train it once.
    """
    if has_ended(stage, folder=place.folder):
        return
    run_stage(recipe, stage=stage, split=split, place=replace(place, folder=shared))
    if is_first_process():
        write_whole(place.folder / stage.name / WEIGHTS, (shared / stage.name / WEIGHTS).read_bytes())
    wait_for_all()


def run_stage(recipe: Recipe, *, stage: Stage, split: Split, place: RunPlace) -> Fitted:
    """Train a stage of pictures that has not ended, and return its network."""
    if has_ended(stage, folder=place.folder):
        return load_stage(recipe, stage=stage, folder=place.folder)
    network = new_network(recipe, stage=stage)
    started_from = started_before(place.folder / stage.name, weights=stage.start) or start(
        network, recipe=recipe, stage=stage, folder=place.folder
    )
    data = partial(image_data, recipe, stage=stage, split=split, preparation=place.preparation)
    fit_and_keep(recipe, stage=stage, network=network, split=split, place=place, data=data, started_from=started_from)
    return load_stage(recipe, stage=stage, folder=place.folder)


def _run_fusion(recipe: Recipe, *, stage: Stage, start: FusedFrom, split: Split, place: RunPlace) -> FittedFusion:
    whole, crop = (
        load_stage(recipe, stage=recipe.stage(name), folder=place.folder) for name in (start.whole, start.crop)
    )
    head = new_head(recipe, stage=stage, features=whole.network.weight.shape[1] + crop.network.weight.shape[1])
    kept_in = place.folder / stage.name
    if not has_ended(stage, folder=place.folder):
        data = partial(
            feature_data,
            recipe,
            stage=stage,
            extractors=Extractors(whole.network, crop.network, start),
            split=split,
            folder=kept_in,
            preparation=place.preparation,
        )
        said = (
            f"the stages {start.whole} and {start.crop}, frozen, under a new linear layer; {start.whole} started from "
            f"{whole.started_from}, {start.crop} from {crop.started_from}"
        )
        fit_and_keep(recipe, stage=stage, network=head, split=split, place=place, data=data, started_from=said)
    if is_first_process():
        shutil.rmtree(kept_in / FEATURES, ignore_errors=True)
    state, about = load_weights(kept_in / WEIGHTS)
    head.load_state_dict(state)
    fused = FusedClassifier(whole=whole.network, crop=crop.network, head=head)
    return FittedFusion(fused.eval(), about["started_from"])


def fit_and_keep(
    recipe: Recipe,
    *,
    stage: Stage,
    network: nn.Module,
    split: Split,
    place: RunPlace,
    data: MakeData,
    started_from: str,
    task: Callable[[Loss], Task] | None = None,
) -> None:
    """Train a stage to its end, as `fit_stage` does, and keep its weights with one line on where they started."""
    folder = place.folder / stage.name
    data = cache(data)  # what is learnt from may be asked for twice
    kept = fit_stage(
        recipe,
        stage=stage,
        network=network,
        split=split,
        folder=folder,
        machine=place.machine,
        data=data,
        started_from=started_from,
        task=task,
    )
    if is_first_process():
        about = {"stage": stage.name, "epoch": str(kept.epoch), "started_from": started_from}
        state = kept.state
        if stage.batch_statistics is not None:
            made = data()
            sampler = stage_sampler(recipe, stage=stage, split=split, targets=made.targets)
            state = with_population_statistics(
                network,
                state=state,
                images=made.training,
                order=population_order(sampler),
                batch_size=stage.batch_size,
            )
        save_weights(folder / WEIGHTS, state=state, about=about)
    wait_for_all()


def has_ended(stage: Stage, *, folder: Path) -> bool:
    """Whether the stage's weights lie in the run's `folder`."""
    return (folder / stage.name / WEIGHTS).is_file()


def load_stage(recipe: Recipe, *, stage: Stage, folder: Path) -> Fitted:
    """The network of a stage of pictures that has ended in the run's `folder`, made anew: training changes how it runs.

    Raises `DataError` where the stage has not ended.
    """
    state, about = load_weights(folder / stage.name / WEIGHTS)
    network = new_network(recipe, stage=stage)
    network.load_state_dict(state)
    return Fitted(network.eval(), about["started_from"])


def check_starts(recipe: Recipe, *, folder: Path, shared: Mapping[str, Path] = _NOWHERE) -> None:
    """Find out before anything is decoded that starting weights are missing or do not fit.

    A stage that has begun in `folder` needs them no more, nor has one of `run_shared_stage` that has begun in its
    folder in `shared`, by the stage's name. Raises what `load_starting_weights` raises, and `UsageError` where a stage
    began with others.
    """
    for stage in recipe.stages:
        ended = has_ended(stage, folder=folder)
        place = (folder if ended else shared.get(stage.name, folder)) / stage.name
        started_before(place, weights=stage.start)
        begun = has_begun(place)
        if not isinstance(stage.start, FromStage | FusedFrom) and not begun:
            load_starting_weights(new_network(recipe, stage=stage), weights=stage.start)


def new_network(recipe: Recipe, *, stage: Stage) -> PooledClassifier:
    """The stage's network with random weights, which follow from the recipe's seed."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        make: Callable[..., PooledClassifier] = PooledClassifier
        pooling = recipe.lung_pooling
        if pooling is not None:
            size = fixed_size(recipe.preprocess)
            make = partial(LungPooledClassifier, size=size, hides_outside=pooling.hide_outside)
        elif recipe.lung_guidance is not None and recipe.lung_guidance.by == ATTENTION:
            make = LungAttendedClassifier
        return make(
            recipe.backbone,
            labels=len(stage.labels),
            dropout=recipe.dropout,
            channels=recipe.preprocess.channels,
            output_stride=recipe.output_stride,
        )


def new_head(recipe: Recipe, *, stage: Stage, features: int) -> FusionHead:
    """The fusion's linear layer with random weights, which follow from the recipe's seed."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        return FusionHead(features=features, labels=len(stage.labels))


def start(network: PooledClassifier, *, recipe: Recipe, stage: Stage, folder: Path) -> str:
    """Put the weights that the stage starts from into `network`; what they are, in one line for the card."""
    if isinstance(stage.start, FusedFrom):
        raise UsageError(f"The stage {stage.name} is a fusion; a stage that learns from images is needed here")
    if not isinstance(stage.start, FromStage):
        return load_starting_weights(network, weights=stage.start)
    before = recipe.stage(stage.start.stage)
    state, about = load_weights(folder / before.name / WEIGHTS)
    same = before.labels == stage.labels
    network.load_state_dict({n: t for n, t in state.items() if same or n not in _HEAD}, strict=False)
    head = "with its linear layer" if same else "its linear layer anew"
    return f"the stage {before.name}, {head}; which started from {about['started_from']}"
