"""Run a recipe to its last epoch; after a stop the same call goes on where the last whole epoch ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from lightning import pytorch as pl
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

from hilum.datasets.split import Split
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import load_starting_weights
from hilum.training.image_dataset import PlainImages, TrainingImages, load_images
from hilum.training.module import ClassifierModule
from hilum.training.recipe import Recipe
from hilum.training.samplers import BalancedSampler

LAST_CHECKPOINT = "last.ckpt"


@dataclass(frozen=True, slots=True)
class Fitted:
    """The trained network in evaluation mode, and one line on the weights that training started from."""

    network: PooledClassifier
    started_from: str


def fit(recipe: Recipe, *, split: Split, folder: Path, workers: int) -> Fitted:
    """Train on the part `train`, watch the other parts but `test`, and return the network after the last epoch.

    `folder` holds the checkpoint and the logs. The last epoch is taken as it is: nothing is chosen by its score.
    """
    torch.manual_seed(recipe.seed)
    network = PooledClassifier(recipe.backbone, labels=len(recipe.labels), dropout=recipe.dropout)
    started_from = load_starting_weights(network, weights=recipe.starting_weights)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # absent from torch's stubs
    watched = tuple(part for part in split.parts if part not in ("train", "test"))
    module = ClassifierModule(network, recipe=recipe, validation_names=watched)
    trainer = pl.Trainer(
        accelerator="auto",
        max_epochs=recipe.epochs,
        precision="bf16-mixed",
        logger=CSVLogger(folder, name="", version="log"),
        callbacks=[
            ModelCheckpoint(folder, filename="epoch", save_last=True, save_top_k=1),
            TQDMProgressBar(refresh_rate=20),
        ],
        log_every_n_steps=20,
        num_sanity_val_steps=0,
        enable_model_summary=False,
    )
    last = folder / LAST_CHECKPOINT
    trainer.fit(
        module,
        train_dataloaders=_training_loader(recipe, split=split, workers=workers),
        val_dataloaders=[_plain_loader(recipe, split=split, part=part) for part in watched],
        ckpt_path=str(last) if last.is_file() else None,
        weights_only=True,
    )
    return Fitted(network.eval(), started_from)


def _training_loader(recipe: Recipe, *, split: Split, workers: int) -> DataLoader[tuple[torch.Tensor, torch.Tensor]]:
    images = load_images(split.parts["train"], spec=recipe.preprocess, labels=recipe.labels)
    positive = [bool(target == 1.0) for target in images.targets[:, 0]]
    sampler = BalancedSampler(positive, per_epoch=recipe.images_per_epoch, seed=recipe.seed)
    dataset = TrainingImages(images, spec=recipe.preprocess, augmentation=recipe.augmentation)
    return DataLoader(
        dataset,
        batch_size=recipe.batch_size,
        sampler=sampler,
        num_workers=workers,
        persistent_workers=workers > 0,
        drop_last=True,
    )


def _plain_loader(recipe: Recipe, *, split: Split, part: str) -> DataLoader[tuple[torch.Tensor, torch.Tensor]]:
    images = load_images(split.parts[part], spec=recipe.preprocess, labels=recipe.labels)
    return DataLoader(PlainImages(images, spec=recipe.preprocess), batch_size=64)
