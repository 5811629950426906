"""Paper 5's own training of a module: one network, Adam, a learning rate that falls on a plateau, no augmentation.

Source: Urinbayev et al. 2020, sections III.A and III.B. The paper names no batch size, and does not mention patients:
here a part is dealt by patient, study or WordNet id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from lightning import pytorch as pl
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)
from torch.utils.data import DataLoader, Dataset

from hilum.datasets.record import Record
from hilum.datasets.split import Split, split_by_patient
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, preprocess
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import StartingWeights, load_starting_weights
from hilum.training.checkpoints import LAST_CHECKPOINT


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperModule:
    """One module: `classes` are its answers in order; the first of two is "not an X-ray" for module I."""

    name: str
    classes: tuple[str, ...]
    backbone: str
    starting_weights: StartingWeights
    preprocess: PreprocessSpec
    epochs: int
    batch_size: int
    learning_rate: float
    betas: tuple[float, float]
    weight_decay: float
    plateau_factor: float
    plateau_patience: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class PaperResult:
    """Counts of true (rows) against called classes (columns) on the test part, and the share that is right."""

    classes: tuple[str, ...]
    confusion: npt.NDArray[np.int64]
    accuracy: float
    protocol: str


class _Pictures(Dataset[tuple[Tensor, int]]):
    """Pictures decoded when they are asked for, as reading prepares them."""

    def __init__(self, records: Sequence[Record], *, module: PaperModule) -> None:
        self._records, self._module = records, module

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        record = self._records[index]
        radiograph = decode(read_file(record.path), name=record.image)
        array = preprocess(radiograph.pixels, spec=self._module.preprocess).array
        return torch.from_numpy(array), self._module.classes.index(record.stratum)


class _PaperNetwork(pl.LightningModule):
    def __init__(self, network: PooledClassifier, *, module: PaperModule) -> None:
        super().__init__()
        self.network, self.module = network, module

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        del batch_idx
        return F.cross_entropy(self.network(batch[0]), batch[1])

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        del batch_idx
        self.log("validation/loss", F.cross_entropy(self.network(batch[0]), batch[1]), batch_size=len(batch[1]))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        module = self.module
        optimizer = torch.optim.Adam(
            self.parameters(), lr=module.learning_rate, betas=module.betas, weight_decay=module.weight_decay
        )
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, mode="min", factor=module.plateau_factor, patience=module.plateau_patience
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "validation/loss"}}


def paper_split(records: Sequence[Record], *, module: PaperModule) -> Split:
    """70% training, 20% validation, 10% test, by group and evenly over the classes.

    Raises `DataError` where a class of the module has no picture.
    """
    missing = set(module.classes) - {record.stratum for record in records}
    if missing:
        raise DataError(f"expected pictures of every class of {module.name}, came none of {', '.join(sorted(missing))}")
    shares = {"train": 0.7, "validation": 0.2, "test": 0.1}
    protocol = f"70/20/10 by patient, study or WordNet id, stratified by class, seed {module.seed}"
    return Split(split_by_patient(records, shares=shares, seed=module.seed), protocol)


def run_paper_module(module: PaperModule, *, records: Sequence[Record], folder: Path, workers: int) -> PaperResult:
    """Split, train in `folder` (it goes on where it was stopped), and count on the test part."""
    split = paper_split(records, module=module)
    torch.manual_seed(module.seed)
    network = PooledClassifier(module.backbone, labels=len(module.classes))
    load_starting_weights(network, weights=module.starting_weights)
    trainer = pl.Trainer(
        accelerator="auto",
        max_epochs=module.epochs,
        logger=CSVLogger(folder, name="", version="log"),
        callbacks=[ModelCheckpoint(folder, filename="epoch", save_last=True), TQDMProgressBar(refresh_rate=20)],
        num_sanity_val_steps=0,
        enable_model_summary=False,
    )
    loaders = {
        part: DataLoader(
            _Pictures(split.parts[part], module=module),
            batch_size=module.batch_size,
            shuffle=part == "train",
            num_workers=workers,
        )
        for part in split.parts
    }
    last = folder / LAST_CHECKPOINT
    resume = str(last) if last.is_file() else None
    trainer.fit(
        _PaperNetwork(network, module=module),
        train_dataloaders=loaders["train"],
        val_dataloaders=loaders["validation"],
        ckpt_path=resume,
        weights_only=True,
    )
    confusion = _confusion(network.eval(), loader=loaders["test"], classes=len(module.classes))
    accuracy = float(np.trace(confusion) / confusion.sum())
    return PaperResult(module.classes, confusion, accuracy, split.protocol)


def _confusion(
    network: PooledClassifier, *, loader: DataLoader[tuple[Tensor, int]], classes: int
) -> npt.NDArray[np.int64]:
    counts = np.zeros((classes, classes), np.int64)
    with torch.inference_mode():
        for images, truth in loader:
            called = network(images).argmax(dim=1)
            np.add.at(counts, (np.asarray(truth), called.numpy()), 1)
    return counts
