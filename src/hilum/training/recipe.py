"""A recipe: everything that decides what a training run does, frozen and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hilum.bundle.card import Scope
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.starting_weights import StartingWeights
from hilum.training.augment import Augmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One network, trained in one stage.

    `shares` deals the training patients to `train`, `calibration` and `operating point`. `peak_learning_rate` is the
    top of a one-cycle schedule (AdamW). `images_per_epoch` are drawn evenly with and without the label.
    `label_smoothing` moves targets that far towards one half. `box_threshold` goes to the card: fixed beforehand,
    never fitted.
    """

    name: str
    version: str
    title: str
    backbone: str
    starting_weights: StartingWeights
    labels: tuple[str, ...]
    preprocess: PreprocessSpec
    augmentation: Augmentation
    shares: Mapping[str, float]
    epochs: int
    batch_size: int
    images_per_epoch: int
    peak_learning_rate: float
    weight_decay: float
    label_smoothing: float
    dropout: float
    seed: int
    scope: Scope
    box_threshold: float
    intended_use: str
    not_for: tuple[str, ...]
    limits: tuple[str, ...]
    weights_licence: str
