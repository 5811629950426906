"""Every label of a card fitted on somebody's own images, each on those whose reading it is.

A fusion has two lists of labels that decide: its own, for pictures whose lungs are trusted, and its whole-image
branch's, for the others. Each is fitted on its own pictures. Where those of the branch are too few, what was chosen
elsewhere would stand beside what was fitted or withdrawn here, so that the branch decides no more. A view in which a
label is not decided stays so, unless enough of these images are of it and show that the label is told there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.bundle.card import Card
from hilum.bundle.label import Label, ViewNotReliable
from hilum.evaluation.calibrating.fit_label import FittedLabel, fit_label, no_better_than_chance, withdrawn
from hilum.evaluation.calibrating.own_images import OwnImages
from hilum.evaluation.calibrating.rule import PointRule
from hilum.statistics.outcomes import BoolArray

NOT_IN_DATA = "no image has a known truth of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedLabels:
    """The card's labels and, of a fusion, those of its whole-image branch; in order, whether fitted or not."""

    labels: tuple[FittedLabel, ...]
    whole_labels: tuple[FittedLabel, ...] = ()

    @property
    def fitted(self) -> tuple[str, ...]:
        """The names of the labels that were fitted, each once."""
        both = (*self.labels, *self.whole_labels)
        return tuple(dict.fromkeys(one.label.name for one in both if one.label.fit is not None and not one.unfitted))


def fit_labels(
    images: OwnImages, *, card: Card, chosen: Sequence[str], rule: PointRule, name: str, date: str
) -> FittedLabels:
    """Fit the labels named in `chosen` on `images`, which the card calls `name`; the others stay as they were."""
    every = np.ones(images.n, np.bool_)

    def fit(labels: Sequence[Label], among: BoolArray, which: str) -> tuple[FittedLabel, ...]:
        return tuple(
            _fit(images, column, label, among, rule=rule, name=f"{name}{which}", date=date)
            if label.name in chosen
            else FittedLabel(label=label)
            for column, label in enumerate(labels)
        )

    if card.fusion is None:
        return FittedLabels(labels=fit(card.labels, every, ""))
    fused = fit(card.labels, images.cropped, ", lungs trusted")
    alone = fit(card.fusion.whole_labels, ~images.cropped, ", lungs not trusted")
    return FittedLabels(labels=fused, whole_labels=tuple(map(_not_beside, alone, fused)))


def _fit(
    images: OwnImages, column: int, label: Label, among: BoolArray, *, rule: PointRule, name: str, date: str
) -> FittedLabel:
    own = images.of_label(column, among=among)
    if not own.n:
        return FittedLabel(label=label, unfitted=NOT_IN_DATA)
    patients = np.unique(own.patients).size
    says = f"on {own.n:,} images of {patients:,} patients of {name} (SHA-256 {images.sha256[:12]}…), fitted {date}"
    made = fit_label(own, label=label, rule=rule, name=name, says=says)
    if made.unfitted is not None:
        return made
    weak = _still_weak(label, images=images, column=column, among=among)
    return FittedLabel(label=made.label.changed({"not_reliable_in": weak}))


def _still_weak(label: Label, *, images: OwnImages, column: int, among: BoolArray) -> tuple[ViewNotReliable, ...]:
    """The views in which the label was not decided, but for those of which these images show that it is told there."""
    views = np.array(images.validation.predictions.view or (None,) * images.n, object)

    def told(view: str) -> bool:
        own = images.of_label(column, among=among & (views == view))
        return own.too_few() is None and no_better_than_chance(own) is None

    return tuple(one for one in label.not_reliable_in if not told(one.view))


def _not_beside(alone: FittedLabel, fused: FittedLabel) -> FittedLabel:
    """The whole-image branch's label; it decides no more where the fusion's was fitted or withdrawn, and it was not."""
    if alone.unfitted is None or not (fused.unfitted is None or fused.withdrawn):
        return alone
    return withdrawn(alone.label, why=f"{alone.unfitted}, where lungs are not trusted")
