"""The card of a trained classifier before anything is fitted on validation."""

from __future__ import annotations

from hilum.bundle.card import GRAPH, Card, HeatmapSpec, Training
from hilum.bundle.label import Label
from hilum.bundle.load import Bundle
from hilum.datasets.split import Split
from hilum.training.assess import NOT_CALIBRATED
from hilum.training.provenance import Provenance
from hilum.training.recipe import Recipe
from hilum.training.settings import flat_values


def draft_card(
    recipe: Recipe, *, split: Split, started_from: str, provenance: Provenance, smoke: bool, lungs: Bundle | None = None
) -> Card:
    """Everything but the files' hashes, the labels' fits and the compression.

    `lungs` is the bundle whose boxes the pictures were cut to; a `smoke` run's card says that it is one.
    """
    text = recipe.card
    return Card(
        name=recipe.name,
        version=text.version,
        title=text.title,
        kind="classifier",
        architecture=recipe.backbone,
        architecture_arguments={"labels": len(recipe.last.labels), "dropout": recipe.dropout},
        labels=tuple(
            Label(name=name, calibration=NOT_CALIBRATED, operating_point=0.5, operating_point_rule="not fitted yet")
            for name in recipe.last.labels
        ),
        preprocess=recipe.preprocess_of(recipe.last),
        scope=text.scope,
        heatmap=HeatmapSpec(method="class-map", box_threshold=text.box_threshold),
        protocol=split.protocol,
        training=Training(
            command=provenance.command,
            commit=provenance.commit,
            data=provenance.data,
            split_sha256=split.sha256,
            seed=recipe.seed,
            starting_weights=started_from,
            recipe=card_settings(recipe),
            lungs_sha256=None if lungs is None else lungs.sha256,
            smoke=smoke,
        ),
        compression=None,
        intended_use=text.intended_use,
        not_for=text.not_for,
        limits=text.limits,
        weights_licence=text.weights_licence,
        files={GRAPH: "0" * 64},
    )


def card_settings(recipe: Recipe) -> dict[str, str | int | float | bool]:
    """The recipe's settings as a card holds them: lists are words with commas, what is not set is `none`."""
    said: dict[str, str | int | float | bool] = {}
    for key, value in flat_values(recipe).items():
        if isinstance(value, list):
            said[key] = ", ".join(map(str, value))
        else:
            said[key] = "none" if value is None else value
    return said
