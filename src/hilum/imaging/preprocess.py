"""What happens to pixels between the decoder and a network: one saved specification, one function.

Training and reading call `apply_steps` and `normalise` with the same spec, so that what is trained is what reads; the
geometry that comes back leads every heatmap and box home to native pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hilum.errors import UsageError
from hilum.geometry import Box, Geometry
from hilum.radiograph import Pixels

ModelArray = npt.NDArray[np.float32]

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

SMALLEST_CROP_PX = 16
"""A lung box with a shorter side than this, cut to the picture, shows no lungs: the whole picture is taken."""

LEAST_STRETCHED = 1 / 255
"""Percentiles nearer to each other than this, in units of the [0, 1] range, are not stretched."""


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CropLungs(_Step):
    """Cut the picture to the lung box that comes with it; see `crop_to_lungs`. Only the first step may do this.

    The box is data beside the pixels: imaging never looks for lungs.
    """

    step: Literal["crop-lungs"] = "crop-lungs"


class Equalise(_Step):
    """Histogram equalisation over the whole image, with `levels` equal bins of the range [0, 1]."""

    step: Literal["equalise"] = "equalise"
    levels: int = Field(default=256, ge=2, le=65536)


class StretchGreys(_Step):
    """Stretch the grey scale of the whole image: percentile `low` goes to 0 and `high` to 1, what lies beyond is cut.

    Very dark and washed-out pictures of the same chest then look alike. See `stretch_greys`.
    """

    step: Literal["stretch-greys"] = "stretch-greys"
    low: float = Field(default=1.0, ge=0.0, lt=50.0)
    high: float = Field(default=99.0, gt=50.0, le=100.0)


class Resize(_Step):
    """Resize to `height` x `width` pixels; every filter is area-aware when it shrinks (Pillow's convolution).

    `rule`: `stretch` ignores the aspect, `letterbox` keeps it and pads evenly with `pad_value`, `cover` keeps it and
    cuts what stands over evenly. With `zoom` above 1, `cover` makes the picture that much larger and cuts more:
    resizing to 256 and taking the middle 224 is `cover` to 224 with a zoom of 256 / 224.
    """

    step: Literal["resize"] = "resize"
    height: int = Field(ge=1, le=8192)
    width: int = Field(ge=1, le=8192)
    rule: Literal["stretch", "letterbox", "cover"]
    filter: Literal["nearest", "box", "bilinear", "bicubic", "lanczos"] = "bilinear"
    pad_value: float = Field(default=0.0, ge=0.0, le=1.0)
    zoom: float = Field(default=1.0, ge=1.0, le=4.0)

    @model_validator(mode="after")
    def _only_what_covers_zooms(self) -> Self:
        if self.zoom != 1.0 and self.rule != "cover":
            raise ValueError(
                f"a zoom of {self.zoom} does not go with the rule {self.rule}; it is for the rule cover alone"
            )
        return self


Step = Annotated[CropLungs | Equalise | Resize | StretchGreys, Field(discriminator="step")]


class PreprocessSpec(BaseModel):
    """The ordered steps, then `(x - mean) / std` for each of `channels` copies of the grey image.

    `mean` and `std` are in units of the [0, 1] range and hold one value a channel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[Step, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @model_validator(mode="after")
    def _mean_and_std_go_together(self) -> Self:
        if not self.mean or len(self.mean) != len(self.std) or min(self.std) <= 0:
            raise ValueError(
                f"there must be as many means as standard deviations, and these above 0, not {self.mean} and {self.std}"
            )
        return self

    @model_validator(mode="after")
    def _lungs_are_cropped_first(self) -> Self:
        if any(isinstance(step, CropLungs) for step in self.steps[1:]):
            raise ValueError("crop-lungs must be the first step or absent: the lung box is in native pixels")
        return self

    @property
    def needs_lungs(self) -> bool:
        """Whether the first step cuts the picture to its lung box."""
        return bool(self.steps) and isinstance(self.steps[0], CropLungs)

    @property
    def channels(self) -> int:
        """How many copies of the grey image the network takes."""
        return len(self.mean)

    @property
    def output_size(self) -> tuple[int, int] | None:
        """Rows and columns of the model's input, or None where no step fixes them."""
        sizes = [(step.height, step.width) for step in self.steps if isinstance(step, Resize)]
        return sizes[-1] if sizes else None


@dataclass(frozen=True, slots=True, eq=False)
class ModelInput:
    """`array` is float32 (C, H, W), normalised; `geometry` maps its pixels to native pixels."""

    array: ModelArray
    geometry: Geometry


def preprocess(pixels: Pixels, *, spec: PreprocessSpec, lung_box: Box | None = None) -> ModelInput:
    """Apply the whole spec to pixels (H, W) in [0, 1]; `lung_box` is in native pixels, for a spec that crops to it."""
    grey, geometry = apply_steps(pixels, spec=spec, lung_box=lung_box)
    return ModelInput(normalise(grey, spec=spec), geometry)


def apply_steps(pixels: Pixels, *, spec: PreprocessSpec, lung_box: Box | None = None) -> tuple[Pixels, Geometry]:
    """The steps before normalisation: pixels (H, W) in [0, 1] in, the same kind out, with the way back.

    A spec that crops to the lungs takes the whole picture where `lung_box` is None: nobody could draw them. Another
    spec does not look at it. Training augments what this returns and then calls `normalise`.
    """
    geometry = Geometry.identity()
    for step in spec.steps:
        if isinstance(step, CropLungs):
            pixels, inner = crop_to_lungs(pixels, box=lung_box)
        elif isinstance(step, Equalise):
            pixels, inner = equalise(pixels, levels=step.levels), Geometry.identity()
        elif isinstance(step, StretchGreys):
            pixels, inner = stretch_greys(pixels, step=step), Geometry.identity()
        else:
            pixels, inner = resize(pixels, step=step)
        geometry = geometry.after(inner)
    return pixels, geometry


def crop_to_lungs(pixels: Pixels, *, box: Box | None) -> tuple[Pixels, Geometry]:
    """The part of pixels (H, W) that `box` covers, as a view, and the way back; see `crop_box`."""
    rows, columns = pixels.shape
    cut = crop_box(box, rows=rows, columns=columns)
    if cut is None:
        return pixels, Geometry.identity()
    left, top, right, bottom = cut
    return pixels[top:bottom, left:right], Geometry(1.0, 1.0, float(left), float(top))


def crop_box(box: Box | None, *, rows: int, columns: int) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of `box` in whole native pixels outwards, cut to a picture of the given size.

    None, for the whole picture, where there is no box or where less than `SMALLEST_CROP_PX` of a side is left of it.
    Raises `UsageError` for a box that is not finite.
    """
    if box is None:
        return None
    if not all(map(math.isfinite, box.as_list())):
        raise UsageError(f"the lung box holds values that are not finite: {box.as_list()}")
    left, top = max(math.floor(box.x), 0), max(math.floor(box.y), 0)
    right, bottom = min(math.ceil(box.x + box.width), columns), min(math.ceil(box.y + box.height), rows)
    return (left, top, right, bottom) if min(right - left, bottom - top) >= SMALLEST_CROP_PX else None


def normalise(grey: Pixels, *, spec: PreprocessSpec) -> ModelArray:
    """Grey (H, W) in [0, 1] to the network's float32 (C, H, W)."""
    out = np.empty((spec.channels, *grey.shape), np.float32)
    for channel, (mean, std) in enumerate(zip(spec.mean, spec.std, strict=True)):
        np.subtract(grey, np.float32(mean), out=out[channel])
        out[channel] /= np.float32(std)
    return out


def equalise(pixels: Pixels, *, levels: int) -> Pixels:
    """Histogram equalisation of (H, W) in [0, 1]: each level goes to the share of pixels at or below it.

    The lowest level present goes to 0 and the highest to 1; a constant image stays as it is.
    """
    level = np.minimum((pixels * levels).astype(np.int64), levels - 1)
    counts = np.bincount(level.ravel(), minlength=levels)
    cumulative = np.cumsum(counts)
    lowest = counts[np.flatnonzero(counts)[0]]
    if lowest == level.size:
        return pixels
    table = np.clip((cumulative - lowest) / (level.size - lowest), 0.0, 1.0).astype(np.float32)
    return np.asarray(table[level], np.float32)


def stretch_greys(pixels: Pixels, *, step: StretchGreys) -> Pixels:
    """(H, W) in [0, 1] with `step`'s percentiles brought to 0 and 1; an image with hardly a grey between stays.

    Percentiles are of all pixels, interpolated linearly between neighbours in their order. The image stays as it is
    where they lie nearer than a 255th of the range: noise would be blown up to a picture.
    """
    low, high = np.percentile(pixels, (step.low, step.high)).astype(np.float32)
    if high - low < LEAST_STRETCHED:
        return pixels
    return np.asarray(np.clip((pixels - low) / (high - low), 0.0, 1.0), np.float32)


def stretched_again(pixels: Pixels, *, spec: PreprocessSpec) -> Pixels:
    """A picture of the prepared size (H, W) in [0, 1], changed after its steps, with its greys as they would make them.

    Without a step that stretches greys it stays as it is.
    """
    for step in spec.steps:
        if isinstance(step, StretchGreys):
            pixels = stretch_greys(pixels, step=step)
    return pixels


def resize(pixels: Pixels, *, step: Resize) -> tuple[Pixels, Geometry]:
    """Resize (H, W) by `step`'s rule; the geometry maps the result back to what came in."""
    rows, columns = pixels.shape
    if step.rule == "stretch":
        geometry = Geometry(columns / step.width, rows / step.height, 0, 0)
        return _resample(pixels, step.height, step.width, geometry, step.filter), geometry
    ratios = step.height / rows, step.width / columns
    ratio = min(ratios) if step.rule == "letterbox" else max(ratios) * step.zoom
    height, width = max(1, round(rows * ratio)), max(1, round(columns * ratio))
    top, left = (step.height - height) // 2, (step.width - width) // 2
    scale_x, scale_y = columns / width, rows / height
    geometry = Geometry(scale_x, scale_y, -left * scale_x, -top * scale_y)
    if step.rule == "cover":
        return _resample(pixels, step.height, step.width, geometry, step.filter), geometry
    canvas = np.full((step.height, step.width), step.pad_value, np.float32)
    whole = Geometry(scale_x, scale_y, 0, 0)
    canvas[top : top + height, left : left + width] = _resample(pixels, height, width, whole, step.filter)
    return canvas, geometry


def _resample(pixels: Pixels, height: int, width: int, geometry: Geometry, filter_name: str) -> Pixels:
    """The part of `pixels` that an output of `height` x `width` covers under `geometry`.

    Only that part is resampled, so that a very long image is never blown up before it is cut.
    """
    rows, columns = pixels.shape
    if (rows, columns) == (height, width) and geometry == Geometry.identity():
        return pixels
    left, top = geometry.point(0, 0)
    right, bottom = geometry.point(width, height)
    region = (max(left, 0.0), max(top, 0.0), min(right, float(columns)), min(bottom, float(rows)))
    image = Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), _FILTERS[filter_name], box=region)
    return np.clip(np.asarray(image, np.float32), 0.0, 1.0)
