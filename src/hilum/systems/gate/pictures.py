"""The pictures that a gate learns from: loaded small, trimmed, drawn by group, framed and changed at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from hilum.datasets.records.record import Record
from hilum.datasets.renderings.renderings import FAMILIES, render
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import PreprocessSpec, Resize, apply_steps, normalise
from hilum.radiograph import Pixels
from hilum.systems.gate.data.releases import ViewTold, view_told
from hilum.systems.gate.frames import Framing, Grey, crop_to_aspect, draw_frame, trim_bars
from hilum.systems.gate.losses import NO_TARGET, UNASKED, target_row
from hilum.training.data.images import IN_MEMORY, Preparation, load_images
from hilum.training.recipe.augment import Augmentation, augment

LOADED_SIDE_PX = 288
"""Pictures are kept at this longer side, which is more than any network here sees."""

LOADED_SPEC = PreprocessSpec(
    steps=(Resize(height=LOADED_SIDE_PX, width=LOADED_SIDE_PX, rule="letterbox", filter="bilinear"),),
    mean=(0.5,),
    std=(0.5,),
)
"""Brings a picture to that side; the bars of the letterbox are trimmed again."""


@dataclass(frozen=True, slots=True, eq=False)
class GatePicture:
    """One picture in memory: `grey` uint8 (H, W), trimmed of bars, and `plain` (S, S) as reading sees it.

    `xray_type` is None for what is no radiograph and for a radiograph of none of the types. `view` is what is known of
    a chest's view.
    """

    grey: Grey
    plain: Grey
    name: str
    source: str
    group: str
    is_xray: bool
    xray_type: str | None
    view: ViewTold | None = None

    @property
    def aspect(self) -> float:
        """Width over height."""
        return float(self.grey.shape[1]) / float(self.grey.shape[0])


def load_pictures(
    records: Sequence[Record], *, spec: PreprocessSpec, preparation: Preparation = IN_MEMORY
) -> tuple[GatePicture, ...]:
    """Decode every record as reading does, or take it from the cache; `spec` is the recipe's, for what reading sees.

    Raises `DataError` for a record that does not say whether it is a radiograph, and what decoding raises.
    """
    for record in records:
        if record.is_xray is None:
            raise DataError(f"Nothing says whether {record.source} {record.image} is a radiograph. Leave it out")
    if not records:
        return ()
    large, plain = (
        load_images(records, spec=each, labels=(), preparation=preparation).grey for each in (LOADED_SPEC, spec)
    )
    return tuple(
        GatePicture(
            grey=np.ascontiguousarray(trim_bars(_levels(large[index]))),
            plain=_levels(plain[index]),
            name=record.image,
            source=record.source,
            group=record.patient,
            is_xray=bool(record.is_xray),
            xray_type=record.xray_type,
            view=view_told(record),
        )
        for index, record in enumerate(records)
    )


def render_pictures(seeds: Sequence[int], *, spec: PreprocessSpec) -> tuple[GatePicture, ...]:
    """One rendering a seed, families in turn."""
    return tuple(_rendered(FAMILIES[seed % len(FAMILIES)], seed=seed, spec=spec) for seed in seeds)


def as_read(grey: Grey, *, spec: PreprocessSpec) -> Grey:
    """What reading would show the network of a picture (H, W), before normalisation, rounded to 8 bits."""
    unit, _ = apply_steps(to_unit(grey, bits=8), spec=spec)
    return _levels(unit)


def small(grey: Grey) -> Grey:
    """Shrunk to `LOADED_SIDE_PX` where larger, then trimmed of bars."""
    image = Image.fromarray(grey)
    ratio = LOADED_SIDE_PX / max(image.size)
    if ratio < 1:
        size = max(1, round(image.width * ratio)), max(1, round(image.height * ratio))
        image = image.resize(size, Image.Resampling.BILINEAR)
    return np.ascontiguousarray(trim_bars(np.asarray(image)))


def _rendered(family: str, *, seed: int, spec: PreprocessSpec) -> GatePicture:
    grey, name = render(family, seed=seed), f"{family}/{seed}"
    return GatePicture(small(grey), as_read(grey, spec=spec), name, f"rendering: {family}", name, False, None)


def _levels(unit: Pixels) -> Grey:
    return np.rint(unit * 255).astype(np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChestChanges:
    """Faults put into chests, so that a network can name them: probabilities, and areas that stay after a crop.

    A crop within `strong_crop_area` counts as a fault; any other keeps at least `mild_crop_area`.
    """

    turned: float = 0.3
    inverted: float = 0.2
    cropped: float = 0.2
    strong_crop_area: tuple[float, float] = (0.12, 0.4)
    mild_crop_area: float = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class ChangedChest:
    """A chest with its faults: `turn` indexes `TURNS_DEG`."""

    grey: Grey
    turn: int
    inverted: bool
    cropped: bool


def change_chest(grey: Grey, *, changes: ChestChanges, rng: np.random.Generator) -> ChangedChest:
    """Crop, turn counter-clockwise and invert, each by chance."""
    cropped = bool(rng.random() < changes.cropped)
    area = rng.uniform(*changes.strong_crop_area) if cropped else rng.uniform(changes.mild_crop_area, 1.0)
    grey = crop_area(grey, area=float(area), rng=rng)
    turn = int(rng.integers(1, 4)) if rng.random() < changes.turned else 0
    inverted = bool(rng.random() < changes.inverted)
    grey = np.rot90(grey, turn)
    return ChangedChest(255 - grey if inverted else grey, turn, inverted, cropped)


def crop_area(grey: Grey, *, area: float, rng: np.random.Generator) -> Grey:
    """A window of the picture's own aspect with the share `area`, at a random place."""
    rows, columns = (max(8, round(side * area**0.5)) for side in grey.shape)
    top = int(rng.integers(0, max(0, grey.shape[0] - rows) + 1))
    left = int(rng.integers(0, max(0, grey.shape[1] - columns) + 1))
    return grey[top : top + rows, left : left + columns]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GateChanges:
    """All that is drawn for a training picture; `flipped`, `turned` and `inverted` are for pictures but chests.

    `other_area` is the range of the share that stays of a picture that is no radiograph: any part of it is none either.
    A part of a radiograph is one too, and so are two side by side, of whatever type: `part` and `pair` are how often
    such are shown, with the share `part_area`, so that what makes a radiograph is learnt apart from what it shows.
    """

    framing: Framing
    augmentation: Augmentation
    chest: ChestChanges
    flipped: float = 0.5
    turned: float = 0.15
    inverted: float = 0.1
    other_area: tuple[float, float] = (0.4, 1.0)
    part: float = 0.0
    part_area: tuple[float, float] = (0.12, 0.5)
    pair: float = 0.0


class GateTrainingImages(Dataset[tuple[Tensor, Tensor]]):
    """Framed, changed, normalised pictures (C, S, S) with their row of targets; indexed by (picture, seed).

    `aspects` are those of radiographs as often as they are drawn; what is no radiograph gets one of them.
    """

    def __init__(
        self, pictures: Sequence[GatePicture], *, spec: PreprocessSpec, changes: GateChanges, aspects: Sequence[float]
    ) -> None:
        self._pictures, self._spec, self._changes = pictures, spec, changes
        self._aspects = np.asarray(aspects, np.float64)
        kinds = np.array([picture.is_xray for picture in pictures])
        self._alike = {is_xray: np.flatnonzero(kinds == is_xray) for is_xray in (True, False)}

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, draw: tuple[int, int]) -> tuple[Tensor, Tensor]:
        index, seed = draw
        picture, rng = self._pictures[index], np.random.default_rng(seed)
        grey, row = self._changed(picture, rng)
        framed, _ = draw_frame(grey, framing=self._changes.framing, rng=rng)
        unit = torch.from_numpy(to_unit(framed, bits=8))
        changed = augment(unit, settings=self._changes.augmentation, seed=seed)
        return torch.from_numpy(normalise(changed.numpy(), spec=self._spec)), row

    def _changed(self, picture: GatePicture, rng: np.random.Generator) -> tuple[Grey, Tensor]:
        if self._changes.part + self._changes.pair > 0:  # else no number is drawn
            how = rng.random()
            if how < self._changes.pair:
                return self._pair(picture, rng), target_row(picture.is_xray, UNASKED)
            if how < self._changes.pair + self._changes.part:
                area = float(rng.uniform(*self._changes.part_area))
                return self._turned(crop_area(picture.grey, area=area, rng=rng), rng), target_row(
                    picture.is_xray, UNASKED
                )
        type_index = NO_TARGET if picture.xray_type is None else XRAY_TYPES.index(picture.xray_type)
        if picture.xray_type == "chest":
            return self._chest(picture, rng)
        grey = picture.grey
        if not picture.is_xray:
            grey = crop_area(grey, area=float(rng.uniform(*self._changes.other_area)), rng=rng)
            grey = crop_to_aspect(grey, aspect=float(rng.choice(self._aspects)), rng=rng)
        return self._turned(grey, rng), target_row(picture.is_xray, type_index)

    def _chest(self, picture: GatePicture, rng: np.random.Generator) -> tuple[Grey, Tensor]:
        """A chest with its faults; one from the side is mirrored as often as not, since both sides are taken."""
        grey = picture.grey
        if picture.view == "LL" and rng.random() < self._changes.flipped:
            grey = grey[:, ::-1]
        chest = change_chest(grey, changes=self._changes.chest, rng=rng)
        row = target_row(
            True,
            XRAY_TYPES.index("chest"),
            turn=chest.turn,
            inverted=chest.inverted,
            cropped=chest.cropped,
            view=None if chest.cropped else picture.view,  # a part need not show the view
        )
        return chest.grey, row

    def _turned(self, grey: Grey, rng: np.random.Generator) -> Grey:
        if rng.random() < self._changes.flipped:
            grey = grey[:, ::-1]
        if rng.random() < self._changes.turned:
            grey = np.rot90(grey, int(rng.integers(1, 4)))
        if rng.random() < self._changes.inverted:
            grey = 255 - grey
        return grey

    def _pair(self, picture: GatePicture, rng: np.random.Generator) -> Grey:
        other = self._pictures[int(rng.choice(self._alike[picture.is_xray]))].grey
        sides = (picture.grey, other) if rng.random() < 0.5 else (other, picture.grey)
        return beside(*(self._turned(side, rng) for side in sides), upright=bool(rng.random() < 0.5))


def beside(first: Grey, second: Grey, *, upright: bool) -> Grey:
    """Both pictures in one, at the same height side by side, or at the same width one above the other."""
    if upright:
        return np.ascontiguousarray(beside(first.T, second.T, upright=False).T)
    height = min(first.shape[0], second.shape[0])
    scaled = [
        Image.fromarray(np.ascontiguousarray(grey)).resize(
            (max(1, round(grey.shape[1] * height / grey.shape[0])), height), Image.Resampling.BILINEAR
        )
        for grey in (first, second)
    ]
    return np.concatenate([np.asarray(image) for image in scaled], axis=1)
