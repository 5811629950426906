"""From one decoded frame to the picture that everybody sees: its grey range, then upright, then square pixels."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.imaging.pixels.aspect import MOST, is_square, square_shape, with_square_pixels
from hilum.imaging.pixels.grey import DecodedPicture
from hilum.imaging.pixels.grey_range import fill_range
from hilum.imaging.pixels.limits import Limits
from hilum.imaging.pixels.orientation import swaps_sides, upright
from hilum.radiograph import Pixels, StoredGrid, TrailStep


@dataclass(frozen=True, slots=True, eq=False)
class ShownPicture:
    """Pixels float32 (H, W) in [0, 1] as every later stage sees them, with all steps and warnings so far.

    `stored` says how the file stores them, None where just so.
    """

    pixels: Pixels
    stored: StoredGrid | None
    trail: tuple[TrailStep, ...]
    warnings: tuple[str, ...]


def as_shown(picture: DecodedPicture, *, limits: Limits) -> ShownPicture:
    """The picture as it is shown and read."""
    declared = [step.detail for step in picture.trail if step.step in ("window", "range")]
    ranged = fill_range(picture.pixels, declared=declared[-1] if declared else "declared by the file")
    pixels, ratio = ranged.pixels, picture.aspect
    rows, columns = pixels.shape
    trail = [*picture.trail, *ranged.trail]
    warnings = [*picture.warnings, *ranged.warnings]
    if picture.orientation != 1:
        pixels = upright(pixels, orientation=picture.orientation)
        ratio = 1 / ratio if swaps_sides(picture.orientation) else ratio
        trail.append(TrailStep("orientation", f"turned upright from {picture.oriented_by}"))
    elif picture.oriented_by:
        trail.append(TrailStep("orientation", f"as stored, {picture.oriented_by}"))
    refusal = _why_not(ratio, pixels=pixels, limits=limits)
    if refusal:
        warnings.append(refusal)
    elif not is_square(ratio):
        before = "{} x {}".format(*pixels.shape)
        pixels = with_square_pixels(pixels, ratio=ratio)
        after = "{} x {}".format(*pixels.shape)
        trail.append(TrailStep("aspect", f"{before} to {after} pixels, bilinear: {_in_words(ratio)}"))
        warnings.append(f"{_in_words(ratio)}: the picture was resampled to square pixels")
    as_it_is = picture.orientation == 1 and pixels.shape == (rows, columns)
    stored = None if as_it_is else StoredGrid(rows, columns, picture.orientation)
    return ShownPicture(pixels, stored, tuple(trail), tuple(warnings))


def _why_not(ratio: float, *, pixels: Pixels, limits: Limits) -> str:
    """Why pixels that are not square stay as they are; empty where they are square or can be resampled."""
    if is_square(ratio):
        return ""
    if max(ratio, 1 / ratio) > MOST:
        return f"{_in_words(ratio)}, which cannot be right: the picture is shown as it is stored"
    rows, columns = square_shape(*pixels.shape, ratio=ratio)
    if rows * columns > limits.max_pixels:
        return f"{_in_words(ratio)}, but square ones would be too many: the picture is shown distorted"
    return ""


def _in_words(ratio: float) -> str:
    if ratio > 1:
        return f"the pixels are {ratio:.4g} times as high as wide"
    return f"the pixels are {1 / ratio:.4g} times as wide as high"
