"""Trains a tiny network for 20 updates in one process or, through Lightning, in two that talk by gloo.

Run as `python follow.py PROCESSES FOLDER [staged [plain]]`; it writes the weights after every update, what each process
drew, and how many labels it knew, to `FOLDER/rank<rank>.pt`. Lightning starts the second process with the same command.
"""

from __future__ import annotations

import sys
from pathlib import Path

import hilum.networks  # noqa: F401 (for its torchvision guard, before Lightning)

# isort: split
import torch
from lightning import pytorch as pl
from torch import nn
from torch.utils.data import DataLoader, Dataset

from hilum.training.freezing import FrozenBatchNorms, StagedRelease, freezing_callback
from hilum.training.label_weights import label_weights
from hilum.training.losses import BinaryCrossEntropy, masked_loss
from hilum.training.optimizers import AdamW, build_optimizer
from hilum.training.processes import training_processes
from hilum.training.samplers import ClassBalanced, build_sampler
from hilum.training.schedules import Cosine, with_schedule

LABELS = ("Mass", "Nodule", "Hernia")
IMAGES, BATCH, EPOCHS, UPDATES = 60, 12, 4, 20
LOSS = BinaryCrossEntropy(label_smoothing=0.02, weighting="chexnet")


def targets() -> torch.Tensor:
    """Two thirds of the images lack most labels, so that the processes know unequal numbers of them."""
    draw = torch.Generator().manual_seed(2)
    values = (torch.rand(IMAGES, len(LABELS), generator=draw) < 0.3).float()
    values[torch.rand(IMAGES, len(LABELS), generator=draw) < 0.2] = float("nan")
    values[IMAGES // 3 :, 1:] = float("nan")
    return values


class Images(Dataset):
    """Images of noise; the augmentation is the noise that the draw's seed gives."""

    def __init__(self) -> None:
        self._images = torch.randn(IMAGES, 1, 12, 12, generator=torch.Generator().manual_seed(3))
        self._targets = targets()

    def __len__(self) -> int:
        return IMAGES

    def __getitem__(self, draw):
        index, seed = draw
        noise = torch.randn(1, 12, 12, generator=torch.Generator().manual_seed(seed))
        return self._images[index] + 0.3 * noise, self._targets[index], torch.tensor(draw)


def layer(channels_in: int, channels_out: int) -> nn.Sequential:
    norm = nn.BatchNorm2d(channels_out)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2.0)
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 3), norm, nn.ReLU())


class Tiny(pl.LightningModule):
    """The loss, optimizer and schedule of a recipe on two blocks and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(layer(1, 6), layer(6, 8))
        self.head = nn.Linear(8, len(LABELS))
        self.weights = label_weights(targets().numpy(), labels=LABELS, weighting=LOSS.weighting)
        self.after: list[torch.Tensor] = []
        self.drawn: list[torch.Tensor] = []
        self.known: list[int] = []

    def training_step(self, batch, batch_idx):
        images, wanted, draws = batch
        self.drawn.append(draws)
        self.known.append(int((~torch.isnan(wanted)).sum()))
        logits = self.head(self.backbone(images).mean(dim=(-2, -1)))
        return masked_loss(logits, wanted, spec=LOSS, label_weights=self.weights)

    def on_train_batch_end(self, outputs, batch, batch_idx):
        self.after.append(torch.cat([tensor.detach().flatten() for tensor in self.state_dict().values()]).clone())

    def configure_optimizers(self):
        optimizer = build_optimizer(self, spec=AdamW(learning_rate=0.02))
        return with_schedule(optimizer, spec=Cosine(warm_up=0.2), total_updates=UPDATES, updates_per_epoch=5)


def main(processes: int, folder: Path, *, staged: bool, plain: bool) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    module = Tiny()
    sampler = build_sampler(
        ClassBalanced(images_per_epoch=IMAGES), targets=targets(), labels=LABELS, patients=[""] * IMAGES, seed=7
    )
    release = StagedRelease(head_epochs=1, learning_rate_factor=0.5, freeze_batch_norms=True)
    several = "ddp_find_unused_parameters_true" if staged and not plain else "ddp"
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=processes,
        strategy=several if processes > 1 or plain else "auto",
        max_epochs=EPOCHS,
        use_distributed_sampler=False,
        callbacks=[freezing_callback(release if staged else FrozenBatchNorms(), backbones=(module.backbone,))],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, DataLoader(Images(), batch_size=BATCH // processes, sampler=sampler))
    out = {"after": torch.stack(module.after), "drawn": torch.stack(module.drawn), "known": torch.tensor(module.known)}
    out["group"] = torch.tensor([training_processes().count])
    torch.save(out, folder / f"rank{trainer.global_rank}.pt")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), staged="staged" in sys.argv[3:], plain="plain" in sys.argv[3:])
