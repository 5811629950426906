"""From attenuation to pixels: Beer and Lambert's law, exposure, scatter, unsharpness, photon noise, display.

Source of the model: Bushberg et al., The Essential Physics of Medical Imaging, chapters on projection radiography.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as PILImage

from hilum.phantom.grid import Image
from hilum.radiograph import Pixels


@dataclass(frozen=True, slots=True)
class Detector:
    """How the detector sees.

    `photons` is the mean count a pixel gets in open air; 0 switches noise off. `scatter` is the share of the primary
    light that spreads, `scatter_width` its Gaussian sigma as a share of the picture's width. `blur_px` is the sigma
    of focal spot and screen together, in pixels at a width of 1024. `edge_loss` is the share of exposure that the
    corners lose. `window` is the share of attenuation values (within the body) below black and below white;
    `contrast` the slope of the tone curve (0 is a straight line).
    """

    photons: float = 60_000.0
    scatter: float = 0.12
    scatter_width: float = 0.06
    blur_px: float = 0.8
    edge_loss: float = 0.15
    window: tuple[float, float] = (0.01, 0.99)
    contrast: float = 0.0


def transmitted(attenuation: Image, *, exposure: Image | float = 1.0) -> Image:
    """Beer and Lambert: I = I0 exp(-sum of mu x thickness), for the summed attenuation (H, W) without unit."""
    return np.asarray(exposure * np.exp(-attenuation))


def expose(attenuation: Image, *, detector: Detector, seed: int) -> Image:
    """The log signal -ln(I / I0) of the detector, float64 (H, W), for the attenuation (H, W) in front of it."""
    primary = transmitted(attenuation, exposure=_exposure(attenuation.shape, detector.edge_loss))
    intensity = primary
    if detector.scatter > 0:
        spread = _wide_blur(primary, sigma_px=detector.scatter_width * attenuation.shape[1])
        intensity = (1 - detector.scatter) * primary + detector.scatter * spread
    if detector.blur_px > 0:
        intensity = gaussian_blur(intensity, sigma_px=detector.blur_px * attenuation.shape[1] / 1024)
    if detector.photons > 0:
        counts = np.random.default_rng(seed).poisson(intensity * detector.photons)
        intensity = np.maximum(counts, 0.5) / detector.photons
    return -np.log(intensity)


@dataclass(frozen=True, slots=True)
class Display:
    """The grey scale: `black` and `white` are log signals; `contrast` is the slope of the tone curve."""

    black: float
    white: float
    contrast: float = 0.0

    @staticmethod
    def of_body(attenuation: Image, *, detector: Detector) -> Display:
        """The window that suits a body: quantiles of the attenuation (H, W) where there is any (above 0.15)."""
        signal = expose(attenuation[::4, ::4], detector=_quiet(detector), seed=0)
        body = signal[attenuation[::4, ::4] > 0.15]
        black, white = np.quantile(body, detector.window)
        return Display(float(black), float(white), detector.contrast)

    def pixels(self, signal: Image) -> Pixels:
        """Grey values float32 (H, W) in [0, 1] of a log signal (H, W); bright is dense."""
        grey = np.clip((signal - self.black) / (self.white - self.black), 0.0, 1.0)
        if self.contrast > 0:
            low, high = np.tanh([-self.contrast / 2, self.contrast / 2])
            grey = (np.tanh(self.contrast * (grey - 0.5)) - low) / (high - low)
        return np.clip(grey, 0.0, 1.0).astype(np.float32)


def gaussian_blur(image: Image, *, sigma_px: float) -> Image:
    """Gaussian blur of (H, W) with edges repeated; exact kernel out to 4 sigma."""
    reach = max(1, int(np.ceil(4 * sigma_px)))
    at = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (at / sigma_px) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padding = [(0, 0), (0, 0)]
        padding[axis] = (reach, reach)
        padded = np.moveaxis(np.pad(image, padding, mode="edge"), axis, 0)
        image = np.zeros_like(image)
        along = np.moveaxis(image, axis, 0)
        for k, weight in enumerate(kernel):
            along += padded[k : k + len(along)] * weight
    return image


def _wide_blur(image: Image, *, sigma_px: float) -> Image:
    """A wide Gaussian blur, computed on a picture eight times smaller and enlarged again."""
    rows, columns = image.shape
    small_size = max(2, columns // 8), max(2, rows // 8)
    small = PILImage.fromarray(image.astype(np.float32)).resize(small_size, PILImage.Resampling.BOX)
    blurred = gaussian_blur(np.asarray(small, np.float64), sigma_px=max(sigma_px * small_size[0] / columns, 0.5))
    large = PILImage.fromarray(blurred.astype(np.float32)).resize((columns, rows), PILImage.Resampling.BICUBIC)
    return np.asarray(large, np.float64)


def _exposure(shape: tuple[int, ...], edge_loss: float) -> Image:
    """Exposure (H, W), 1 in the centre and 1 - edge_loss in the corners (inverse square and anode heel)."""
    y, x = np.linspace(-1, 1, shape[0])[:, None], np.linspace(-1, 1, shape[1])[None, :]
    return np.asarray(1.0 - edge_loss * (x * x + y * y) / 2)


def _quiet(detector: Detector) -> Detector:
    return Detector(0.0, detector.scatter, detector.scatter_width, 0.0, detector.edge_loss)
