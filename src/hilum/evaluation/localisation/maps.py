"""Who draws the maps that are judged: a source of maps, and the one that reads with a bundle, as `hilum read` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.datasets.records.label_values import own_label
from hilum.datasets.records.record import Record
from hilum.errors import BundleError
from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Geometry
from hilum.radiograph import Pixels
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import Examination, FailedReading
from hilum.stated import Stated

OWN = "own"
"""The method that a bundle's card declares: what `hilum read` draws."""
TURNED = "its file stores the picture turned or mirrored, and boxes of the file do not fit the upright picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How a map is made: `title` in a table, `note` what a reader must know of it, as sentences."""

    title: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnMaps:
    """Of one picture: its pixels, the model's probability of each label, and its maps by label and method.

    Maps lead to native pixels.
    """

    pixels: Pixels
    probabilities: Mapping[str, float]
    maps: Mapping[str, Mapping[str, PlacedMap]]


@dataclass(frozen=True, slots=True)
class Unread:
    """Why there are no maps of a picture; `detail` says more, or is empty."""

    reason: str
    detail: str = ""


class MapSource(Protocol):
    """Draws maps of pictures by one or more methods; `labels` are the model's, by their canonical names."""

    @property
    def methods(self) -> Mapping[str, Method]:
        """What it draws, by key."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it can draw maps of."""

    def draw(self, wanted: Sequence[tuple[Record, tuple[str, ...]]]) -> Iterator[DrawnMaps | Unread]:
        """Of each record, in order, the maps of the labels that are wanted of it."""


class BundleMaps:
    """The maps that a bundle's own reading gives, one a label; any kind of specialist that has heatmaps.

    `lungs` draws the lungs for a model that reads crops. Raises `BundleError` where the bundle is no specialist or has
    no heatmaps.
    """

    def __init__(self, bundle: Bundle, *, lungs: Bundle | None = None) -> None:
        card = bundle.card
        if card.role != "specialist":
            raise BundleError(
                f"{card.name} is of kind {card.kind}, and only a model of findings has heatmaps to judge. Name another "
                "one"
            )
        if card.heatmap.method == "none":
            raise BundleError(f"{card.name} has no heatmaps, as its card says. Name another model")
        self._card = card
        self._reader = Reader(
            models=[bundle] if lungs is None else [bundle, lungs], settings=ReaderSettings(heatmaps="all")
        )

    @property
    def methods(self) -> Mapping[str, Method]:
        """One: what the card declares."""
        return {OWN: own_method(self._card)}

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of the card."""
        return tuple(map(own_label, self._card.label_names))

    def draw(self, wanted: Sequence[tuple[Record, tuple[str, ...]]]) -> Iterator[DrawnMaps | Unread]:
        """Read every picture once, in batches; what lies outside the model's scope is drawn all the same."""
        sources = (record.path for record, _ in wanted)
        outcomes = self._reader.examine_many(sources, stated=Stated(assume_scope=True))
        for (record, labels), outcome in zip(wanted, outcomes, strict=True):
            yield self._drawn(outcome, record=record, labels=labels)

    def _drawn(
        self, outcome: Examination | FailedReading, *, record: Record, labels: Sequence[str]
    ) -> DrawnMaps | Unread:
        if isinstance(outcome, FailedReading):
            # the path of the file stays out of a table that may leave this machine
            reason = outcome.message.replace(str(record.path), record.path.name)
            return Unread("could not be read", f"{outcome.kind}: {reason}")
        if outcome.radiograph.source.stored is not None:
            return Unread(TURNED)
        found = {
            own_label(heatmap.finding): PlacedMap(heatmap.grid, heatmap.geometry)
            for heatmap in outcome.heatmaps
            if heatmap.model == self._card.name
        }
        probabilities = {own_label(one.name): one.probability for one in outcome.reading.findings}
        if not set(labels) <= set(found):
            return Unread("the model gave no heatmap of it")
        return DrawnMaps(
            pixels=outcome.radiograph.pixels,
            probabilities=probabilities,
            maps={label: {OWN: found[label]} for label in labels},
        )


def own_method(card: Card) -> Method:
    """What the heatmap of a card is called beside others."""
    if card.heatmap.method == "occlusion":
        return Method(title="occlusion", note="By occlusion: what the logit falls by where a square is hidden.")
    if card.kind == "classifier":
        return Method(
            title="class map",
            note="What a reading draws: what each cell adds to the logit, which is Grad-CAM before its ReLU. XGrad-CAM "
            "is the same picture as Grad-CAM for a network that ends in average pooling and one linear layer, as this "
            "one does.",
        )
    if card.kind == "lung-pooled":
        return Method(
            title="class map inside the lungs",
            note="The positive part of what each cell inside the lungs adds to the logit, which is Grad-CAM there.",
        )
    return Method(
        title="heatmap of the reading",
        note="What a reading draws: the positive part of the sum of the networks' class maps.",
    )


def in_frame(placed: PlacedMap, *, shape: tuple[int, int], frame: tuple[int, int]) -> PlacedMap:
    """A map of a picture of `shape` (rows, columns) in pixels of the same picture at the size of `frame`."""
    from_native = Geometry(frame[1] / shape[1], frame[0] / shape[0], 0.0, 0.0)
    return PlacedMap(placed.grid, from_native.after(placed.geometry))
