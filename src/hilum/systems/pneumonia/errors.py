"""What a network gets wrong on a fold: its most confident errors, drawn, and how bright its false alarms are.

Pictures are of patients: they lie in the study's folder and on its page, and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import TEST
from hilum.errors import DataError
from hilum.evaluation.bundles.confident_errors import errors_at
from hilum.evaluation.predictions.predictions import Predictions
from hilum.explain.fused_map import PlacedMap, cells_of
from hilum.explain.onto_pixels import onto_pixels
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, preprocess
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.radiograph import Pixels
from hilum.report.colour import ContributionScale, paint
from hilum.report.windowing import encode_png, fit, to_grey8
from hilum.training.study_fold import Fold
from hilum.whole_files import write_whole

THRESHOLD = 0.5
"""At and above this probability the network says pneumonia, as the larger of the paper's two outputs does."""
ERRORS = "errors"
LISTING = "errors.json"
PICTURES = 12
SIDE_PX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnError:
    """One error: `plain` and `overlay` are the files of its picture and of its heatmap, in the folder of errors."""

    image: str
    kind: str
    probability: float
    plain: str
    overlay: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarm:
    """How much brighter than the whole picture it is where the map speaks for pneumonia, in shares of the grey range.

    The mean grey under the positive part of the map, weighted by it, less the picture's mean grey.
    """

    patient: str
    brighter_by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldErrors:
    """What `keep_errors` left of one fold, with the folder that the pictures lie in."""

    folder: Path
    drawn: tuple[DrawnError, ...]
    false_alarms: tuple[FalseAlarm, ...]


def keep_errors(
    network: PooledClassifier, *, predictions: Predictions, fold: Fold, spec: PreprocessSpec, folder: Path
) -> None:
    """Draw the most confident errors of uncalibrated `predictions` into `folder/errors`, and weigh all false alarms."""
    records = {record.image: record for record in fold.split.parts[TEST]}
    drawn = []
    for number, one in enumerate(errors_at(predictions, thresholds={LABEL: THRESHOLD}, pictures=PICTURES), start=1):
        image = predictions.image[one.row]
        plain, overlay = f"{number:03d}.png", f"{number:03d}-heatmap.png"
        for name, png in zip((plain, overlay), _drawn(network, records[image], spec=spec), strict=True):
            write_whole(folder / ERRORS / name, png)
        drawn.append(DrawnError(image=image, kind=one.kind, probability=one.probability, plain=plain, overlay=overlay))
    wrong = np.flatnonzero((predictions.truth[:, 0] == 0.0) & (predictions.scores[:, 0] >= THRESHOLD))
    alarms = [_weighed(network, records[predictions.image[row]], spec=spec) for row in wrong]
    content = {"drawn": [asdict(one) for one in drawn], "false_alarms": [asdict(one) for one in alarms]}
    write_whole(folder / ERRORS / LISTING, (json.dumps(content, indent=1) + "\n").encode())


def read_errors(folder: Path) -> FoldErrors:
    """What `keep_errors` left in an arm's `folder`. Raises `DataError` where it is not there or malformed."""
    path = folder / ERRORS / LISTING
    try:
        content: Mapping[str, Sequence[Mapping[str, object]]] = json.loads(path.read_text(encoding="utf-8"))
        return FoldErrors(
            folder=folder / ERRORS,
            drawn=tuple(DrawnError(**one) for one in content["drawn"]),  # type: ignore[arg-type]
            false_alarms=tuple(FalseAlarm(**one) for one in content["false_alarms"]),  # type: ignore[arg-type]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} does not hold the errors of a network ({error}). Remove {folder} and run the study again"
        ) from error


def most_confident(folds: Iterable[FoldErrors], *, kind: str, most: int) -> list[tuple[Path, DrawnError]]:
    """Of all folds, the `most` errors of a kind that were furthest beyond 0.5, each with its folder."""
    found = [(fold.folder, one) for fold in folds for one in fold.drawn if one.kind == kind]
    return sorted(found, key=lambda pair: (-abs(pair[1].probability - THRESHOLD), pair[1].image))[:most]


def brightness_under(placed: PlacedMap, *, pixels: Pixels) -> float:
    """The mean of `pixels` (H, W) weighted by the positive part of a class map, less their plain mean.

    NaN where no cell of the map is positive.
    """
    rows, columns = pixels.shape
    weight = onto_pixels(np.maximum(placed.grid, 0.0), geometry=placed.geometry, rows=rows, columns=columns)
    total = float(weight.sum())
    return float((weight * pixels).sum()) / total - float(pixels.mean()) if total > 0 else float("nan")


def _weighed(network: PooledClassifier, record: Record, *, spec: PreprocessSpec) -> FalseAlarm:
    pixels, placed = _map(network, record, spec=spec)
    return FalseAlarm(patient=record.patient, brighter_by=brightness_under(placed, pixels=pixels))


def _drawn(network: PooledClassifier, record: Record, *, spec: PreprocessSpec) -> tuple[bytes, bytes]:
    """The picture, and its heatmap on the package's fixed scale of logit contribution, alike in size."""
    pixels, placed = _map(network, record, spec=spec)
    picture = fit(pixels, longest_side=SIDE_PX)
    rows, columns = picture.pixels.shape
    geometry = picture.geometry.after(placed.geometry)
    own = onto_pixels(placed.grid, geometry=geometry, rows=rows, columns=columns)
    grey = to_grey8(picture.pixels)
    return encode_png(grey), encode_png(np.asarray(paint(grey, share=ContributionScale(*placed.grid.shape).share(own))))


def _map(network: PooledClassifier, record: Record, *, spec: PreprocessSpec) -> tuple[Pixels, PlacedMap]:
    """Native pixels, and the map of the network's one label with its way to them."""
    pixels = decode(read_file(record.path), name=record.image).pixels
    model_input = preprocess(pixels, spec=spec, lung_box=record.lung_box)
    with torch.inference_mode():
        _, maps = network.forward_with_maps(torch.from_numpy(model_input.array)[None])
    size = model_input.array.shape[1], model_input.array.shape[2]
    return pixels, cells_of(maps[0, 0].numpy(), geometry=model_input.geometry, input_size=size)
