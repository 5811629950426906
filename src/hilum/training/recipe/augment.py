"""Random changes to a training image: framing, sharpness, grey scale and noise; never a flip.

Sharpness alone nearly separates the classes of some releases (the mean gradient tells Kermany's healthy from ill at
AUROC 0.9), so an image is blurred, shrunk or sharpened at random until sharpness says little. A flip puts the heart on
the wrong side and is left to recipes that reproduce a paper.

A training step on a CPU waits for its images, so their cost counts. Nothing here starts torch's own threads, whose cost
for one image is more than their gain; `batches.py` prepares several images side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import torch
from PIL import Image
from skimage.exposure import equalize_adapthist
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.errors import UsageError
from hilum.imaging.preprocess import equalise
from hilum.radiograph import Pixels

EQUALISE_LEVELS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """Ranges and probabilities; a range is drawn uniformly.

    `crop_area` is the share of the image that stays, `aspect` the largest relative stretch of one side, `rotation_deg`
    the largest turn to either side, `blur_sigma_px` the Gaussian's standard deviation in pixels of the model's input,
    `local_contrast_sigma_px` the same for `even_out_contrast`, `adaptive_clip` and `adaptive_tiles` the clip limit and
    the tiles a side of adaptive equalisation, `shrink` the factor to which the image is reduced before
    it is enlarged again, `sharpen` the weight of an unsharp mask, `gain`, `offset` and `log_gamma` change the grey
    scale, `noise` is the largest standard deviation of white noise in units of the [0, 1] range.
    """

    crop_area: tuple[float, float] = (1.0, 1.0)
    aspect: float = 0.0
    rotation_deg: float = 0.0
    blur_probability: float = 0.0
    blur_sigma_px: tuple[float, float] = (0.3, 2.0)
    shrink_probability: float = 0.0
    shrink: tuple[float, float] = (0.4, 1.0)
    sharpen_probability: float = 0.0
    sharpen: float = 1.0
    equalise_probability: float = 0.0
    local_contrast_probability: float = 0.0
    local_contrast_sigma_px: tuple[float, float] = (6.0, 20.0)
    adaptive_probability: float = 0.0
    adaptive_clip: tuple[float, float] = (1.0, 8.0)
    adaptive_tiles: tuple[int, int] = (2, 10)
    gain: float = 0.0
    offset: float = 0.0
    log_gamma: float = 0.0
    noise: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_probability"):
                _check(0.0 <= value <= 1.0, f"{field.name} in [0, 1]", value)
            elif isinstance(value, tuple):
                most = 1.0 if field.name in ("crop_area", "shrink") else math.inf
                wanted = f"{field.name} from a lower to a higher number, above 0 and up to {most:g}"
                _check(0.0 < value[0] <= value[1] <= most and value[1] < math.inf, wanted, value)
            else:
                _check(0.0 <= value < math.inf, f"{field.name} of at least 0", value)


def _check(holds: bool, needed: str, given: object) -> None:
    if not holds:
        raise UsageError(f"The augmentation needs {needed}; given: {given}")


def augment(image: Tensor, *, settings: Augmentation, seed: int) -> Tensor:
    """One changed copy of a grey image (H, W) in [0, 1]; the same seed gives the same copy."""
    draw = torch.Generator().manual_seed(seed)
    return _change_greys(reframe(image, settings=settings, draw=draw), settings=settings, draw=draw)


def augment_with_plane(image: Tensor, plane: Tensor, *, settings: Augmentation, seed: int) -> tuple[Tensor, Tensor]:
    """The copy that `augment` gives, and a plane (H, W) that belongs to the image, framed as the copy is.

    What comes from outside the plane is 0; its values are interpolated and not changed otherwise.
    """
    draw = torch.Generator().manual_seed(seed)
    grid = drawn_frame(image.shape, settings=settings, draw=draw)
    moved = F.grid_sample(plane[None, None], grid, padding_mode="zeros", align_corners=False)[0, 0]
    return _change_greys(_framed(image, grid), settings=settings, draw=draw), moved


def _change_greys(image: Tensor, *, settings: Augmentation, draw: torch.Generator) -> Tensor:
    """Everything but the framing."""
    if _chance(settings.equalise_probability, draw):
        image = torch.from_numpy(equalise(image.numpy(), levels=EQUALISE_LEVELS))
    # without these two changes no number is drawn for them, so that older recipes draw what they drew
    if settings.adaptive_probability > 0 and _chance(settings.adaptive_probability, draw):
        image = equalise_adaptively(
            image, clip=uniform(*settings.adaptive_clip, draw), tiles=round(uniform(*settings.adaptive_tiles, draw))
        )
    if settings.local_contrast_probability > 0 and _chance(settings.local_contrast_probability, draw):
        image = even_out_contrast(image, sigma_px=uniform(*settings.local_contrast_sigma_px, draw))
    image = change_sharpness(image, settings=settings, draw=draw)
    return change_grey_scale(image, settings=settings, draw=draw)


def reframe(image: Tensor, *, settings: Augmentation, draw: torch.Generator) -> Tensor:
    """A random crop, stretch and turn in one bilinear resampling; what lies outside repeats the border."""
    return _framed(image, drawn_frame(image.shape, settings=settings, draw=draw))


def drawn_frame(shape: Sequence[int], *, settings: Augmentation, draw: torch.Generator) -> Tensor:
    """Where each pixel of a random crop, stretch and turn comes from: a grid (1, H, W, 2) as `grid_sample` takes it.

    `shape` is rows and columns. The turn is one in pixels, also where they are not as many: the grid counts in sides.
    """
    side = math.sqrt(uniform(*settings.crop_area, draw))
    stretch = math.exp(uniform(-settings.aspect, settings.aspect, draw) / 2)
    turn = math.radians(uniform(-settings.rotation_deg, settings.rotation_deg, draw))
    scale_x, scale_y = min(1.0, side * stretch), min(1.0, side / stretch)
    shift_x, shift_y = (uniform(-(1 - s), 1 - s, draw) for s in (scale_x, scale_y))
    cos, sin = math.cos(turn), math.sin(turn)
    tall, wide = shape[0] / shape[1], shape[1] / shape[0]
    along_x = [scale_x * cos, -scale_y * sin * tall, shift_x]
    along_y = [scale_x * sin * wide, scale_y * cos, shift_y]
    theta = torch.tensor([[along_x, along_y]])
    return affine_grid(theta[0], height=shape[0], width=shape[1])


def _framed(image: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(image[None, None], grid, padding_mode="border", align_corners=False)[0, 0]


def change_sharpness(image: Tensor, *, settings: Augmentation, draw: torch.Generator) -> Tensor:
    """Shrink and enlarge, blur, or sharpen, each by chance."""
    if _chance(settings.shrink_probability, draw):
        height, width = (max(8, round(side * uniform(*settings.shrink, draw))) for side in image.shape)
        image = shrink_and_enlarge(image, height=height, width=width)
    if _chance(settings.blur_probability, draw):
        image = gaussian_blur(image, sigma_px=uniform(*settings.blur_sigma_px, draw))
    if _chance(settings.sharpen_probability, draw):
        image = image + uniform(0.0, settings.sharpen, draw) * (image - gaussian_blur(image, sigma_px=1.0))
    return image.clamp(0.0, 1.0)


def change_grey_scale(image: Tensor, *, settings: Augmentation, draw: torch.Generator) -> Tensor:
    """Gamma, contrast about the mean, brightness, then white noise."""
    gamma = math.exp(uniform(-settings.log_gamma, settings.log_gamma, draw))
    grey = np.power(image.clamp(0.0, 1.0).numpy(), np.float32(gamma))
    gain = 1 + uniform(-settings.gain, settings.gain, draw)
    offset = uniform(-settings.offset, settings.offset, draw) + (1 - gain) * float(grey.mean())
    grey *= np.float32(gain)
    grey += np.float32(offset)
    deviation = uniform(0.0, settings.noise, draw)
    if deviation > 0:
        noise = torch.randn(image.shape, generator=draw).numpy()
        noise *= np.float32(deviation)
        grey += noise
    return torch.from_numpy(np.clip(grey, 0.0, 1.0, out=grey))


def shrink_and_enlarge(image: Tensor, *, height: int, width: int) -> Tensor:
    """An image (H, W) reduced to `height` x `width` and brought back to its size, both bilinear and area-aware."""
    rows, columns = image.shape
    small = Image.fromarray(image.numpy()).resize((width, height), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(small.resize((columns, rows), Image.Resampling.BILINEAR)))


def even_out_contrast(image: Tensor, *, sigma_px: float) -> Tensor:
    """Each pixel less the mean around it, over the deviation around it, as locally equalised exports look; (H, W).

    Two and a half local deviations to either side fill the range [0, 1].
    """
    mean = gaussian_blur(image, sigma_px=sigma_px)
    variance = gaussian_blur((image - mean) ** 2, sigma_px=sigma_px)
    return (0.5 + (image - mean) / (5 * (variance.sqrt() + 0.02))).clamp(0.0, 1.0)


def equalise_adaptively(image: Tensor, *, clip: float, tiles: int) -> Tensor:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994) over `tiles` regions a side; (H, W) in [0, 1].

    No grey level of a region is counted more than `clip` times as often as if all were alike. An image of one grey
    level stays as it is.
    """
    if float(image.max() - image.min()) < 1 / EQUALISE_LEVELS:
        return image
    region = [max(1, side // tiles) for side in image.shape]
    changed = equalize_adapthist(
        image.clamp(0.0, 1.0).numpy(), kernel_size=region, clip_limit=clip / EQUALISE_LEVELS, nbins=EQUALISE_LEVELS
    )
    return torch.from_numpy(changed).float()


def gaussian_blur(image: Tensor, *, sigma_px: float) -> Tensor:
    """A separable Gaussian with reflected borders, cut at three standard deviations; image is (H, W)."""
    radius = max(1, math.ceil(3 * sigma_px))
    half = np.exp(-(np.arange(radius + 1) ** 2) / (2 * sigma_px**2))
    half /= 2 * half.sum() - half[0]
    weights: list[np.float32] = list(half.astype(np.float32))
    along_rows = _symmetric_filter(image.numpy().T, weights).T
    return torch.from_numpy(_symmetric_filter(along_rows, weights))


def _symmetric_filter(image: Pixels, half: Sequence[np.float32]) -> Pixels:
    """Filter (H, W) down its columns with the kernel whose middle is `half[0]`; borders are reflected.

    Sums of whole shifted images: a tenth to two thirds of the time of torch's convolution, which is made for many
    channels.
    """
    rows, radius = len(image), len(half) - 1
    padded = np.pad(image, ((radius, radius), (0, 0)), mode="reflect")
    filtered = half[0] * image
    pair = np.empty_like(filtered)
    for reach, weight in enumerate(half[1:], start=1):
        np.add(padded[radius - reach : radius - reach + rows], padded[radius + reach : radius + reach + rows], out=pair)
        pair *= weight
        filtered += pair
    return filtered


def affine_grid(theta: Tensor, *, height: int, width: int) -> Tensor:
    """What `F.affine_grid` gives for theta (2, 3) without aligned corners, (1, H, W, 2), in a tenth of the time."""
    return (theta @ _base_grid(height, width)).t().reshape(1, height, width, 2)


@cache
def _base_grid(height: int, width: int) -> Tensor:
    """The centres of the pixels from -1 to 1, as x, y and 1: (3, H W)."""
    y, x = (torch.linspace(-1, 1, side) * (side - 1) / side for side in (height, width))
    return torch.stack((x.repeat(height), y.repeat_interleave(width), torch.ones(height * width)))


def uniform(low: float, high: float, draw: torch.Generator) -> float:
    """A number between `low` and `high`, drawn uniformly."""
    return low + (high - low) * float(torch.rand((), generator=draw))


def _chance(probability: float, draw: torch.Generator) -> bool:
    return float(torch.rand((), generator=draw)) < probability
