"""The lungs and the heart of a chest: the network that ships, one with all masks, and that of Liu et al. 2019.

Command  `hilum study lungs --data DIR --weights mobilenet_v2_imagenet.safetensors --out runs/lungs-study`
         `hilum train lungs --data lungs=DIR --weights … --study runs/lungs-study --out runs/lungs`
Hardware two CPU cores, bfloat16 autocast and channels-last.

What differs from Liu et al. 2019: MobileNetV2's first blocks as the encoder; fields, whole lungs and heart apart, of
three releases in place of JSRT; soft Dice beside cross-entropy; greys stretched and changed; 192 x 192 pixels. Pictures
are also mirrored in training: a side here is a side of the picture, not a finding, and mirrored files occur.
A network takes five minutes on one core. Measured, five folds, Dice: fields 0.965 on wingspan and 0.964 on lungs_tb,
whole lungs 0.951 on lungs, heart 0.941; mean error of the cardiothoracic ratio 0.016 (`docs/results/lungs.json`).
`liu_lungs` keeps the paper's optimiser, batch, loss and augmentation; the ranges of rotation, shift and zoom are
ours, the paper gives none. The paper keeps the epoch of the lowest validation loss: here nothing is chosen by a score,
the last one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hilum.bundle.lung_spec import LUNG_SIDES, Structure
from hilum.imaging.preprocess import PreprocessSpec, Resize, StretchGreys
from hilum.networks.starting_weights import RandomWeights, StartingWeights
from hilum.systems.lungs.recipe import LungFraming, LungLoss, LungRecipe
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.optimizers import Adam, AdamW
from hilum.training.recipe.samplers import GroupShares
from hilum.training.recipe.schedules import Constant, OneCycle

SIDE_PX, FINER_SIDE_PX, PAPER_SIDE_PX = 192, 256, 256
SPEC, FINER_SPEC = (
    PreprocessSpec(
        steps=(Resize(height=side, width=side, rule="stretch"), StretchGreys()),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )
    for side in (SIDE_PX, FINER_SIDE_PX)
)
PAPER_SPEC = PreprocessSpec(
    steps=(Resize(height=PAPER_SIDE_PX, width=PAPER_SIDE_PX, rule="stretch"),), mean=(0.5,), std=(0.5,)
)

STRUCTURES: tuple[Structure, ...] = ("right field", "left field", "right lung", "left lung", "heart")
FRAME_BELOW = 0.02
"""Where a picture was moved in training, nobody knows what lies beyond its edge, so the network never learnt to leave
black borders alone. Without them flip and mirror agree on small chests as on others (0.98 in place of 0.67)."""
ALL_SHARES = {"lungs": 0.25, "lungs_tb": 0.4, "wingspan": 0.35}
FREE_SHARES = {"lungs": 0.35, "wingspan": 0.65}
"""Without `lungs_tb`, the terms of whose masks rule out commercial use."""
OWN_SHARES = {"lungs": 0.25, "wingspan": 0.4, "nih": 0.25, "phantom": 0.1}
"""The free ones, chests that the free network draws itself, and phantoms."""


def lungs_free(starting_weights: StartingWeights) -> LungRecipe:
    """The recipe without masks whose terms rule out commercial use; `starting_weights` is what the command names."""
    return _slim("lung-regions", arm="free", shares=FREE_SHARES, starting_weights=starting_weights)


def lungs_all(starting_weights: StartingWeights) -> LungRecipe:
    """The same recipe on all three releases."""
    return _slim("lung-regions-all", arm="all", shares=ALL_SHARES, starting_weights=starting_weights)


def lungs_own(starting_weights: StartingWeights) -> LungRecipe:
    """The free recipe, and pictures that nobody outlined: what the free network draws and trusts, and phantoms."""
    return _slim("lung-regions-own", arm="own", shares=OWN_SHARES, starting_weights=starting_weights)


def lungs_lite(starting_weights: StartingWeights) -> LungRecipe:
    """The free recipe on the first blocks of EfficientNet-Lite0, whose weights `starting_weights` are."""
    return lite(lungs_free(starting_weights))


def lungs_lite_fine(starting_weights: StartingWeights) -> LungRecipe:
    """The free recipe on EfficientNet-Lite0 and finer pictures: it draws better than what ships, and takes longer."""
    return finer(lungs_lite(starting_weights))


def lungs_all_lite_fine(starting_weights: StartingWeights) -> LungRecipe:
    """The same on all three releases."""
    return finer(lite(lungs_all(starting_weights)))


def lite(recipe: LungRecipe) -> LungRecipe:
    """The recipe on the first blocks of EfficientNet-Lite0."""
    name = recipe.name.replace("lung-regions", "lung-regions-lite")
    return replace(recipe, name=name, arm="lite" if recipe.arm == "free" else f"{recipe.arm}-lite", network="lite")


def finer(recipe: LungRecipe) -> LungRecipe:
    """The recipe on pictures of 256 x 256 pixels, trained half as long again."""
    name, arm, epochs = f"{recipe.name}-fine", f"{recipe.arm}-fine", recipe.epochs * 3 // 2
    return replace(recipe, name=name, arm=arm, preprocess=FINER_SPEC, epochs=epochs)


def _slim(name: str, *, arm: str, shares: Mapping[str, float], starting_weights: StartingWeights) -> LungRecipe:
    return LungRecipe(
        name=name,
        arm=arm,
        version="2.0.0",
        network="mobile",
        structures=STRUCTURES,
        frame_below=FRAME_BELOW,
        starting_weights=starting_weights,
        preprocess=SPEC,
        framing=LungFraming(
            rotation_deg=10.0,
            zoom=0.2,
            stretch=0.25,
            shift=0.1,
            flip_probability=0.5,
            small_probability=0.2,
            small=(0.55, 0.9),
        ),
        grey=Augmentation(
            blur_probability=0.2,
            blur_sigma_px=(0.3, 2.0),
            shrink_probability=0.25,
            shrink=(0.3, 1.0),
            local_contrast_probability=0.15,
            gain=0.4,
            offset=0.2,
            log_gamma=0.5,
            noise=0.03,
        ),
        loss=LungLoss(),
        optimizer=AdamW(learning_rate=1.5e-3, weight_decay=0.02),
        schedule=OneCycle(warm_up=0.15),
        sampler=GroupShares(shares=shares, images_per_epoch=400),
        epochs=16,
        batch_size=8,
        ema_decay=0.98,
        seed=3,
    )


def liu_lungs() -> LungRecipe:
    """Liu et al. 2019's plain U-Net: Adam 1e-3, batch 8, pixel cross-entropy, rotation, shift and zoom, 100 epochs.

    It draws fields, as the JSRT masks used there show them, and learns from the two releases that do.
    """
    return LungRecipe(
        name="lung-regions-liu",
        arm="liu",
        version="2.0.0",
        network="plain",
        structures=LUNG_SIDES["field"],
        frame_below=None,
        starting_weights=RandomWeights(),
        preprocess=PAPER_SPEC,
        framing=LungFraming(rotation_deg=10.0, zoom=0.1, stretch=0.0, shift=0.1),
        grey=Augmentation(),
        loss=LungLoss(dice=0.0, overlap=0.0, outside=0.0),
        optimizer=Adam(learning_rate=1e-3),
        schedule=Constant(),
        sampler=GroupShares(shares={"lungs_tb": 0.78, "wingspan": 0.22}, images_per_epoch=640),
        epochs=100,
        batch_size=8,
        seed=3,
    )


ARMS: Mapping[str, Mapping[str, Callable[[StartingWeights], LungRecipe]]] = {
    "lungs": {"all": lungs_all, "free": lungs_free},
    "lungs-fine": {
        "all-fine": lambda start: finer(lungs_all(start)),
        "free-fine": lambda start: finer(lungs_free(start)),
    },
    "lungs-lite": {"lite": lungs_lite},
    "lungs-lite-fine": {
        "all-lite-fine": lungs_all_lite_fine,
        "lite-fine": lungs_lite_fine,
    },
    "lungs-own": {"free": lungs_free, "own": lungs_own},
    "lungs-liu": {"liu": lambda _start: liu_lungs()},
}
"""By study, its arms, each with what makes its recipe."""

WORDS: Mapping[str, str] = {
    "lungs": "Lungs and heart: five folds by patient, with all masks and without those of restricted terms.",
    "lungs-fine": "Both on pictures of 256 x 256 pixels, trained half as long again, in the same folds.",
    "lungs-lite": "EfficientNet-Lite0 for MobileNetV2, without masks of restricted terms; --weights are its.",
    "lungs-lite-fine": (
        "The same on pictures of 256 x 256 pixels, trained half as long again, and beside it with all masks."
    ),
    "lungs-own": "Without masks of restricted terms, and beside it with chests that this network draws, and phantoms.",
    "lungs-liu": "The plain U-Net of Liu et al. 2019 on lung fields in the same folds.",
}
"""What each of these studies is, in a sentence."""


def smoke(recipe: LungRecipe) -> LungRecipe:
    """The same recipe for two steps of two pictures: it proves that everything runs, and its numbers mean nothing."""
    sampler = replace(recipe.sampler, images_per_epoch=4)
    return replace(recipe, sampler=sampler, epochs=1, batch_size=2, ema_decay=None, smoke=True)
