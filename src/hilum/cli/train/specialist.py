"""`hilum train` for a recipe of a classifier: its settings, its data, and the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.cli.options.cache import cache_folder
from hilum.cli.options.data import folders_by_name, named_folders
from hilum.cli.options.models import choose_bundle
from hilum.cli.options.weights import starting_weights
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say
from hilum.cli.train.request import TrainRequest
from hilum.datasets.prepared.prepare_images import prepare_images
from hilum.datasets.read_releases import read_releases
from hilum.datasets.splits.mixed import MixedReleases
from hilum.errors import UsageError
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.recipe_file import is_own_recipe, own_recipe
from hilum.systems.table import RECIPES
from hilum.training.data.lung_boxes import draw_lungs
from hilum.training.data.make_split import make_splits
from hilum.training.data.without_held_out import without_held_out
from hilum.training.loop.stages import check_starts
from hilum.training.recipe.machine import check_machine
from hilum.training.recipe.recipe import TEST, Recipe
from hilum.training.recipe.smoke import smoke_recipe
from hilum.training.recipe.with_settings import with_settings
from hilum.training.records.provenance import Provenance
from hilum.training.train import train_specialist


def recipe_of(named: str, *, weights: StartingWeights, pairs: Sequence[str], smoke: bool) -> Recipe:
    """The recipe of a name or of one's own file, made small where it is a smoke run, then with the `pairs` set."""
    made = own_recipe(Path(named), starting_weights=weights) if is_own_recipe(named) else RECIPES[named](weights)
    return with_settings(smoke_recipe(made) if smoke else made, pairs=pairs)


def train_a_specialist(request: TrainRequest) -> Bundle | None:
    """Run the recipe; the bundle, or None in all but the first of several processes."""
    recipe = recipe_of(
        request.recipe, weights=starting_weights(request.weights), pairs=request.settings, smoke=request.smoke
    )
    check_machine(request.machine, ema=any(stage.ema_decay is not None for stage in recipe.stages))
    lungs = choose_bundle(request.lungs) if recipe.needs_lungs else None
    cache = cache_folder(request.cache)
    mixed = _records(request, recipe=recipe, cache=cache, lungs=lungs)
    commit, dirty = commit_and_dirty(Path.cwd())
    provenance = Provenance(
        command=request.command(),
        commit=commit,
        dirty=dirty,
        stated=request.stated,
        left_out=Counter(one.reason for one in mixed.left_out),
        folders=folders_by_name(request.data),
    )
    return train_specialist(
        recipe,
        records=mixed.records,
        provenance=provenance,
        place=request.place(),
        smoke=request.smoke,
        lungs=lungs,
    )


def _records(request: TrainRequest, *, recipe: Recipe, cache: Path | None, lungs: Bundle | None) -> MixedReleases:
    """The mixed records of the recipe's releases; images to be fitted on are prepared, bad ones left out or refused.

    `lungs` draws the lung boxes of images to be fitted on. Those of the test stay without: nothing here looks at them.
    """
    named = folders_by_name(request.data)
    missing = [name for name in recipe.releases if name not in named]
    if missing and named.keys() <= set(recipe.releases):  # of other names reading says what may be
        raise UsageError(f"expected --data NAME=FOLDER for {', '.join(missing)}, came {', '.join(request.data)}")
    mixed = read_releases(
        named_folders(request.data),
        allowed=recipe.releases,
        memory=cache,
        chexpert=recipe.chexpert,
        patient_pattern=request.patient_pattern,
        rsna=request.rsna,
        jobs=request.jobs,
        progress=ON_TERMINAL,
    )
    check_starts(recipe, folder=request.out)
    mixed = without_held_out(mixed, recipe=recipe, smoke=request.smoke, jobs=request.jobs)
    if mixed.left_out:
        say(f"{len(mixed.left_out)} images left out, for example {mixed.left_out[0].why}")
    splits = make_splits(recipe, records=mixed.records, smoke=request.smoke)
    for name, split in splits.items():
        if not split.parts.get(TEST):
            say(
                f"caution: nothing is held out in {name}, so this run has no test: hold patients out with a folder or "
                "a split named test, and train again"
            )
    fitted_on = {
        id(record): record
        for split in splits.values()
        for part, records in split.parts.items()
        if part != TEST
        for record in records
    }
    kept = dict(fitted_on)
    if lungs is not None:
        kept = dict(
            zip(kept, draw_lungs(list(kept.values()), lungs=lungs, memory=cache, progress=ON_TERMINAL), strict=True)
        )
    for spec in dict.fromkeys(map(recipe.preprocess_of, recipe.stages)):
        images = None if cache is None else cache / "images"
        readable = prepare_images(
            list(kept.values()),
            spec=spec,
            cache=images,
            jobs=request.jobs,
            bad_files=request.bad_files,
            progress=ON_TERMINAL,
        )
        there = set(map(id, readable))
        kept = {key: record for key, record in kept.items() if id(record) in there}
    readable_ones = tuple(
        kept.get(id(record), record) for record in mixed.records if id(record) in kept or id(record) not in fitted_on
    )
    return replace(mixed, records=readable_ones)
