"""Train a lung network to the end of its recipe; after a stop the same call goes on where the last epoch ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning import pytorch as pl
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.utils.data import DataLoader

from hilum.networks.lung_unet import MobileLungUNet, PlainLungUNet, load_encoder
from hilum.training.checkpoints import LAST_CHECKPOINT, load_checkpoint
from hilum.training.lung_images import LungPicture, LungTrainingImages, SourceSampler
from hilum.training.lung_losses import lung_loss
from hilum.training.lung_recipe import LungRecipe
from hilum.training.trainer import Machine, checkpoint_to_resume, make_trainer, run_trainer

LungNetwork = MobileLungUNet | PlainLungUNet


@dataclass(frozen=True, slots=True)
class FittedLungs:
    """The trained network in evaluation mode, and one line on the weights that training started from."""

    network: LungNetwork
    started_from: str


class LungModule(pl.LightningModule):
    """The loss of `lung_losses.py`; AdamW over one cycle, or Adam at one rate."""

    def __init__(self, network: LungNetwork, *, recipe: LungRecipe) -> None:
        super().__init__()
        self.network, self.recipe = network, recipe

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """The loss of one batch."""
        del batch_idx
        images, targets = batch
        logits = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = lung_loss(logits, targets, weights=self.recipe.loss)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Norms and biases do not decay."""
        schedule, parameters = self.recipe.schedule, list(self.network.parameters())
        if not schedule.one_cycle:
            return torch.optim.Adam(parameters, lr=schedule.peak_learning_rate)
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": schedule.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=schedule.peak_learning_rate)
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=schedule.peak_learning_rate,
            total_steps=int(self.trainer.estimated_stepping_batches),
            pct_start=0.15,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


def build_network(recipe: LungRecipe) -> FittedLungs:
    """The recipe's network with its starting weights, not trained; it draws from torch's seeded generator."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        if recipe.network == "plain":
            return FittedLungs(PlainLungUNet(), "random")
        network = MobileLungUNet()
        return FittedLungs(network, load_encoder(network, weights=recipe.starting_weights))


def fit_lungs(recipe: LungRecipe, *, pictures: Sequence[LungPicture], folder: Path, workers: int) -> FittedLungs:
    """Train on `pictures` and return the network after the last epoch: nothing is chosen by a score."""
    schedule, built = recipe.schedule, build_network(recipe)
    network = built.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # absent from its stubs
    trainer = make_trainer(
        folder=folder,
        epochs=schedule.epochs,
        precision="bf16-mixed",
        machine=Machine(devices=1, workers=workers),
        ema_decay=schedule.ema_decay,
    )
    sampler = SourceSampler(
        [picture.record.source for picture in pictures],
        shares=schedule.shares,
        per_epoch=schedule.images // schedule.epochs,
        seed=recipe.seed,
    )
    images = LungTrainingImages(pictures, spec=recipe.preprocess, framing=recipe.framing, grey=recipe.grey)
    loader = DataLoader(
        images,
        batch_size=schedule.batch_size,
        sampler=sampler,
        num_workers=workers,
        persistent_workers=workers > 0,
        drop_last=True,
    )
    module = LungModule(network, recipe=recipe)
    run_trainer(trainer, module, training=loader, resume=checkpoint_to_resume(folder))
    # a run that was stopped after its last epoch trains no more and averages nothing: what was saved holds in any case
    module.load_state_dict(load_checkpoint(folder / LAST_CHECKPOINT)["state_dict"])
    return FittedLungs(network.eval(), built.started_from)
