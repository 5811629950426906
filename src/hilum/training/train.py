"""From a recipe and records to a bundle: split, train the stages, export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hilum.bundle.load import Bundle, load_bundle
from hilum.datasets.splits.saved import save_split
from hilum.datasets.splits.split import Split
from hilum.errors import UsageError
from hilum.evaluation.bundles.run_folder import SPLIT_NAME
from hilum.networks.lung_pooled import LungPooledClassifier
from hilum.training.data.training_data import TrainingData
from hilum.training.export.classifier_bundle import write_classifier_bundle
from hilum.training.export.classifier_draft import classifier_draft
from hilum.training.export.fusion_bundle import write_fusion_bundle
from hilum.training.export.lung_pooled_bundle import write_lung_pooled_bundle
from hilum.training.export.seen_images import seen_in_stages
from hilum.training.loop.fit import Fitted
from hilum.training.loop.fusion_networks import FusionNetworks
from hilum.training.loop.stages import run_stages
from hilum.training.recipe.processes import is_first_process
from hilum.training.recipe.recipe import Recipe
from hilum.training.records.hold_run import BUNDLE, hold_run
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import begin_run, make_record


def train_specialist(
    recipe: Recipe,
    *,
    data: TrainingData,
    provenance: Provenance,
    place: RunPlace,
    smoke: bool = False,
    lungs: Bundle | None = None,
) -> Bundle | None:
    """Run the recipe in `place.folder` (it goes on where it was stopped) and write the bundle to `folder/bundle`.

    `data` are those of all the recipe's releases. A `smoke` run takes a few of them and says so everywhere. The
    result is None in all but the first of several processes. A recipe that crops to the lungs or averages inside them
    needs `lungs`, the bundle that drew what the records carry, and so does one that is taught them. Raises `UsageError`
    where the folder holds another run or `lungs` is missing, and `BundleError`, writing none, where the exported bundle
    does not read as the network's validation probabilities say, to 1e-3.
    """
    if recipe.needs_lungs and lungs is None:
        raise UsageError(f"Missing option: --lungs MODEL, the lung model that drew the lungs for {recipe.name}")
    lungs = lungs if recipe.needs_lungs else None
    splits = data.splits
    split = splits[recipe.last.name]

    def train() -> Bundle | None:
        fitted = run_stages(recipe, splits=splits, place=place)
        if not is_first_process():
            return None
        draft = classifier_draft(
            recipe, splits=splits, started_from=fitted.started_from, provenance=provenance, smoke=smoke, lungs=lungs
        )
        seen = seen_in_stages(recipe, splits=splits.values(), jobs=place.preparation.jobs)
        pooling = recipe.lung_pooling
        if isinstance(fitted.network, LungPooledClassifier) and pooling is not None and lungs is not None:
            return write_lung_pooled_bundle(
                fitted.network,
                recipe=recipe,
                pooling=pooling,
                split=split,
                draft=draft,
                lungs=lungs,
                place=place,
                seen=seen,
            )
        if isinstance(fitted, Fitted):
            cut_by = lungs if recipe.crops_lungs else None
            return write_classifier_bundle(
                fitted.network, recipe=recipe, split=split, draft=draft, lungs=cut_by, place=place, seen=seen
            )
        if lungs is None:
            raise UsageError(f"Missing option: --lungs MODEL, the lung model that drew the boxes for {recipe.name}")
        networks = FusionNetworks(recipe, fitted.network, fitted.started_from)
        return write_fusion_bundle(networks, split=split, draft=draft, lungs=lungs, place=place, seen=seen)

    return run_recorded(
        recipe, data=data, provenance=provenance, folder=place.folder, train=train, smoke=smoke, lungs=lungs
    )


def run_recorded(
    recipe: Recipe,
    *,
    data: TrainingData,
    provenance: Provenance,
    folder: Path,
    train: Callable[[], Bundle | None],
    smoke: bool = False,
    lungs: Bundle | None = None,
) -> Bundle | None:
    """What `train` gives, called in a `folder` that is held, records the run and its splits, and has no bundle yet.

    The bundle that is there is taken as it is. Raises `UsageError` where the folder holds another run.
    """
    splits = data.splits
    split = splits[recipe.last.name]
    with hold_run(folder):
        if is_first_process():
            record = make_record(
                recipe,
                records=data.records,
                releases=recipe.releases,
                provenance=provenance,
                protocol=split.protocol,
                split_sha256=split.sha256,
                stage_splits={name: one.sha256 for name, one in splits.items()},
                lungs_sha256=None if lungs is None else lungs.sha256,
                smoke=smoke,
                left_out=data.left_out,
                permuted_labels=data.permuted_labels,
            )
            begin_run(folder, record=record)
            _save_splits(recipe, splits, folder=folder)
            if (folder / BUNDLE).is_dir():
                return load_bundle(folder / BUNDLE)
        return train()


def _save_splits(recipe: Recipe, splits: Mapping[str, Split], *, folder: Path) -> None:
    """The last stage's split in the run's folder, where evaluation looks for it; each other one in its stage's."""
    for name, split in splits.items():
        path = folder / SPLIT_NAME if name == recipe.last.name else folder / name / SPLIT_NAME
        if not path.is_file():
            save_split(split, path=path)
