"""Urinbayev et al. 2020's training: one network, Adam, a learning rate that falls on a plateau, no augmentation.

Source: Urinbayev et al. 2020, sections III.A and III.B. The paper names no batch size, and does not mention patients:
here a part is dealt by patient, study or WordNet id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split, split_by_patient
from hilum.errors import DataError
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import StartingWeights, load_starting_weights
from hilum.training.data.images import LoadedImages, PlainImages, Preparation, TrainingImages, load_images
from hilum.training.loop.fit import VALIDATION_BATCH, fit
from hilum.training.loop.task import LOSS, Batch, TaskData
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.machine import Machine, Precision
from hilum.training.recipe.optimizers import OptimizerSpec
from hilum.training.recipe.plan import Plan, plain_plan
from hilum.training.recipe.recipe import TRAIN
from hilum.training.recipe.samplers import ShuffledSampler
from hilum.training.recipe.schedules import ScheduleSpec
from hilum.training.recipe.settings import HIDDEN

VALIDATION = "validation"
SHARES = {TRAIN: 0.7, VALIDATION: 0.2, TEST: 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperModule:
    """One module: `classes` are its answers in order; the first of two is "not an X-ray" for module I.

    The last epoch's weights are kept: the paper names no other.
    """

    name: str = field(metadata=HIDDEN)
    classes: tuple[str, ...]
    backbone: str
    starting_weights: StartingWeights
    preprocess: PreprocessSpec
    optimizer: OptimizerSpec
    schedule: ScheduleSpec
    epochs: int
    batch_size: int
    seed: int
    precision: Precision = "32-true"

    def plan(self) -> Plan:
        """The training loop's part of it."""
        return plain_plan(self)


@dataclass(frozen=True, slots=True, eq=False)
class PaperResult:
    """Counts of true (rows) against called classes (columns) on the test part, and the share that is right."""

    classes: tuple[str, ...]
    confusion: npt.NDArray[np.int64]
    accuracy: float
    protocol: str


class OneOfTask:
    """Logits (N, K) of pictures against the index of their one class, targets (N, 1); softmax cross-entropy."""

    def __init__(self, network: PooledClassifier) -> None:
        self.network = network

    def loss(self, batch: Batch) -> Tensor:
        """The mean cross-entropy."""
        return F.cross_entropy(self._logits(batch).float(), batch[1][:, 0].long())

    def outputs(self, batch: Batch) -> Mapping[str, Tensor]:
        """Logits and targets."""
        return {"logits": self._logits(batch).float(), "targets": batch[1]}

    def figures(self, outputs: Mapping[str, Tensor]) -> Mapping[str, float]:
        """The mean cross-entropy, and the share of pictures whose most probable class is theirs."""
        logits, targets = outputs["logits"], outputs["targets"][:, 0].long()
        right = float((logits.argmax(dim=1) == targets).float().mean())
        return {LOSS: float(F.cross_entropy(logits, targets)), "accuracy": right}

    def _logits(self, batch: Batch) -> Tensor:
        logits: Tensor = self.network(batch[0].contiguous(memory_format=torch.channels_last))
        return logits


def paper_split(records: Sequence[Record], *, module: PaperModule) -> Split:
    """70% training, 20% validation, 10% test, by group and evenly over the classes.

    Raises `DataError` where a class of the module has no picture.
    """
    missing = set(module.classes) - {record.stratum for record in records}
    if missing:
        raise DataError(
            f"No image of {', '.join(sorted(missing))}, and {module.name} needs images of every class. Add them to the "
            "data"
        )
    protocol = f"70/20/10 by patient, study or WordNet id, stratified by class, seed {module.seed}"
    return Split(split_by_patient(records, shares=SHARES, seed=module.seed), protocol)


def run_paper_module(
    module: PaperModule, *, split: Split, folder: Path, machine: Machine, preparation: Preparation
) -> PaperResult:
    """Train the module in `folder`, where it was not trained to its end, and count on the part `test`."""

    def make() -> tuple[OneOfTask, TaskData]:
        network = _new_network(module)
        load_starting_weights(network, weights=module.starting_weights)
        training, watched = (
            _pictures(split.parts[part], module=module, preparation=preparation) for part in (TRAIN, VALIDATION)
        )
        return OneOfTask(network), TaskData(
            training=TrainingImages(training, spec=module.preprocess, augmentation=Augmentation()),
            sampler=ShuffledSampler(len(split.parts[TRAIN]), seed=module.seed),
            validation={VALIDATION: (PlainImages(watched, spec=module.preprocess), len(split.parts[VALIDATION]))},
        )

    kept = fit(make, plan=module.plan(), seed=module.seed, folder=folder, machine=machine)
    trained = _new_network(module)  # made anew: training changes how a network runs
    trained.load_state_dict(kept.state)
    test = _pictures(split.parts[TEST], module=module, preparation=preparation)
    confusion = _confusion(trained.eval(), images=test, module=module)
    accuracy = float(np.trace(confusion) / confusion.sum())
    return PaperResult(module.classes, confusion, accuracy, split.protocol)


def _new_network(module: PaperModule) -> PooledClassifier:
    with torch.random.fork_rng():
        torch.manual_seed(module.seed)
        return PooledClassifier(module.backbone, labels=len(module.classes))


def _pictures(records: Sequence[Record], *, module: PaperModule, preparation: Preparation) -> LoadedImages:
    """The pictures as reading prepares them, with the index of their class as the one target."""
    loaded = load_images(records, spec=module.preprocess, labels=(), preparation=preparation)
    classes = np.array([[module.classes.index(record.stratum)] for record in records], np.float32).reshape(-1, 1)
    return LoadedImages(loaded.grey, classes)


def _confusion(network: PooledClassifier, *, images: LoadedImages, module: PaperModule) -> npt.NDArray[np.int64]:
    items, count = PlainImages(images, spec=module.preprocess), len(images.targets)
    counts = np.zeros((len(module.classes), len(module.classes)), np.int64)
    with torch.inference_mode():
        for start in range(0, count, VALIDATION_BATCH):
            rows = [items[index] for index in range(start, min(start + VALIDATION_BATCH, count))]
            called = network(torch.stack([image for image, _ in rows])).argmax(dim=1)
            truth = torch.stack([target for _, target in rows])[:, 0].long()
            np.add.at(counts, (truth.numpy(), called.numpy()), 1)
    return counts
