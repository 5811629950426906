"""What a training that goes on started from: it is neither read again nor another file, which the card would name."""

from __future__ import annotations

from pathlib import Path

from hilum.bundle.load import CARD_NAME, load_bundle
from hilum.errors import UsageError
from hilum.networks.fetch import sha256_of
from hilum.networks.starting_weights import BundleWeights, WeightsFile
from hilum.training.loop.checkpoints import LAST_CHECKPOINT, WEIGHTS, load_checkpoint, load_weights
from hilum.training.loop.task_module import STARTED_FROM

_SHA256 = "sha256 "


def started_before(folder: Path, *, weights: object) -> str | None:
    """The line on what the training in `folder` started from; None where it has not begun, or says nothing of it.

    `weights` are those that it would start from now; they may be gone. Raises `UsageError` where they are a file or a
    bundle of another SHA-256 than the line says.
    """
    said = _said(folder)
    if said is None or _SHA256 not in said:
        return said
    now = _sha256_now(weights)
    if now is not None and now not in said:
        raise UsageError(
            f"{folder} holds a training that started from {said}; the weights given now have the SHA-256 "
            f"{now[:12]}…. Give those that it started from, or name another --out"
        )
    return said


def _said(folder: Path) -> str | None:
    if (folder / WEIGHTS).is_file():
        return load_weights(folder / WEIGHTS)[1].get(STARTED_FROM)
    last = folder / LAST_CHECKPOINT
    said: str | None = load_checkpoint(last).get(STARTED_FROM) if last.is_file() else None
    return said


def _sha256_now(weights: object) -> str | None:
    """Of a file or a bundle that is there; other weights are known by their name."""
    match weights:
        case WeightsFile() if weights.path.is_file():
            return sha256_of(weights.path)
        case BundleWeights() if (weights.folder / CARD_NAME).is_file():
            return load_bundle(weights.folder).sha256
        case _:
            return None
