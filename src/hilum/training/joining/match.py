"""What several bundles have in common, where they can be one; else one line that says what does not match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hilum.bundle.card import Card, Scope
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, UsageError
from hilum.imaging.preprocess import PreprocessSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What all members share.

    `names` are what readings call the members. `labels` are those of the ensemble, in the order of the first member,
    `left_out` those that not every member has. `scope` is where every member decides. `lungs_sha256` is the lung bundle
    whose lungs their pictures are cut to. `maps` says whether every graph gives class maps.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    left_out: tuple[str, ...]
    preprocess: PreprocessSpec
    scope: Scope
    lungs_sha256: str | None
    maps: bool


def common_of(bundles: Sequence[Bundle], *, common_labels: bool = False) -> Common:
    """What `bundles` have in common; with `common_labels` the labels may differ, and those of all are taken.

    Raises `UsageError` for one bundle, one given twice, and labels that differ; `BundleError` for a kind that is no
    network of one picture, for another preparation of pictures, other lungs, and scopes that exclude each other.
    """
    cards = [bundle.card for bundle in bundles]
    if len(bundles) < 2:
        raise UsageError(f"Name two models or more to join; given: {', '.join(card.name for card in cards) or 'none'}")
    hashes = Counter(bundle.sha256 for bundle in bundles)
    twice = [bundle.card.name for bundle in bundles if hashes[bundle.sha256] > 1]
    if twice:
        raise UsageError(f"{twice[0]} is named {len(twice)} times. Name each model once")
    for card in cards:
        _check_kind(card)
    first, *others = cards
    for other in others:
        _check_preprocess(first, other)
    labels, left_out = _labels(cards, common_labels=common_labels)
    return Common(
        names=_names(cards),
        labels=labels,
        left_out=left_out,
        preprocess=first.preprocess,
        scope=_scope(cards),
        lungs_sha256=_lungs(cards),
        maps=all(card.heatmap.method == "class-map" for card in cards),
    )


def _check_kind(card: Card) -> None:
    if card.kind == "ensemble":
        raise BundleError(f"{card.name} is an ensemble already. Name the models that it was made of")
    if card.kind != "classifier":
        raise BundleError(
            f"{card.name} is of kind {card.kind} and cannot be joined; only classifiers of one image can. It reads "
            "beside others: hilum read --model A --model B"
        )


def _names(cards: Sequence[Card]) -> tuple[str, ...]:
    """The cards' names; those of one name are numbered in their order."""
    several = {name for name, count in Counter(card.name for card in cards).items() if count > 1}
    seen: Counter[str] = Counter()
    names = []
    for card in cards:
        seen[card.name] += 1
        names.append(f"{card.name}-{seen[card.name]}" if card.name in several else card.name)
    return tuple(names)


def _check_preprocess(first: Card, other: Card) -> None:
    if first.preprocess == other.preprocess:
        return
    ours, theirs = (card.preprocess.model_dump(mode="json") for card in (first, other))
    part = next(name for name in ours if ours[name] != theirs[name])
    raise BundleError(
        f"The models prepare their images differently, and an ensemble prepares one for all: {part} is {ours[part]} in "
        f"{first.name} and {theirs[part]} in {other.name}. Read with each alone, or train them alike"
    )


def _labels(cards: Sequence[Card], *, common_labels: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    every = tuple(dict.fromkeys(name for card in cards for name in card.label_names))
    shared = tuple(name for name in cards[0].label_names if all(name in card.label_names for card in cards))
    if not shared:
        said = "; ".join(f"{card.name}: {', '.join(card.label_names)}" for card in cards)
        raise UsageError(f"The models have no label in common ({said}). Join models of the same findings")
    left_out = tuple(name for name in every if name not in shared)
    if left_out and not common_labels:
        lacking = next(card for card in cards if left_out[0] not in card.label_names)
        raise UsageError(
            f"{lacking.name} lacks the label {left_out[0]}, which another model has. Add --common-labels to join the "
            f"{len(shared)} labels that all have"
        )
    return shared, left_out


def _scope(cards: Sequence[Card]) -> Scope:
    """Where every member may decide."""
    first = cards[0].scope
    views, age_years = first.views, first.age_years
    for card in cards[1:]:
        scope = card.scope
        if scope.xray_type != first.xray_type:
            raise BundleError(
                f"The models are made for different kinds of image: {cards[0].name} for {first.in_words()}, "
                f"{card.name} for {scope.in_words()}"
            )
        if scope.age_years is not None:
            low, high = age_years or scope.age_years
            age_years = (max(low, scope.age_years[0]), min(high, scope.age_years[1]))
        if scope.views is not None:
            views = tuple(view for view in views or scope.views if view in scope.views)
        if views == () or (age_years is not None and age_years[0] >= age_years[1]):
            raise BundleError(
                "The models are made for different patients or views, with nothing in the scope of all: "
                f"{cards[0].name} for {first.in_words()}, {card.name} for {scope.in_words()}"
            )
    tolerated = [part for part in first.unknown_tolerated if all(part in c.scope.unknown_tolerated for c in cards)]
    return Scope(xray_type=first.xray_type, age_years=age_years, views=views, unknown_tolerated=tuple(tolerated))


def _lungs(cards: Sequence[Card]) -> str | None:
    """The lung bundle that all were trained with; a member that does not tell takes that of the others."""
    known = {card.training.lungs_sha256: card.name for card in cards if card.training.lungs_sha256 is not None}
    if cards[0].preprocess.needs_lungs and len(known) > 1:
        raise BundleError(
            f"{' and '.join(known.values())} cut their images to lungs that different networks drew. Read with each "
            "alone"
        )
    return next(iter(known), None) if cards[0].preprocess.needs_lungs else None
