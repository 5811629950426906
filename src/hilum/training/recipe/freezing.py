"""Frozen blocks, released in stages or never, and frozen batch norms, as Lightning callbacks.

The optimizer holds every parameter from the start, and one without a gradient is passed over; so a release changes no
group of the optimizer, and a run that was stopped goes on with the state that it saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lightning import pytorch as pl
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from hilum.errors import UsageError

_OPENED = ("features", "blocks", "layers", "stages")
"""Containers whose children are the blocks: DenseNet's and the transformers' `features`, `blocks` of MobileNetV1 and of
the plain transformers, `layers` of Swin, `stages` of many of timm's."""

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)

_RATES = ("lr", "initial_lr", "max_lr", "min_lr")
"""What schedulers keep in the optimizer's groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRelease:
    """The schedule of Pun et al. 2021: only the heads train, then one more block an epoch, last first.

    Only the heads train in the first `head_epochs` epochs. When the first block is released, every learning rate is
    multiplied by `learning_rate_factor`, once. Batch norms keep the statistics of frozen blocks; with
    `freeze_batch_norms` those of released blocks too.
    """

    head_epochs: int = 4
    learning_rate_factor: float = 0.2
    freeze_batch_norms: bool = False

    def __post_init__(self) -> None:
        if self.head_epochs < 0 or self.learning_rate_factor <= 0:
            raise UsageError(
                f"head_epochs must be 0 or more and learning_rate_factor above 0; given: {self.head_epochs} and "
                f"{self.learning_rate_factor}"
            )

    def released(self, epoch: int) -> int:
        """How many blocks, from the last, train in `epoch` (from 0)."""
        return max(0, epoch - self.head_epochs + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenBatchNorms:
    """Every batch norm keeps its running statistics and normalises by them, as in evaluation; scales still train."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenFirst:
    """The first `blocks` of the backbone keep their weights and the statistics of their batch norms throughout.

    They look at the most pixels, so that their backward pass is most of a step's time on a CPU.
    """

    blocks: int

    def __post_init__(self) -> None:
        if self.blocks < 1:
            raise UsageError(f"At least one block must be frozen; given: blocks = {self.blocks}")


FreezingSpec = StagedRelease | FrozenBatchNorms | FrozenFirst

Block = tuple[nn.Module, ...]
"""Layers that are frozen and released together."""


def blocks_of(backbone: nn.Module) -> tuple[Block, ...]:
    """The blocks of a backbone, first to last: its direct children that hold parameters.

    A convolution or norm that stands alone joins what comes before it; those at the start make the stem.
    """
    blocks: list[Block] = []
    for layer in _layers(backbone):
        alone = not any(_holds_parameters(child) for child in layer.children())
        if blocks and alone:
            blocks[-1] = (*blocks[-1], layer)
        else:
            blocks.append((layer,))
    return tuple(blocks)


class ReleaseInStages(pl.Callback):
    """Freezes and releases the blocks of one or several backbones (all of them together) before each epoch.

    In several processes the strategy must be `ddp_find_unused_parameters_true`: `UsageError` where it is another one.
    """

    def __init__(self, spec: StagedRelease, *, backbones: Sequence[nn.Module]) -> None:
        self._spec = spec
        self._chains = tuple(blocks_of(backbone) for backbone in backbones)
        self._outside = tuple(
            _outside(backbone, blocks=chain) for backbone, chain in zip(backbones, self._chains, strict=True)
        )
        self._slowed = False

    def state_dict(self) -> dict[str, bool]:
        """Whether the learning rates were multiplied already."""
        return {"slowed": self._slowed}

    def load_state_dict(self, state_dict: Mapping[str, bool]) -> None:
        """Take over what `state_dict` saved."""
        self._slowed = state_dict["slowed"]

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Set which parameters and batch norms train in the epoch that begins."""
        del pl_module
        wrapped = trainer.model
        if isinstance(wrapped, DistributedDataParallel) and not wrapped.find_unused_parameters:
            raise UsageError(
                "A staged release in several processes needs the strategy ddp_find_unused_parameters_true; the one "
                "given waits for the gradients of frozen blocks. Set it"
            )
        released = self._spec.released(trainer.current_epoch)
        for chain, outside in zip(self._chains, self._outside, strict=True):
            for place, block in enumerate(chain):
                _set_block(block, trains=len(chain) - place <= released, spec=self._spec)
            for parameter in outside:
                parameter.requires_grad_(len(chain) <= released)
        if released and not self._slowed:
            _multiply_learning_rates(trainer, factor=self._spec.learning_rate_factor)
            self._slowed = True


class KeepBatchNorms(pl.Callback):
    """What `FrozenBatchNorms` says."""

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put batch norms into evaluation mode, out of which Lightning takes them when training starts."""
        del trainer
        for norm in _batch_norms(pl_module):
            norm.eval()


class KeepFirst(pl.Callback):
    """What `FrozenFirst` says, of one or several backbones (all of them together).

    Raises `UsageError` where a backbone has no more blocks than are to be frozen.
    """

    def __init__(self, spec: FrozenFirst, *, backbones: Sequence[nn.Module]) -> None:
        chains = [blocks_of(backbone) for backbone in backbones]
        fewest = min((len(chain) for chain in chains), default=spec.blocks + 1)
        if fewest <= spec.blocks:
            raise UsageError(
                f"{spec.blocks} blocks cannot be frozen: the network has {fewest}, and one must be left to train"
            )
        self._layers = tuple(layer for chain in chains for block in chain[: spec.blocks] for layer in block)
        self._outside = tuple(
            parameter
            for backbone, chain in zip(backbones, chains, strict=True)
            for parameter in _outside(backbone, blocks=chain)
        )

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Freeze them again: Lightning puts every layer into training mode when training starts."""
        del trainer, pl_module
        for layer in self._layers:
            layer.requires_grad_(False)
            for norm in _batch_norms(layer):
                norm.eval()
        for parameter in self._outside:
            parameter.requires_grad_(False)


def freezing_callback(spec: FreezingSpec, *, backbones: Sequence[nn.Module]) -> pl.Callback:
    """The callback that does what `spec` says; what lies outside `backbones` (heads, fusion) always trains."""
    match spec:
        case StagedRelease():
            return ReleaseInStages(spec, backbones=backbones)
        case FrozenBatchNorms():
            return KeepBatchNorms()
        case FrozenFirst():
            return KeepFirst(spec, backbones=backbones)


def _outside(backbone: nn.Module, *, blocks: Sequence[Block]) -> tuple[nn.Parameter, ...]:
    """Parameters that stand beside the blocks, such as a transformer's positions: the stem's company."""
    inside = {id(parameter) for block in blocks for layer in block for parameter in layer.parameters()}
    return tuple(parameter for parameter in backbone.parameters() if id(parameter) not in inside)


def _set_block(block: Block, *, trains: bool, spec: StagedRelease) -> None:
    for layer in block:
        layer.requires_grad_(trains)
        for norm in _batch_norms(layer):
            norm.train(trains and not spec.freeze_batch_norms)


def _multiply_learning_rates(trainer: pl.Trainer, *, factor: float) -> None:
    for optimizer in trainer.optimizers:
        for group in optimizer.param_groups:
            for name in _RATES:
                if name in group:
                    group[name] *= factor
    for config in trainer.lr_scheduler_configs:
        base = getattr(config.scheduler, "base_lrs", None)
        if base is not None:
            config.scheduler.base_lrs = [rate * factor for rate in base]


def _batch_norms(network: nn.Module) -> Iterator[nn.Module]:
    return (module for module in network.modules() if isinstance(module, _BATCH_NORMS))


def _layers(network: nn.Module) -> Iterator[nn.Module]:
    for name, child in network.named_children():
        if name in _OPENED:
            yield from _layers(child)
        elif _holds_parameters(child):
            yield child


def _holds_parameters(module: nn.Module) -> bool:
    return any(True for _ in module.parameters())
