"""A DCGAN at 64 pixels (Radford et al. 2016): a generator of grey pictures, and the loop that trains it.

Batch norm, ReLU in the generator and leaky ReLU in the discriminator, weights of deviation 0.02, Adam at 2e-4 with a
first beta of 0.5, as in that paper; half of its filters and batches of 64, since there are some hundreds of pictures.
Each epoch's draws follow from the seed and the epoch, and the state is kept after each, so that a training that was
stopped goes on to what an unbroken one gives.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hilum.errors import DataError
from hilum.radiograph import Pixels
from hilum.training.loop.checkpoints import load_checkpoint
from hilum.whole_files import write_whole

SIDE = 64
STATE = "dcgan.ckpt"
_SAMPLED_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class DcganSettings:
    """`latent` numbers make a picture; `width` is the filters of the layer next to the pixels."""

    latent: int = 100
    width: int = 32
    epochs: int = 100
    batch_size: int = 64
    learning_rate: float = 2e-4
    beta: float = 0.5
    seed: int = 4


class Generator(nn.Sequential):
    """Latent numbers (N, latent, 1, 1) to pictures (N, 1, 64, 64) in [-1, 1]."""

    def __init__(self, settings: DcganSettings) -> None:
        layers: list[nn.Module] = []
        before = settings.latent
        for place, width in enumerate(settings.width * factor for factor in (8, 4, 2, 1)):
            stride, padding = (1, 0) if place == 0 else (2, 1)
            layers += [nn.ConvTranspose2d(before, width, 4, stride, padding, bias=False), nn.BatchNorm2d(width)]
            layers.append(nn.ReLU(inplace=True))
            before = width
        super().__init__(*layers, nn.ConvTranspose2d(before, 1, 4, 2, 1), nn.Tanh())


class Discriminator(nn.Sequential):
    """Pictures (N, 1, 64, 64) in [-1, 1] to logits (N, 1, 1, 1) of being real."""

    def __init__(self, settings: DcganSettings) -> None:
        layers: list[nn.Module] = []
        before = 1
        for place, width in enumerate(settings.width * factor for factor in (1, 2, 4, 8)):
            layers.append(nn.Conv2d(before, width, 4, 2, 1, bias=place == 0))
            layers += [] if place == 0 else [nn.BatchNorm2d(width)]
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            before = width
        super().__init__(*layers, nn.Conv2d(before, 1, 4, 1, 0))


class _Pair:
    """Both networks with their optimisers, whose state is one file."""

    def __init__(self, settings: DcganSettings) -> None:
        self.generator, self.discriminator = Generator(settings), Discriminator(settings)
        for network in (self.generator, self.discriminator):
            network.apply(_draw_weights)
        betas = (settings.beta, 0.999)
        self.of_generator = torch.optim.Adam(self.generator.parameters(), lr=settings.learning_rate, betas=betas)
        self.of_discriminator = torch.optim.Adam(
            self.discriminator.parameters(), lr=settings.learning_rate, betas=betas
        )
        self.rows: list[dict[str, float]] = []

    def step(self, real: Tensor, *, latent: int) -> tuple[float, float]:
        """One update of the discriminator and one of the generator; their losses."""
        made = self.generator(torch.randn(len(real), latent, 1, 1))
        self.of_discriminator.zero_grad()
        judged = functional.softplus(-self.discriminator(real)).mean()
        judged = judged + functional.softplus(self.discriminator(made.detach())).mean()
        judged.backward()  # type: ignore[no-untyped-call]
        self.of_discriminator.step()
        self.of_generator.zero_grad()
        fooled = functional.softplus(-self.discriminator(made)).mean()
        fooled.backward()  # type: ignore[no-untyped-call]
        self.of_generator.step()
        return float(judged.detach()), float(fooled.detach())

    def save(self, path: Path) -> None:
        """Write everything, whole or not at all."""
        buffer = io.BytesIO()
        torch.save({**{name: part.state_dict() for name, part in self._parts().items()}, "rows": self.rows}, buffer)
        write_whole(path, buffer.getvalue())

    def load(self, path: Path) -> None:
        """Take everything over."""
        state = load_checkpoint(path)
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.rows = list(state["rows"])

    def _parts(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "of_generator": self.of_generator,
            "of_discriminator": self.of_discriminator,
        }


def train_dcgan(pictures: Pixels, *, settings: DcganSettings, folder: Path) -> Generator:
    """The generator that `pictures` (N, 64, 64) in [0, 1] train, in evaluation mode; `folder` keeps the state.

    The random generators are as they were before. Raises `DataError` for other shapes, fewer than two pictures, and
    where a loss is no number.
    """
    if pictures.ndim != 3 or pictures.shape[1:] != (SIDE, SIDE) or len(pictures) < 2:
        raise DataError(f"The DCGAN needs two images or more of {SIDE} x {SIDE}; their shape is {pictures.shape}")
    real = torch.from_numpy(np.ascontiguousarray(pictures, np.float32))[:, None] * 2 - 1
    path = folder / STATE
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        pair = _Pair(settings)
        if path.is_file():
            pair.load(path)
        for epoch in range(len(pair.rows), settings.epochs):
            pair.rows.append(_epoch(pair, real, settings=settings, epoch=epoch))
            pair.save(path)
    return pair.generator.eval()


def sampled(generator: Generator, *, count: int, settings: DcganSettings) -> Pixels:
    """`count` pictures (count, 64, 64) in [0, 1]; the same settings and weights give the same."""
    draw = torch.Generator().manual_seed(settings.seed)
    found = [np.empty((0, SIDE, SIDE), np.float32)]
    with torch.inference_mode():
        for first in range(0, count, _SAMPLED_AT_ONCE):
            n = min(_SAMPLED_AT_ONCE, count - first)
            made = generator(torch.randn(n, settings.latent, 1, 1, generator=draw))
            found.append(((made[:, 0] + 1) / 2).clamp(0.0, 1.0).numpy())
    return np.concatenate(found)


def nearest(samples: Pixels, *, among: Pixels) -> list[int]:
    """Of each sample (n, H, W), the index of the picture in `among` (m, H, W) with the least squared difference."""
    # in double precision: what is near differs by less than single precision keeps of the squares
    flat, others = (one.reshape(len(one), -1).astype(np.float64) for one in (samples, among))
    apart = (flat**2).sum(axis=1)[:, None] - 2 * flat @ others.T + (others**2).sum(axis=1)[None]
    return [int(index) for index in apart.argmin(axis=1)]


def _epoch(pair: _Pair, real: Tensor, *, settings: DcganSettings, epoch: int) -> dict[str, float]:
    """One pass over all whole batches in an order of the epoch's own; the mean losses."""
    torch.manual_seed(int(np.random.SeedSequence((settings.seed, epoch)).generate_state(1, np.uint64)[0] >> 1))
    size = min(settings.batch_size, len(real))
    order = torch.randperm(len(real))
    starts = range(0, len(real) // size * size, size)
    losses = np.array([pair.step(real[order[at : at + size]], latent=settings.latent) for at in starts])
    if not np.isfinite(losses).all():
        raise DataError(f"The DCGAN diverged in epoch {epoch + 1}: a loss is NaN or infinite. Lower its learning rate")
    return {"discriminator": float(losses[:, 0].mean()), "generator": float(losses[:, 1].mean())}


def _draw_weights(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
