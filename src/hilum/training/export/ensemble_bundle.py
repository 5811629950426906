"""From an ensemble's trained members to its bundle, whose labels are fitted on validation as the reader sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hilum.bundle.ensemble_spec import EnsembleMember, EnsembleSpec
from hilum.bundle.load import Bundle
from hilum.datasets.splits.split import Split
from hilum.networks.ensemble import EnsembleClassifier
from hilum.training.export.card_draft import CardDraft
from hilum.training.export.classifier_bundle import Exported, write_network_bundle
from hilum.training.export.classifier_draft import classifier_draft, images_read, licences_of_starts
from hilum.training.export.ensemble_to_onnx import ensemble_to_onnx
from hilum.training.export.to_onnx import example_of
from hilum.training.loop.fit import Fitted
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.settings import card_settings
from hilum.training.records.card_words import card_words, cited_data, licence_of_weights
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace

Splits = Mapping[str, Mapping[str, Split]]
"""The split of every stage of every member, by the member's name and the stage's."""


def ensemble_draft(
    recipe: EnsembleRecipe,
    *,
    splits: Splits,
    started_from: Mapping[str, str],
    provenance: Provenance,
    smoke: bool,
    lungs: Bundle | None = None,
) -> CardDraft:
    """The card before anything is fitted; `started_from` is one line by member. Other arguments as `classifier_draft`.

    The terms name the data that any member read, and the weights that any started from.
    """
    first = _named(recipe, member=recipe.members[0])
    draft = classifier_draft(
        first,
        splits=splits[recipe.members[0].name],
        started_from=started_from[recipe.members[0].name],
        provenance=provenance,
        smoke=smoke,
        lungs=lungs,
    )
    everything = {f"{name}.{stage}": split for name, own in splits.items() for stage, split in own.items()}
    read = images_read(everything)
    starts = [
        one for member in recipe.members for one in licences_of_starts(member, started_from=started_from[member.name])
    ]
    terms = card_words(first, stated=provenance.stated, trained_on=()).licence
    return replace(
        draft,
        kind="ensemble",
        architecture=f"ensemble of {', '.join(member.backbone for member in recipe.members)}",
        architecture_arguments={"labels": len(first.last.labels), "members": len(recipe.members)},
        training=draft.training.changed(
            {
                "data": cited_data(read, folders=provenance.folders),
                "seed": recipe.seed,
                "starting_weights": "; ".join(f"{name}: {said}" for name, said in started_from.items()),
                "recipe": card_settings(recipe),
            }
        ),
        weights_licence=licence_of_weights(terms, trained_on=read, started_from=tuple(dict.fromkeys(starts))),
    )


def write_ensemble_bundle(
    recipe: EnsembleRecipe,
    *,
    members: Mapping[str, Fitted],
    split: Split,
    draft: CardDraft,
    lungs: Bundle | None,
    place: RunPlace,
    seen: Mapping[str, bytes],
) -> Bundle:
    """Write `place.folder/bundle` of the trained `members`, by name; `split` is the one that all were trained on.

    `seen` is the file of the images that any member saw, by its name. Raises as `write_classifier_bundle`.
    """
    first = recipe.members[0]
    example = example_of(first.preprocess_of(first.last))
    rows, columns = example.shape[-2:]
    network = EnsembleClassifier([members[one.name].network for one in recipe.members], size=(rows, columns))
    spec = EnsembleSpec(
        members=tuple(
            EnsembleMember(
                name=one.name,
                architecture=one.backbone,
                starting_weights=members[one.name].started_from,
                seed=one.seed,
            )
            for one in recipe.members
        )
    )
    return write_network_bundle(
        Exported(network=network, graph=ensemble_to_onnx(network, example=example), part=spec),
        recipe=first,
        split=split,
        draft=draft,
        lungs=lungs,
        place=place,
        seen=seen,
    )


def _named(recipe: EnsembleRecipe, *, member: Recipe) -> Recipe:
    """The member under the name of the ensemble, with the words of its card."""
    return replace(member, name=recipe.name, card=recipe.card)
