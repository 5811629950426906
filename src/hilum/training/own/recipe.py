"""The recipe for images of one's own: a MobileNetV2 at 224 pixels, made for tens to some ten thousand of them.

Command  `hilum train classify --data labels.csv --out runs/mine`
Hardware two CPU cores: forty images in about a minute.

It belongs to no published work. Its labels are those of the data (`train.py`); until they are read, `LABELS_OF_DATA`
stands in their place. Nothing is chosen by a score: the last epoch is kept.
"""

from __future__ import annotations

from hilum.bundle.card import Scope
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.starting_weights import StartingWeights
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import AdamW
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Assessment, CardText, Recipe, SplitSpec, Stage
from hilum.training.recipe.samplers import Shuffled
from hilum.training.recipe.schedules import OneCycle
from hilum.training.records.card_words import NOT_A_DEVICE, NOT_STATED

NAME = "classify"
VALIDATION = "validation"
RELEASES = ("table", "folder")
LABELS_OF_DATA = ("labels of the data",)
"""What stands where labels will be, before the data are read."""

_CARD = CardText(
    version="1.0.0",
    title=f"A classifier of one's own (title {NOT_STATED})",
    scope=Scope(xray_type="chest", age_years=None, views=None),
    box_threshold=0.5,
    intended_use=f"Intended use: {NOT_STATED}.",
    not_for=(NOT_A_DEVICE, f"Whatever else it must not be used for: {NOT_STATED}."),
    limits=(),
    weights_licence=f"terms {NOT_STATED}",
    recipe=NAME,
    releases=RELEASES,
    labels=LABELS_OF_DATA,
)


def classify(starting_weights: StartingWeights) -> Recipe:
    """The recipe before its data are read."""
    return Recipe(
        name=NAME,
        backbone="mobilenet_v2",
        dropout=0.2,
        preprocess=PreprocessSpec(
            steps=(Resize(height=224, width=224, rule="stretch", filter="bilinear"),),
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
        ),
        stages=(
            Stage(
                name="train",
                start=starting_weights,
                releases=RELEASES,
                labels=LABELS_OF_DATA,
                split=SplitSpec(shares={"train": 0.7, VALIDATION: 0.3}),
                selection=Selection(part=VALIDATION),
                loss=BinaryCrossEntropy(),
                optimizer=AdamW(learning_rate=5e-4, weight_decay=0.05),
                schedule=OneCycle(warm_up=0.2),
                sampler=Shuffled(),
                epochs=20,
                batch_size=8,
                augmentation=Augmentation(
                    crop_area=(0.8, 1.0), aspect=0.1, rotation_deg=7.0, gain=0.15, offset=0.05, log_gamma=0.2
                ),
            ),
        ),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
        seed=40,
        card=_CARD,
    )
