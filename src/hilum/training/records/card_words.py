"""The words of a card: the recipe's where the training is what they were written for, else what the user states.

A text that says "fourteen findings, ChestX-ray14" is true of those releases and labels alone. Trained on anything else,
the card has what `hilum train --title --intended-use --licence` says, or the mark that nobody stated it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.bundle.card import Scope
from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import citation_of
from hilum.training.recipe.recipe import CardText, Recipe

NOT_STATED = "not stated by who trained it"
NOT_A_DEVICE = "Diagnosis, triage or any decision about a patient: this is not a medical device."


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedWords:
    """What whoever trains says of the model; None where nothing is said."""

    title: str | None = None
    intended_use: str | None = None
    licence: str | None = None


NOTHING_STATED = StatedWords()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWords:
    """The words that a card gets; `licence` holds the terms alone."""

    name: str
    title: str
    scope: Scope
    intended_use: str
    not_for: tuple[str, ...]
    limits: tuple[str, ...]
    licence: str


def card_words(recipe: Recipe, *, stated: StatedWords, trained_on: Sequence[Record]) -> CardWords:
    """The words for a network of `recipe` that was fitted on the records `trained_on`."""
    text = recipe.card
    if is_about(text, recipe=recipe):
        return CardWords(
            name=recipe.name,
            title=stated.title or text.title,
            scope=text.scope,
            intended_use=stated.intended_use or text.intended_use,
            not_for=text.not_for,
            limits=text.limits,
            licence=stated.licence or text.weights_licence,
        )
    return CardWords(
        name=f"own-{recipe.name}" if recipe.name == text.recipe else recipe.name,
        title=stated.title or f"{', '.join(recipe.last.labels)} (title {NOT_STATED})",
        scope=scope_of(text.scope, trained_on=trained_on),
        intended_use=stated.intended_use or f"Intended use: {NOT_STATED}.",
        not_for=(NOT_A_DEVICE, f"Whatever else it must not be used for: {NOT_STATED}."),
        limits=(f"Limits: {NOT_STATED}.",),
        licence=stated.licence or f"terms {NOT_STATED}",
    )


def is_about(text: CardText, *, recipe: Recipe) -> bool:
    """Whether the recipe trains on the releases, and for the labels, that the text was written for."""
    return set(text.releases) == set(recipe.releases) and set(text.labels) == set(recipe.last.labels)


Folders = Mapping[str, Sequence[Path]]
"""The folders, or the table, that each release was read from."""

NO_FOLDERS: Folders = {}


def cited_data(records: Sequence[Record], *, folders: Folders = NO_FOLDERS) -> tuple[str, ...]:
    """One line for each release among the records that were read: its citation and terms, and how many images.

    Images of one's own are called by the name of their folder or table, where `folders` has it.
    """
    counts = Counter(record.source for record in records)
    return tuple(f"{_citation(source, folders=folders)}: {count:,} images" for source, count in counts.items())


def licence_of_weights(
    terms: str, *, trained_on: Sequence[Record], started_from: Sequence[str], folders: Folders = NO_FOLDERS
) -> str:
    """The card's line: the terms, then what was really read and what was really loaded."""
    data = "; ".join(
        _citation(source, folders=folders) for source in dict.fromkeys(record.source for record in trained_on)
    )
    starts = "".join(f"; starting weights {one}" for one in started_from)
    return f"Weights: {terms}, trained on {data}{starts}."


def licence_of_many(terms: str, *, written_for: Sequence[str], data: Sequence[str], started_from: Sequence[str]) -> str:
    """The card's line for a network of many releases; `terms` hold where `data`, the lines read, are `written_for`."""
    starts = "".join(f"; starting weights {one}" for one in started_from)
    if set(data) == set(written_for):
        return f"Weights: {terms}{starts}."
    return f"Weights: terms {NOT_STATED}, trained on {'; '.join(data)}{starts}."


def _citation(source: str, *, folders: Folders) -> str:
    called = ", ".join(dict.fromkeys(folder.resolve().name for folder in folders.get(source, ()))) or source
    return citation_of(source) or f"images of one's own ({called}), source and terms {NOT_STATED}"


def scope_of(scope: Scope, *, trained_on: Sequence[Record]) -> Scope:
    """The ages and views of the images, where they are known; else those that the recipe is for."""
    ages = [record.age_years for record in trained_on if record.age_years is not None]
    views = tuple(view for view in ("PA", "AP", "LL") if any(record.view == view for record in trained_on))
    changes: dict[str, object] = {}
    if ages:
        changes["age_years"] = (float(math.floor(min(ages))), float(math.ceil(max(ages))))
    if views:
        changes["views"] = views
    return scope.changed(changes)
