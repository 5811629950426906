"""Train the recipe for one's own images: their labels, their scope and their card's words come from what was read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from hilum.bundle.calibrated_on import NOT_TRIED_ELSEWHERE
from hilum.bundle.load import Bundle
from hilum.datasets.own.columns import IMAGE_COLUMN, PATIENT_COLUMN, StatedColumns
from hilum.datasets.own.label_columns import LABELS
from hilum.datasets.read_releases import read_releases, with_names
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.errors import DataError, UsageError
from hilum.findings import XRAY_TYPES
from hilum.nearest import did_you_mean
from hilum.option import Option
from hilum.progress import SILENT, Progress
from hilum.training.own.recipe import LABELS_OF_DATA, NAME, RELEASES
from hilum.training.recipe.recipe import CardText, Recipe
from hilum.training.records.card_words import scope_of
from hilum.training.records.request import TrainRequest
from hilum.training.train_classifier import ClassifierOptions, train_classifier

FEW = 20
"""With fewer patients of either outcome a label gets a caution: a decision needs as many (`hilum models calibrate`)."""

XRAY_TYPE = Option(metavar="TYPE", flag="--type", help=f"Of what the X-rays are: {', '.join(XRAY_TYPES)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyOptions(ClassifierOptions):
    """What the training on one's own images takes beside what every classifier takes."""

    labels: Annotated[str | None, LABELS] = None
    image_column: Annotated[str | None, IMAGE_COLUMN] = None
    patient_column: Annotated[str | None, PATIENT_COLUMN] = None
    xray_type: Annotated[str, XRAY_TYPE] = "chest"


PLAIN = ClassifyOptions()


def train_classify(
    recipe: Recipe, *, request: TrainRequest, own: ClassifyOptions = PLAIN, progress: Progress = SILENT
) -> Bundle | None:
    """Run the recipe on a table or class folders of one's own; it goes on where it was stopped.

    Labels are those of the data, or those of `own.labels` among them; one without both outcomes is left out, and said.
    Raises `UsageError` for options that do not fit the data, `DataError` where nothing can be learnt from them, and as
    `train_classifier` does.
    """
    if own.xray_type not in XRAY_TYPES:
        raise UsageError(
            f"--type {own.xray_type} is no type of X-ray that hilum knows"
            f"{did_you_mean(own.xray_type, among=XRAY_TYPES) or '; the types are ' + ', '.join(XRAY_TYPES)}"
        )
    request = replace(request, data=with_names(request.data, allowed=RELEASES))
    asked = _asked_labels(recipe, own=own)
    mixed = read_releases(
        request.data,
        allowed=RELEASES,
        memory=request.cache,
        patient_pattern=own.patient_pattern,
        columns=StatedColumns(image=own.image_column, patient=own.patient_column, labels=asked),
        jobs=request.jobs,
        progress=progress,
    )
    learnt = [record for record in mixed.records if not is_held_out(record)]
    labels = _labels(learnt, asked=asked, progress=progress)
    about = recipe_of(recipe, records=learnt, labels=labels, request=request, xray_type=own.xray_type)
    return train_classifier(about, request=request, own=own, progress=progress, mixed=mixed)


def recipe_of(
    recipe: Recipe, *, records: Sequence[Record], labels: Sequence[str], request: TrainRequest, xray_type: str = "chest"
) -> Recipe:
    """The recipe for `labels` on `records`, those that may be learnt from, with a card that tells of these alone."""
    names = tuple(dict.fromkeys(name for name, _ in request.data))
    called = ", ".join(dict.fromkeys(path.resolve().name for _, path in request.data))
    name = f"own-{_slug(called)}" if recipe.name == NAME else recipe.name
    listed = ", ".join(labels)
    card: CardText = replace(
        recipe.card,
        title=f"{listed} in {xray_type} X-rays, trained on images of one's own ({called})",
        scope=scope_of(recipe.card.scope.changed({"xray_type": xray_type}), trained_on=records),
        limits=_limits(records, called=called),
        recipe=name,
        releases=names,
        labels=tuple(labels),
    )
    stage = replace(recipe.last, releases=names, labels=tuple(labels))
    return replace(recipe, name=name, stages=(stage,), card=card)


def _asked_labels(recipe: Recipe, *, own: ClassifyOptions) -> tuple[str, ...] | None:
    if own.labels is None:
        return None if recipe.last.labels == LABELS_OF_DATA else recipe.last.labels
    asked = tuple(dict.fromkeys(word for part in own.labels.split(",") if (word := part.strip())))
    if not asked:
        raise UsageError("--labels names nothing; say --labels A,B")
    return asked


def _labels(records: Sequence[Record], *, asked: Sequence[str] | None, progress: Progress) -> tuple[str, ...]:
    """The labels with both outcomes, in the data's order; what is left out, or rare, is said."""
    found = dict.fromkeys(label for record in records for label in record.labels)
    kept = []
    for label in found:
        people = {value: _patients(records, label=label, value=value) for value in (1.0, 0.0)}
        lacking = [word for word, value in (("with", 1.0), ("without", 0.0)) if not people[value]]
        if lacking:
            why = f"no image {' or '.join(lacking)} {label} may be learnt from"
            if asked is not None:
                raise DataError(f"{why}, so that it cannot be learnt; leave it out of --labels")
            progress.say(f"caution: {label} is left out: {why}")
            continue
        kept.append(label)
        if min(people.values()) < FEW:
            progress.say(
                f"caution: {label}: {people[1.0]} patients with it and {people[0.0]} without; with fewer than {FEW} of "
                "either, its probabilities and decisions cannot be relied on"
            )
    if not kept:
        raise DataError(
            f"No label has images with it and without it; labels found: {', '.join(found) or 'none'}. Check the table"
        )
    return tuple(kept)


def _patients(records: Sequence[Record], *, label: str, value: float) -> int:
    return len({record.patient for record in records if record.labels.get(label) == value})


def _limits(records: Sequence[Record], *, called: str) -> tuple[str, ...]:
    known = all(record.patient_is_known for record in records)
    people = f" of {len({record.patient for record in records}):,} patients" if known else ""
    limits = [f"Made with {len(records):,} images{people} of one collection ({called}); {NOT_TRIED_ELSEWHERE}."]
    if not known:
        limits.append("Nothing told patients apart: images of one patient may stand in training and validation.")
    if all(record.age_years is None for record in records):
        limits.append("The ages of the patients are not known, so that its scope names none.")
    return (*limits, "A heatmap shows what moved the score; it is no outline of a disease.")


def _slug(called: str) -> str:
    stem = re.sub(r"\.csv(\.gz)?", "", called.casefold())
    return re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "images"
