"""The card of an ensemble of bundles that existed: what its members say together, and nothing that one said of itself.

Results, calibration and operating points of members are theirs and stay on their cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hilum.bundle.calibrated_on import MEAN_NOT_CALIBRATED, NO_POINT, NOT_CALIBRATED
from hilum.bundle.card import HeatmapSpec, Training
from hilum.bundle.ensemble_spec import EnsembleMember, EnsembleSpec
from hilum.bundle.label import RAW, Label
from hilum.bundle.load import TRAINING_IMAGES, Bundle
from hilum.training.export.card_draft import CardDraft
from hilum.training.joining.match import Common

_OF_ONE = (NOT_CALIBRATED, MEAN_NOT_CALIBRATED, NO_POINT, "Calibration and operating points of ")
"""How limits begin that are about a member's own probabilities."""

NOT_ALL_NAME_IMAGES = (
    "Not every member names its training images, so that nobody can count how many of other images are among them."
)
NO_MAPS = "No heatmap: not every member gives class maps, and a map of some would not explain the mean of all."


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedWords:
    """What the card is to say of who made the ensemble and how; `title` None for one made of the members' names."""

    name: str = "ensemble"
    title: str | None = None
    command: str = "hilum.training.joining.join"
    commit: str | None = None


def joined_spec(bundles: Sequence[Bundle], *, common: Common, weights: Sequence[float] | None = None) -> EnsembleSpec:
    """The members in order; `weights` None for equal ones."""
    shares = [None] * len(bundles) if weights is None else [round(float(each), 9) for each in weights]
    return EnsembleSpec(
        members=tuple(
            EnsembleMember(
                name=name,
                architecture=bundle.card.architecture,
                starting_weights=bundle.card.training.starting_weights,
                seed=bundle.card.training.seed,
                weight=share,
                made_of=f"{bundle.card.name} {bundle.card.version}",
                made_of_sha256=bundle.sha256,
            )
            for name, bundle, share in zip(common.names, bundles, shares, strict=True)
        )
    )


def joined_draft(bundles: Sequence[Bundle], *, common: Common, words: JoinedWords, weighed: str) -> CardDraft:
    """The card before anything is fitted; `weighed` says in words where the weights come from."""
    cards = [bundle.card for bundle in bundles]
    splits = {card.training.split_sha256 for card in cards}
    named = ", ".join(common.names)
    return CardDraft(
        name=words.name,
        version="1.0.0",
        title=words.title or f"The mean of {named}",
        kind="ensemble",
        architecture=f"ensemble of {', '.join(card.architecture for card in cards)}",
        architecture_arguments={"labels": len(common.labels), "members": len(cards)},
        preprocess=common.preprocess,
        scope=common.scope,
        heatmap=HeatmapSpec(
            method="class-map" if common.maps else "none", box_threshold=cards[0].heatmap.box_threshold
        ),
        protocol=f"the mean of {named}, {weighed}; each was trained by its own protocol: "
        + "; ".join(_once(card.protocol for card in cards)),
        training=Training(
            command=words.command,
            commit=words.commit,
            data=tuple(_once(line for card in cards for line in card.training.data)),
            split_sha256=splits.pop() if len(splits) == 1 else None,
            seed=cards[0].training.seed,
            starting_weights="; ".join(
                f"{name}: {card.training.starting_weights}" for name, card in zip(common.names, cards, strict=True)
            ),
            recipe=_recipe(bundles, common=common, weighed=weighed),
            lungs_sha256=common.lungs_sha256,
            smoke=any(card.smoke for card in cards),
        ),
        intended_use=" ".join(_once(card.intended_use for card in cards)),
        not_for=tuple(_once(one for card in cards for one in card.not_for)),
        limits=_limits(bundles, common=common),
        weights_licence="; ".join(_once(card.weights_licence for card in cards)),
    )


def not_fitted(names: Sequence[str], *, why: str) -> tuple[Label, ...]:
    """Labels whose probability is the mean of the members' as it is, and which nothing decides."""
    return tuple(
        Label(name=name, calibration=RAW, operating_point=None, operating_point_rule=f"none: {why}") for name in names
    )


def _recipe(bundles: Sequence[Bundle], *, common: Common, weighed: str) -> dict[str, str | int | float | bool]:
    said: dict[str, str | int | float | bool] = {"weights": weighed}
    if common.left_out:
        said["labels_left_out"] = ", ".join(common.left_out)
    for name, bundle in zip(common.names, bundles, strict=True):
        said |= {f"members.{name}.{key}": value for key, value in bundle.card.training.recipe.items()}
    return said


def _limits(bundles: Sequence[Bundle], *, common: Common) -> tuple[str, ...]:
    of_members = [one for bundle in bundles for one in bundle.card.limits if not one.startswith(_OF_ONE)]
    named = all(TRAINING_IMAGES in bundle.card.files for bundle in bundles)
    own = [
        MEAN_NOT_CALIBRATED,
        NO_POINT,
        *([] if common.maps else [NO_MAPS]),
        *([] if named else [NOT_ALL_NAME_IMAGES]),
    ]
    return tuple(_once((*own, *of_members)))


def _once(texts: Iterable[str]) -> Mapping[str, None]:
    return dict.fromkeys(texts)
