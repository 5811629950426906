"""Synthetic healthy children: a DCGAN of each fold's healthy training pictures, and what a classifier makes of them.

Barnett 2023 proposes a DCGAN for clean synthetic pictures, to have fewer false positives, and does not try it. Both
arms are MobileNetV2 at 64 pixels by the paper's protocol, without its groupings: one on the children alone, one with as
many synthetic healthy pictures added as there are more ill children than healthy ones. Both see pictures of the size
of the samples: enlarged ones would be softer than any child's.

How good the samples are is told by a Fréchet distance of features of MobileNetV2 with the study's starting weights, of
pictures enlarged to the network's own size. The usual FID takes Inception's features: figures of the two are not to be
compared. Beside it stands the distance of healthy children who were not learnt from. As many samples as they are take
part in the first: few pictures lie further apart than many.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL, SOURCE
from hilum.datasets.splits.split import TEST
from hilum.errors import DataError
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.study import Arm
from hilum.imaging.preprocess import PreprocessSpec, Resize, normalise
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import StartingWeights, load_starting_weights
from hilum.radiograph import Pixels
from hilum.report.windowing import encode_png, to_grey8
from hilum.systems.pneumonia.arms import ArmWords, PneumoniaArm, train_and_keep
from hilum.systems.pneumonia.dcgan import SIDE, DcganSettings, nearest, sampled, train_dcgan
from hilum.systems.pneumonia.frechet import frechet_distance
from hilum.systems.pneumonia.groupings import OFFICIAL
from hilum.systems.pneumonia.paper_recipe import paper_recipe
from hilum.systems.pneumonia.recipe import SPEC
from hilum.training.data.images import Preparation, load_images
from hilum.training.recipe.recipe import TRAIN
from hilum.training.recipe.settings import flat_values
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold
from hilum.whole_files import write_whole

SMALL, DCGAN = "small", "dcgan"
SMALL_SPEC = PreprocessSpec(
    steps=(Resize(height=SIDE, width=SIDE, rule="stretch", filter="bilinear"),), mean=SPEC.mean, std=SPEC.std
)
FEW = DcganSettings(latent=16, width=8, epochs=2, batch_size=8)
"""For a smoke run."""

QUALITY, GRID, PAIR = "quality.json", "samples.png", "nearest-{}.png"
GRID_SIDE, PAIRS = 8, 6
_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Of one fold: how many healthy pictures the DCGAN learnt from, how many of its own are added, and two distances.

    They are Fréchet distances from what it learnt from: `distance` of `compared` samples, `of_children` of the healthy
    children of the judged part, who are as many.
    """

    learnt_from: int
    made: int
    compared: int
    distance: float
    of_children: float
    network: str


def small_arm(start: StartingWeights) -> PneumoniaArm:
    """The classifier at 64 pixels, on the children alone."""
    return PneumoniaArm(
        words=ArmWords(arm=Arm(name=SMALL, title="MobileNetV2 at 64 pixels"), balance="none"),
        recipe=paper_recipe(start, preprocess=SMALL_SPEC),
    )


DCGAN_WORDS = ArmWords(arm=Arm(name=DCGAN, title="MobileNetV2 at 64 pixels, DCGAN"), balance="DCGAN", beside=SMALL)


def dcgan_arm(small: PneumoniaArm, *, settings: DcganSettings, start: StartingWeights) -> Trained[Fold, Predictions]:
    """The classifier of `small` with synthetic pictures; `start` are the weights of the network of the distances."""
    one = replace(small, words=DCGAN_WORDS)
    told = {**one.settings, **{f"dcgan.{name}": value for name, value in flat_values(settings).items()}}
    return Trained(arms=(DCGAN,), run=partial(_run, one, settings=settings, start=start), settings=told)


def _run(
    one: PneumoniaArm, fold: Fold, place: RunPlace, *, settings: DcganSettings, start: StartingWeights
) -> Mapping[str, Predictions]:
    learnt = fold.split.parts[TRAIN]
    healthy = [record for record in learnt if record.labels[LABEL] == 0.0]
    pictures = _small(healthy, preparation=place.preparation)
    generator = train_dcgan(pictures, settings=settings, folder=place.folder)
    missing = max(0, len(learnt) - 2 * len(healthy))
    judged = [record for record in fold.split.parts[TEST] if record.labels[LABEL] == 0.0]
    made = sampled(generator, count=max(missing, len(judged), GRID_SIDE**2), settings=settings)
    added = synthetic_records(made[:missing], name=fold.name, folder=place.folder / "synthetic")
    children = _small(judged, preparation=place.preparation)
    keep_quality(made, learnt=pictures, children=children, missing=missing, start=start, folder=place.folder)
    own = replace(fold, split=replace(fold.split, parts={**fold.split.parts, TRAIN: (*learnt, *added)}))
    return train_and_keep(one, fold=own, place=place)


def synthetic_records(pictures: Pixels, *, name: str, folder: Path) -> tuple[Record, ...]:
    """A record for each synthetic picture (n, H, W), healthy and a patient of its own, written into `folder`."""
    records = []
    for number, picture in enumerate(pictures, start=1):
        path = folder / f"{number:05d}.png"
        write_whole(path, encode_png(to_grey8(picture)))
        records.append(
            Record(
                path=path,
                image=f"synthetic {name} {number:05d}",
                patient=f"{SOURCE}:synthetic:{name}:{number:05d}",
                source=SOURCE,
                official=OFFICIAL,
                labels={LABEL: 0.0},
                stratum="normal",
                sha256=file_sha256(path),
                view="AP",
                is_xray=True,
                xray_type="chest",
            )
        )
    return tuple(records)


def keep_quality(
    made: Pixels, *, learnt: Pixels, children: Pixels, missing: int, start: StartingWeights, folder: Path
) -> None:
    """Write the distances, the grid of samples and pairs of a sample and its nearest training picture.

    `made` are at least as many samples as `children`, of which the first `missing` are added to what is learnt from.
    """
    network = PooledClassifier("mobilenet_v2", labels=1)
    said = load_starting_weights(network, weights=start)
    of_learnt, of_made, of_children = (
        features_of(network.eval(), one) for one in (learnt, made[: len(children)], children)
    )
    found = Quality(
        learnt_from=len(learnt),
        made=missing,
        compared=len(children),
        distance=frechet_distance(of_made, of_learnt),
        of_children=frechet_distance(of_children, of_learnt),
        network=f"mobilenet_v2, {said}",
    )
    rows = [np.concatenate(list(row), axis=1) for row in made[: GRID_SIDE**2].reshape(GRID_SIDE, GRID_SIDE, SIDE, SIDE)]
    write_whole(folder / GRID, encode_png(to_grey8(np.concatenate(rows))))
    for place, index in enumerate(nearest(made[:PAIRS], among=learnt)):
        pair = np.concatenate([made[place], learnt[index]], axis=1)
        write_whole(folder / PAIR.format(place), encode_png(to_grey8(pair)))
    write_whole(folder / QUALITY, (json.dumps(asdict(found), indent=1) + "\n").encode())


def read_quality(folder: Path) -> Quality:
    """What `keep_quality` left. Raises `DataError` where it is not there or malformed."""
    try:
        return Quality(**json.loads((folder / QUALITY).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{folder / QUALITY} does not hold the quality of samples ({error}). Remove {folder} and run the study "
            "again"
        ) from error


def features_of(network: PooledClassifier, pictures: Pixels) -> npt.NDArray[np.float64]:
    """The pooled features (n, K) of pictures (n, H, W) in [0, 1], enlarged to the input of the shipped specialist."""
    found = [np.empty((0, network.weight.shape[1]))]
    height, width = SPEC.output_size or (SIDE, SIDE)
    with torch.inference_mode():
        for first in range(0, len(pictures), _BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(pictures[first : first + _BATCH]))[:, None]
            large = functional.interpolate(batch, size=(height, width), mode="bilinear", align_corners=False)
            inputs = torch.from_numpy(np.stack([normalise(one, spec=SPEC) for one in large[:, 0].numpy()]))
            found.append(network.features(inputs).mean(dim=(-2, -1)).numpy().astype(np.float64))
    return np.concatenate(found)


def _small(records: Sequence[Record], *, preparation: Preparation) -> Pixels:
    grey = load_images(records, spec=SMALL_SPEC, labels=(), preparation=preparation).grey
    return np.stack([np.asarray(grey[row], np.float32) for row in range(len(records))])
