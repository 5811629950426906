"""Ten labels in children's chests, learnt on adults first (Tran et al. 2021, doi:10.1101/2021.08.12.21261954).

Command  `hilum train paediatric-db --data chexpert=DIR --data vindr_pcxr=DIR --out runs/paediatric-db`
Hardware not run on the releases here; the paper had two cards of 11 GB. Where memory is short, eight times four images
         make the batch: `--set batch_size=8 --set accumulate=4`.
Score    the paper's mean AUROC over ten labels, No Finding among them, on 777 test images of a data set that is not the
         release: DenseNet-121 0.696, DenseNet-169 0.691, ResNet-101 0.700, the mean of the three 0.709; ours not
         measured.

Stages: `adult` learns CheXpert's fourteen observations, `children` VinDr-PCXR's ten labels from its weights. Both:
the histogram of the whole picture equalised, then 512x512; stochastic gradient descent with momentum 0.9, a learning
rate of 1e-3 at the top of a triangle; batches of 32. `--set backbone=densenet169` and `resnet101` are the other two
networks.

What the paper leaves open and is chosen here: ImageNet's weights before the adults; ten epochs of adults with
cross-entropy, where children have the paper's 80 (there are thirty times as many adults); triangles that rise for four
epochs from a tenth of the rate; the released test part as test and 15% of the other children as validation, as the
paper's shares were; the epoch of the best mean AUROC on validation; stretched, bilinear; no augmentation. The loss's
numbers are those of Wu et al. 2020.

CheXpert's uncertain labels count 0.7, halfway between the bounds within which the same laboratory drew them anew for
CheXpert (Pham et al. 2021, its reference 20), and what a report does not mention is negative: so No Finding has
negatives. `--set chexpert.uncertain=ignore`, and others, change that; the protocol names what was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hilum.bundle.calibrated_on import NOT_TRIED_ELSEWHERE
from hilum.bundle.card import Scope
from hilum.datasets.releases import chexpert
from hilum.datasets.releases.chexpert import NO_FINDING, ChexpertPolicy
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS
from hilum.imaging.preprocess import Equalise, PreprocessSpec, Resize
from hilum.networks.starting_weights import StartingWeights
from hilum.training.recipe.distribution_balanced import DistributionBalanced
from hilum.training.recipe.losses import BinaryCrossEntropy, Focal, LossSpec
from hilum.training.recipe.optimizers import Sgd
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Assessment, CardText, FromStage, Recipe, SplitSpec, Stage
from hilum.training.recipe.samplers import Shuffled
from hilum.training.recipe.schedules import Triangular

NAME = "paediatric-db"
ADULT, CHILDREN = "adult", "children"
VALIDATION = "validation"
SIDE_PX = 512
ADULT_EPOCHS, EPOCHS = 10, 80

BCE, WEIGHTED, FOCAL, BALANCED, MODIFIED = "bce", "weighted", "focal", "db", "modified-db"
LOSSES: Mapping[str, LossSpec] = {
    BCE: BinaryCrossEntropy(),
    WEIGHTED: BinaryCrossEntropy(weighting="chexnet"),
    FOCAL: Focal(gamma=2.0, alpha=0.25),
    BALANCED: DistributionBalanced(),
    MODIFIED: DistributionBalanced(alone=NO_FINDING),
}
"""The five losses that the paper compares; the last one is its own."""

NETWORKS: Mapping[str, str] = {"densenet121": "DenseNet-121", "densenet169": "DenseNet-169", "resnet101": "ResNet-101"}
"""The paper's three networks, each with what the paper calls it."""

SPEC = PreprocessSpec(
    steps=(Equalise(), Resize(height=SIDE_PX, width=SIDE_PX, rule="stretch", filter="bilinear")),
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)

CARD = CardText(
    version="1.0.0",
    title="Ten labels in children's chest radiographs (VinDr-PCXR)",
    scope=Scope(xray_type="chest", age_years=(0.0, 10.99), views=("AP", "PA")),
    box_threshold=0.5,
    intended_use=(
        "Research and teaching: which of ten labels a radiologist would give the frontal chest radiograph of a child "
        "under eleven years."
    ),
    not_for=(
        "Diagnosis, triage or any decision about a patient: this is not a medical device.",
        "Adults, lateral views, and anything but a frontal chest radiograph.",
        "Calling a radiograph normal: other findings are missed, and many of these ten.",
    ),
    limits=(
        f"Trained on one hospital's children; {NOT_TRIED_ELSEWHERE}'s.",
        "One radiologist labelled each picture; they agree moderately on such labels in children.",
        "A heatmap shows what moved the score; it is no outline of a disease.",
    ),
    weights_licence="no terms of their own",
    recipe=NAME,
    releases=("vindr_pcxr", "chexpert"),
    labels=TEN_LABELS,
)


def paediatric_db(starting_weights: StartingWeights, *, backbone: str = "densenet121") -> Recipe:
    """The paper's two stages with its own loss; the adults start from `starting_weights`."""
    children = _children(starting_weights, loss=LOSSES[MODIFIED])
    adult = replace(
        children,
        name=ADULT,
        releases=("chexpert",),
        labels=chexpert.LABELS,
        split=SplitSpec(shares={"train": 0.95, VALIDATION: 0.05}),
        loss=LOSSES[BCE],
        epochs=ADULT_EPOCHS,
    )
    return Recipe(
        name=NAME,
        backbone=backbone,
        dropout=0.0,
        preprocess=SPEC,
        stages=(adult, replace(children, start=FromStage(stage=ADULT))),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
        seed=38,
        card=CARD,
        chexpert=ChexpertPolicy(uncertain=0.7, not_mentioned="zeros"),
    )


def children_alone(starting_weights: StartingWeights, *, loss: LossSpec, backbone: str = "densenet121") -> Recipe:
    """The second stage without the first, from `starting_weights` and by another loss."""
    return replace(
        paediatric_db(starting_weights, backbone=backbone),
        name=f"{NAME}-{CHILDREN}",
        stages=(_children(starting_weights, loss=loss),),
        chexpert=None,
    )


def after_adults(starting_weights: StartingWeights, *, loss: LossSpec, backbone: str = "densenet121") -> Recipe:
    """Both stages, the children by another loss; the adults are learnt as `paediatric_db` learns them."""
    whole = paediatric_db(starting_weights, backbone=backbone)
    return whole.with_last(replace(whole.last, loss=loss))


def _children(starting_weights: StartingWeights, *, loss: LossSpec) -> Stage:
    return Stage(
        name=CHILDREN,
        start=starting_weights,
        releases=("vindr_pcxr",),
        labels=TEN_LABELS,
        split=SplitSpec(shares={"train": 0.85, VALIDATION: 0.15}, boxed="anywhere"),
        selection=Selection(part=VALIDATION, keep="best", monitor="mean_auroc"),
        loss=loss,
        optimizer=Sgd(learning_rate=1e-3, momentum=0.9),
        schedule=Triangular(lowest=0.1, half_cycle_epochs=4.0),
        sampler=Shuffled(),
        epochs=EPOCHS,
        batch_size=32,
    )
