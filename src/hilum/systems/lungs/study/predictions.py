"""What one lung network drew on pictures that it never saw: probabilities in two passes, on the network's grid."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.whole_files import write_whole


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LungPredictions:
    """N drawings: `passes` is uint8 (N, 2, S, H, W), 255 times the probability of each of S `structures`.

    The second axis is that of `reading.lungs.passes`: the picture, and its mirror image led back. `way` says how each
    picture was made worse before it was drawn, or that it was not; see `worsen`. `network` names who drew.
    """

    network: str
    structures: npt.NDArray[np.str_]
    source: npt.NDArray[np.str_]
    image: npt.NDArray[np.str_]
    sha256: npt.NDArray[np.str_]
    patient: npt.NDArray[np.str_]
    way: npt.NDArray[np.str_]
    passes: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.image)

    def probabilities(self, index: int) -> npt.NDArray[np.float32]:
        """Float32 (2, S, H, W) of one drawing, in [0, 1]."""
        return np.asarray(self.passes[index].astype(np.float32) / 255)


def save_lung_predictions(predictions: LungPredictions, *, path: Path) -> None:
    """Write the predictions, compressed, whole or not at all."""
    buffer = io.BytesIO()
    arrays = {field.name: np.asarray(getattr(predictions, field.name)) for field in fields(predictions)}
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_whole(path, buffer.getvalue())


def load_lung_predictions(path: Path) -> LungPredictions:
    """Raises `DataError` where the file is missing, torn, or no predictions of lungs."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            content = {field.name: stored[field.name] for field in fields(LungPredictions)}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} does not hold predictions of lungs ({error}). Remove it and run the study again"
        ) from error
    passes, structures = content.pop("passes"), content.pop("structures")
    alike = all(len(content[name]) == len(passes) for name in _NAMES)
    if passes.ndim != 5 or passes.shape[2:3] != structures.shape or passes.dtype != np.uint8 or not alike:
        raise DataError(
            f"{path} needs passes uint8 (N, 2, S, H, W); it holds {passes.dtype} {passes.shape}. Remove it and run the "
            "study again"
        )
    names = {name: content[name] for name in _NAMES}
    return LungPredictions(network=str(content["network"]), structures=structures, passes=passes, **names)


def joined(parts: Sequence[LungPredictions]) -> LungPredictions:
    """All parts as one, in order; raises `DataError` for none, or where a picture was drawn twice in one way."""
    if not parts:
        raise DataError("There are no predictions of any fold. Run the study first")
    names = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _NAMES}
    drawings = zip(*(names[name] for name in ("source", "image", "way")), strict=True)
    twice = len(names["image"]) - len(set(drawings))
    if twice:
        raise DataError(f"{twice} images were drawn in two folds. Remove the study and run it again")
    return LungPredictions(
        network=", ".join(part.network for part in parts),
        structures=parts[0].structures,
        passes=np.concatenate([part.passes for part in parts]),
        **names,
    )


_NAMES = ("source", "image", "sha256", "patient", "way")
