import pytest
import torch
from lightning import pytorch as pl
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from fabricate_foundations import EVA_SMALL, SWIN
from hilum.errors import UsageError
from hilum.networks.patch_tokens import PatchTokens
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.recipe.freezing import (
    FrozenBatchNorms,
    FrozenFirst,
    KeepBatchNorms,
    KeepFirst,
    ReleaseInStages,
    StagedRelease,
    blocks_of,
    freezing_callback,
)
from hilum.training.recipe.optimizers import AdamW, build_optimizer
from hilum.training.recipe.schedules import Constant, Cosine, KerasDecay, OneCycle, Plateau, lightning_schedules

EPOCHS = 6
CONSTANT = Constant()
SPEC = StagedRelease(head_epochs=2, learning_rate_factor=0.2)


def layer(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 3), nn.BatchNorm2d(channels_out), nn.ReLU())


class Tiny(pl.LightningModule):
    """Three blocks and a head; it notes learning rates and which batch norms were training, at every epoch's end."""

    def __init__(self, schedule=CONSTANT) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(layer(1, 4), layer(4, 4), layer(4, 4))
        self.head = nn.Linear(4, 1)
        self.schedule = schedule
        self.rates: list[float] = []
        self.training_norms: list[list[bool]] = []
        self.states: list[dict[str, torch.Tensor]] = []

    def loss(self, batch):
        images, targets = batch
        logits = self.head(self.backbone(images).mean(dim=(-2, -1)))
        return nn.functional.binary_cross_entropy_with_logits(logits, targets)

    def training_step(self, batch, batch_idx):
        if batch_idx == 0:
            self.rates.append(self.optimizers().param_groups[0]["lr"])
        return self.loss(batch)

    def validation_step(self, batch, batch_idx):
        self.log("validation/loss", self.loss(batch))

    def on_train_epoch_end(self):
        self.training_norms.append([block[1].training for block in self.backbone])
        self.states.append({name: tensor.clone() for name, tensor in self.state_dict().items()})

    def configure_optimizers(self):
        optimizer = build_optimizer(self, spec=AdamW(learning_rate=0.1, weight_decay=0.1))
        return [optimizer], lightning_schedules(
            optimizer, spec=self.schedule, total_updates=4 * EPOCHS, updates_per_epoch=4
        )


def loader() -> DataLoader:
    draw = torch.Generator().manual_seed(3)
    images = torch.randn(16, 1, 12, 12, generator=draw)
    return DataLoader(TensorDataset(images, (images.mean(dim=(1, 2, 3), keepdim=False) > 0).float()[:, None]), 4)


def run(module, callback, *, folder, epochs=EPOCHS, resume=None):
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        callbacks=[callback, ModelCheckpoint(folder, save_last=True)],
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        val_check_interval=0.5,
    )
    trainer.fit(module, loader(), loader(), ckpt_path=resume, weights_only=True)
    return module


def changed(module, epoch, *, only=lambda name: True):
    """The blocks (0 to 2) and the head with something that `epoch` changed."""
    before, after = module.states[epoch - 1], module.states[epoch]
    names = {name for name in after if only(name) and not torch.equal(before[name], after[name])}
    return {name.split(".")[1] if name.startswith("backbone") else "head" for name in names}


def test_only_the_head_trains_then_one_more_block_an_epoch_last_first(tmp_path):
    module = Tiny()
    run(module, ReleaseInStages(SPEC, backbones=(module.backbone,)), folder=tmp_path)
    expected = [{"head"}, {"head", "2"}, {"head", "2", "1"}, {"head", "2", "1", "0"}, {"head", "2", "1", "0"}]
    assert [changed(module, epoch) for epoch in range(1, EPOCHS)] == expected


def test_the_learning_rate_is_multiplied_once_when_the_first_block_is_released(tmp_path):
    module = Tiny()
    run(module, ReleaseInStages(SPEC, backbones=(module.backbone,)), folder=tmp_path)
    assert module.rates == pytest.approx([0.1, 0.1, 0.02, 0.02, 0.02, 0.02])


class WithPositions(Tiny):
    """Its backbone also learns positions, which stand in no block."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone.register_parameter("positions", nn.Parameter(torch.zeros(4)))

    def loss(self, batch):
        images, targets = batch
        logits = self.head(self.backbone(images).mean(dim=(-2, -1)) + self.backbone.positions)
        return nn.functional.binary_cross_entropy_with_logits(logits, targets)


def test_what_stands_beside_the_blocks_is_released_with_the_first(tmp_path):
    module = WithPositions()
    run(module, ReleaseInStages(SPEC, backbones=(module.backbone,)), folder=tmp_path)
    moved = ["positions" in changed(module, epoch, only=lambda name: "running" not in name) for epoch in range(1, 6)]
    assert moved == [False, False, False, True, True]


def test_a_transformers_blocks_are_its_layers_one_by_one():
    eva, swin = EVA_SMALL.build(), SWIN.build()
    assert isinstance(eva, PatchTokens)
    assert isinstance(swin, PatchTokens)
    stem, *layers = blocks_of(eva)
    assert stem == (eva.features.patch_embed,)
    assert layers == [*((block,) for block in eva.features.blocks[:-1]), (eva.features.blocks[-1], eva.features.norm)]
    first, *stages = blocks_of(swin)
    assert first == (swin.features.patch_embed,)
    assert stages == [(swin.features.layers[0],), (swin.features.layers[1], swin.features.norm)]


@pytest.mark.parametrize("schedule", [Cosine(warm_up=0.0, final=0.5), KerasDecay(decay=0.1), OneCycle()])
def test_a_schedule_goes_on_from_the_lower_rate(schedule, tmp_path):
    plain, staged = Tiny(schedule), Tiny(schedule)
    run(plain, KeepBatchNorms(), folder=tmp_path / "plain")
    run(staged, ReleaseInStages(SPEC, backbones=(staged.backbone,)), folder=tmp_path / "staged")
    shares = [1, 1, 0.2, 0.2, 0.2, 0.2]
    assert staged.rates == pytest.approx([rate * share for rate, share in zip(plain.rates, shares, strict=True)])


def test_batch_norms_of_frozen_blocks_keep_their_statistics_and_released_ones_do_not(tmp_path):
    module = Tiny()
    run(module, ReleaseInStages(SPEC, backbones=(module.backbone,)), folder=tmp_path)
    assert module.training_norms == [[False] * 3] * 2 + [[False, False, True], [False, True, True]] + [[True] * 3] * 2
    assert changed(module, 1, only=lambda name: "running" in name) == set()
    assert changed(module, 5, only=lambda name: "running" in name) == {"0", "1", "2"}


def test_all_batch_norms_can_be_kept(tmp_path):
    module = Tiny()
    spec = StagedRelease(head_epochs=0, freeze_batch_norms=True)
    run(module, ReleaseInStages(spec, backbones=(module.backbone,)), folder=tmp_path)
    assert module.training_norms == [[False] * 3] * EPOCHS
    assert changed(module, 5) == {"head", "0", "1", "2"}
    assert changed(module, 5, only=lambda name: "running" in name) == set()


def test_frozen_batch_norms_stay_frozen_after_a_validation_inside_the_epoch(tmp_path):
    module = Tiny()
    run(module, KeepBatchNorms(), folder=tmp_path)
    assert module.training_norms == [[False] * 3] * EPOCHS
    assert changed(module, 1) == {"head", "0", "1", "2"}
    assert changed(module, 1, only=lambda name: "running" in name) == set()


@pytest.mark.parametrize("stopped_after", [1, 2, 3])
@pytest.mark.parametrize("schedule", [Plateau(monitor="validation/loss", patience=0), Cosine()])
def test_a_run_that_was_stopped_ends_with_the_weights_of_one_that_was_not(schedule, stopped_after, tmp_path):
    def callback(module):
        return ReleaseInStages(SPEC, backbones=(module.backbone,))

    whole = Tiny(schedule)
    run(whole, callback(whole), folder=tmp_path / "whole")
    first = Tiny(schedule)
    run(first, callback(first), folder=tmp_path / "broken", epochs=stopped_after)
    second = Tiny(schedule)
    run(second, callback(second), folder=tmp_path / "broken", resume=tmp_path / "broken" / "last.ckpt")
    assert second.rates == whole.rates[stopped_after:]
    for name, tensor in whole.state_dict().items():
        assert torch.equal(second.state_dict()[name], tensor), name


@pytest.mark.parametrize(
    ("backbone", "count", "last"),
    [
        ("densenet121", 8, ("denseblock4", "norm5")),
        ("resnet50", 5, ("layer4",)),
        ("mobilenet_v2", 19, ("18",)),
        ("squeezenet1_1", 9, ("12",)),
        ("convnext_atto", 6, ("head",)),
    ],
)
def test_blocks_of_the_backbones(backbone, count, last):
    network = PooledClassifier(backbone, labels=1).backbone
    blocks = blocks_of(network)
    assert len(blocks) == count
    names = {module: name.split(".")[-1] for name, module in network.named_modules()}
    assert tuple(names[part] for part in blocks[-1]) == last
    held = [parameter for block in blocks for part in block for parameter in part.parameters()]
    assert {id(parameter) for parameter in held} == {id(parameter) for parameter in network.parameters()}
    assert len(held) == len(list(network.parameters())), "no parameter in two blocks"


def test_several_backbones_are_released_together(tmp_path):
    module = Tiny()
    module.other = nn.Sequential(layer(1, 4))
    callback = freezing_callback(SPEC, backbones=(module.backbone, module.other))
    seen = []

    class Watch(pl.Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            if batch_idx == 0:
                wholes = (module.backbone, module.other)
                seen.append(tuple(sum(next(block.parameters()).requires_grad for block in whole) for whole in wholes))

    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=5,
        logger=False,
        callbacks=[callback, Watch()],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, loader())
    assert seen == [(0, 0), (0, 0), (1, 1), (2, 1), (3, 1)]


def test_the_setting_names_the_callback():
    backbone = nn.Sequential(layer(1, 4))
    assert isinstance(freezing_callback(FrozenBatchNorms(), backbones=(backbone,)), KeepBatchNorms)
    assert isinstance(freezing_callback(StagedRelease(), backbones=(backbone,)), ReleaseInStages)
    assert isinstance(
        freezing_callback(FrozenFirst(blocks=1), backbones=(nn.Sequential(*backbone, layer(4, 4)),)), KeepFirst
    )


def test_paper_2s_schedule_is_the_default():
    assert [StagedRelease().released(epoch) for epoch in range(7)] == [0, 0, 0, 0, 1, 2, 3]


def test_values_out_of_range_are_refused():
    with pytest.raises(UsageError, match="head_epochs"):
        StagedRelease(head_epochs=-1)
    with pytest.raises(UsageError, match="learning_rate_factor"):
        StagedRelease(learning_rate_factor=0.0)


def test_the_first_blocks_never_train_and_the_others_always_do(tmp_path):
    module = Tiny()
    run(module, KeepFirst(FrozenFirst(blocks=2), backbones=(module.backbone,)), folder=tmp_path)
    assert module.training_norms == [[False, False, True]] * EPOCHS
    assert [changed(module, epoch) for epoch in (1, EPOCHS - 1)] == [{"head", "2"}] * 2


def test_what_stands_beside_the_blocks_is_frozen_with_the_first(tmp_path):
    module = WithPositions()
    run(module, KeepFirst(FrozenFirst(blocks=1), backbones=(module.backbone,)), folder=tmp_path)
    assert "positions" not in changed(module, EPOCHS - 1)


def test_at_least_one_block_is_frozen_and_not_all():
    with pytest.raises(UsageError, match="At least one block"):
        FrozenFirst(blocks=0)
    with pytest.raises(UsageError, match="the network has 3"):
        KeepFirst(FrozenFirst(blocks=3), backbones=(Tiny().backbone,))
