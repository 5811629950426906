"""The protocol of Barnett 2023 as a recipe: MobileNetV2, two epochs of SGD, and what the paper leaves open fixed here.

Command  `hilum study pneumonia --data kermany=DIR --weights mobilenet_v2_imagenet.safetensors --out runs/barnett`
Hardware two CPU cores, bfloat16 autocast and channels-last; five folds took 64 minutes of both, which did
other work too.

From the paper: SGD with momentum, 2 epochs, batches of 128, L2 of 1e-4, a validation every 10 iterations, an end after
3 validations without a lower loss, shuffled each epoch, the last layer anew, random or ImageNet weights.

Fixed here, where the paper is silent:
- learning rate 0.01 and momentum 0.9, which its software (MATLAB's `trainingOptions("sgdm")`) takes by default; the
  weights of the last iteration are kept, as it does;
- the statistics of batch norm are computed anew over all training images after the last iteration, as it does by
  default; each validation before goes by those of 512 training images, the same ones, which are put away after it;
- validation is on patients of the official train folder who are not learnt from; the release's own 16 validation images
  are too few for anything;
- pictures are stretched to 224 x 224, greys from -1 to 1, as the file of the command wants them, which holds
  TensorFlow's ImageNet weights for this network; timm's, without a file, were learnt on others, and a caution says so.

What differs: the last layer has one output where the paper has two. The softmax over two logits is the sigmoid of their
difference, so that the same functions can be learnt and a probability of 0.5 parts the classes in both; under the same
rate the difference of two outputs moves twice as fast as one output and is penalised half as much. L2 acts on every
parameter; MATLAB leaves biases out. A validation also stands at neither the first nor the last iteration unless it is a
tenth one.
"""

from __future__ import annotations

from hilum.bundle.card import Scope
from hilum.datasets.releases.kermany import AGE_YEARS, LABEL, SOURCE
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.pneumonia.recipe import SPEC
from hilum.training.recipe.losses import BinaryCrossEntropy
from hilum.training.recipe.optimizers import Sgd
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import TRAIN, Assessment, CardText, Recipe, SplitSpec, Stage
from hilum.training.recipe.samplers import Shuffled
from hilum.training.recipe.schedules import Constant

VALIDATION = "validation"
NAME = "pneumonia-barnett"

IMAGENET_SPEC = PreprocessSpec(steps=SPEC.steps, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
"""The same pictures with the greys that torchvision's ImageNet weights want."""

CARD = CardText(
    version="1.0.0",
    title="Pneumonia in children, by the protocol of Barnett 2023",
    scope=Scope(xray_type="chest", age_years=AGE_YEARS, views=("AP",)),
    box_threshold=0.5,
    intended_use=(
        "Reproducing a published study: how a network does that is trained for two epochs on chest radiographs of "
        "children of 1 to 5 years."
    ),
    not_for=(
        "Diagnosis, triage or any decision about a patient: this is not a medical device.",
        "Reading of any kind: the shipped specialist was trained longer and against the release's shortcuts.",
    ),
    limits=(
        "Trained for two epochs on one hospital's images (Guangzhou).",
        "The release's images are stretched to a square; reading stretches too.",
        "Sharpness differs between the release's classes, and nothing in the training works against it.",
        "A heatmap shows what moved the score; it is no outline of a disease.",
    ),
    weights_licence="CC BY 4.0",
    recipe=NAME,
    releases=(SOURCE,),
    labels=(LABEL,),
)


def paper_recipe(
    starting_weights: StartingWeights, *, backbone: str = "mobilenet_v2", preprocess: PreprocessSpec = SPEC
) -> Recipe:
    """The recipe; the paper's network is MobileNetV2, the others follow its protocol. The groupings are added apart."""
    return Recipe(
        name=NAME,
        backbone=backbone,
        dropout=0.0,
        preprocess=preprocess,
        stages=(
            Stage(
                name=TRAIN,
                start=starting_weights,
                releases=(SOURCE,),
                labels=(LABEL,),
                split=SplitSpec(shares={TRAIN: 0.8, VALIDATION: 0.2}, stratify="stratum", fit_on=("train",)),
                selection=Selection(part=VALIDATION, monitor="loss", patience=3),
                loss=BinaryCrossEntropy(),
                optimizer=Sgd(learning_rate=0.01, momentum=0.9, weight_decay=1e-4),
                schedule=Constant(),
                sampler=Shuffled(),
                epochs=2,
                batch_size=128,
                validate_every=10,
                batch_statistics="population",
            ),
        ),
        assessment=Assessment(calibration_part=VALIDATION, operating_point_part=VALIDATION),
        seed=4,
        card=CARD,
    )
