"""The gate: radiograph or not, of what, in what state and view, with one MobileNetV2 (after Urinbayev et al. 2020).

Command  `hilum train gate --data DIR --weights mobilenet_v2_imagenet.safetensors --out runs/gate`
Hardware two CPU cores, bfloat16 autocast and channels-last.

What differs from Urinbayev et al. 2020: one small network for both questions; frames drawn alike for all pictures;
renderings and other modalities among the pictures that are no radiographs; sources capped; radiographs of none of the
types and pictures of anything else pull the types towards equal shares, so that not knowing shows.
"""

from __future__ import annotations

from dataclasses import replace

from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.gate.frames import Framing
from hilum.systems.gate.losses import GateLoss
from hilum.systems.gate.pictures import ChestChanges, GateChanges
from hilum.systems.gate.recipe import GateRecipe
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.samplers import GroupShares
from hilum.training.recipe.schedules import OneCycle

SIDE_PX = 192

SPEC = PreprocessSpec(
    steps=(Resize(height=SIDE_PX, width=SIDE_PX, rule="letterbox", filter="bilinear"),),
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
)

CHANGES = GateChanges(
    framing=Framing(side_px=SIDE_PX),
    augmentation=Augmentation(
        crop_area=(0.75, 1.0),
        aspect=0.15,
        rotation_deg=15.0,
        blur_probability=0.3,
        blur_sigma_px=(0.3, 1.5),
        sharpen_probability=0.2,
        sharpen=1.5,
        equalise_probability=0.2,
        local_contrast_probability=0.2,
        adaptive_probability=0.35,
        gain=0.35,
        offset=0.12,
        log_gamma=0.5,
        noise=0.03,
    ),
    chest=ChestChanges(),
    part=0.15,
    pair=0.1,
)

SHARES = {
    "types": 0.36, "bulk": 0.06, "none": 0.03, "chest": 0.16, "lateral": 0.03, "photos": 0.2, "modality": 0.07,
    "rendering": 0.09,
}  # fmt: skip

CAPS = {
    "kermany": 400, "nih": 400, "lungs_tb": 400, "mednist": 100, "scol": 100, "uciimpl": 100, "knee_oai": 100,
    "mura": 2000, "lera": 1300, "aasce": 100, "panoramic_dental": 300, "photos": 5000,
}  # fmt: skip


def gate(starting_weights: StartingWeights) -> GateRecipe:
    """The recipe; `starting_weights` is what the card's command names."""
    return GateRecipe(
        name="xray-gate",
        version="1.1.0",
        backbone="mobilenet_v2",
        starting_weights=starting_weights,
        preprocess=SPEC,
        changes=CHANGES,
        loss=GateLoss(is_xray=1.5),
        optimizer=AdamW(learning_rate=7e-4, weight_decay=0.03),
        schedule=OneCycle(warm_up=0.15),
        sampler=GroupShares(shares=SHARES, images_per_epoch=2000),
        epochs=9,
        batch_size=32,
        ema_decay=0.99,
        caps=CAPS,
        renderings=1200,
        dropout=0.2,
        seed=5,
    )


def smoke(recipe: GateRecipe) -> GateRecipe:
    """The same recipe for two epochs of two steps: it proves that everything runs, and its numbers mean nothing."""
    sampler = replace(recipe.sampler, images_per_epoch=8)
    return replace(recipe, sampler=sampler, epochs=2, batch_size=4, renderings=8)
