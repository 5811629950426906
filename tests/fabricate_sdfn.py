"""A tiny SDFN: two SqueezeNets at 32 pixels that learn the toy chests of `fabricate_chest_table.py` in seconds."""

from dataclasses import replace

from fabricate_recipe import RANDOM, tiny_recipe, tiny_stage
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.optimizers import Adam
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import FusedFrom, Recipe
from hilum.training.recipe.schedules import KerasDecay


def tiny_sdfn(*, start=RANDOM, epochs=2, fusion_epochs=3, **changes) -> Recipe:
    """`tiny_recipe` for a picture, its crop and the fusion of both; `changes` are fields of all three stages."""
    whole = tiny_stage(name="whole", start=start, epochs=epochs, flip_probability=0.5, **changes)
    crop = replace(whole, name="crop", crop_lungs=True)
    fusion = replace(
        whole,
        name="fusion",
        start=FusedFrom(whole="whole", crop="crop"),
        epochs=fusion_epochs,
        ema_decay=None,
        augmentation=Augmentation(),
        optimizer=Adam(learning_rate=1e-2),
        schedule=KerasDecay(decay=1e-5),
        selection=Selection(part="validation", keep="best", monitor="mean_auroc"),
    )
    return replace(tiny_recipe(), name="tiny-sdfn", stages=(whole, crop, fusion))
