"""The card of a trained classifier before anything is fitted on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hilum.bundle.card import HeatmapSpec, Training
from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split
from hilum.networks.lung_pooled import ATTENTION
from hilum.networks.starting_licence import starting_licences
from hilum.networks.starting_weights import StartingWeights
from hilum.training.export.card_draft import CardDraft
from hilum.training.recipe.recipe import TRAIN, FromStage, FusedFrom, Recipe
from hilum.training.recipe.settings import card_settings
from hilum.training.records.card_words import card_words, cited_data, licence_of_weights
from hilum.training.records.provenance import Provenance


def classifier_draft(
    recipe: Recipe,
    *,
    splits: Mapping[str, Split],
    started_from: str,
    provenance: Provenance,
    smoke: bool,
    lungs: Bundle | None = None,
) -> CardDraft:
    """The draft for the network of the last stage; `splits` is by stage.

    `lungs` is the bundle whose lungs the pictures were cut to, features averaged inside, or the network was taught.
    A `smoke` run's card says that it is one.
    """
    text, split = recipe.card, splits[recipe.last.name]
    words = card_words(recipe, stated=provenance.stated, trained_on=images_trained_on(splits))
    read = images_read(splits)
    return CardDraft(
        name=words.name,
        version=text.version,
        title=words.title,
        kind="classifier",
        architecture=recipe.backbone,
        architecture_arguments=_arguments(recipe),
        preprocess=recipe.preprocess_of(recipe.last),
        scope=words.scope,
        heatmap=HeatmapSpec(method="class-map", box_threshold=text.box_threshold),
        protocol=split.protocol,
        training=Training(
            command=provenance.command,
            commit=provenance.commit,
            data=cited_data(read, folders=provenance.folders),
            split_sha256=split.sha256,
            seed=recipe.seed,
            starting_weights=started_from,
            recipe=card_settings(recipe),
            smoke=smoke,
            lungs_sha256=None if lungs is None else lungs.sha256,
        ),
        intended_use=words.intended_use,
        not_for=words.not_for,
        limits=words.limits,
        weights_licence=licence_of_weights(
            words.licence,
            trained_on=read,
            started_from=licences_of_starts(recipe, started_from=started_from),
            folders=provenance.folders,
        ),
    )


def _arguments(recipe: Recipe) -> dict[str, str | int | float | bool]:
    """What the backbone and the head were made with; an output stride of the backbone's own goes without saying."""
    usual: dict[str, str | int | float | bool] = {"labels": len(recipe.last.labels), "dropout": recipe.dropout}
    if recipe.lung_guidance is not None and recipe.lung_guidance.by == ATTENTION:
        usual[ATTENTION] = True
    return usual if recipe.output_stride is None else {**usual, "output_stride": recipe.output_stride}


def images_trained_on(splits: Mapping[str, Split]) -> list[Record]:
    """Every image that any stage was fitted on, once."""
    return _images(splits, parts=(TRAIN,))


def images_read(splits: Mapping[str, Split]) -> list[Record]:
    """Every image of any stage but the test's, once."""
    return _images(splits, parts=[name for one in splits.values() for name in one.parts if name != TEST])


def licences_of_starts(recipe: Recipe, *, started_from: str) -> tuple[str, ...]:
    """The terms of the weights that the recipe started from, of which `started_from` says what was loaded."""
    return tuple(starting_licences(_starts(recipe), backbone=recipe.backbone, loaded=started_from))


def _images(splits: Mapping[str, Split], *, parts: Sequence[str]) -> list[Record]:
    """Every image of these parts of any stage, once."""
    found = {(r.source, r.image): r for split in splits.values() for part in parts for r in split.parts.get(part, ())}
    return list(found.values())


def _starts(recipe: Recipe) -> list[StartingWeights]:
    return [stage.start for stage in recipe.stages if not isinstance(stage.start, FromStage | FusedFrom)]
