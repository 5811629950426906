"""What a recipe is made of: the face for whoever writes one. Modules below it are private."""

from hilum.networks.starting_weights import (
    BundleWeights,
    RandomWeights,
    StartingWeights,
    TimmImageNet,
    TorchxrayvisionWeights,
    WeightsFile,
)
from hilum.training.recipe.augment import Augmentation
from hilum.training.recipe.distribution_balanced import DistributionBalanced
from hilum.training.recipe.ensemble import EnsembleRecipe
from hilum.training.recipe.freezing import FrozenBatchNorms, FrozenFirst, StagedRelease
from hilum.training.recipe.hierarchical import Hierarchical
from hilum.training.recipe.losses import Asymmetric, BinaryCrossEntropy, Focal, fit_loss, masked_loss
from hilum.training.recipe.lung_guidance import LungGuidance
from hilum.training.recipe.lung_pooling import LungPooling
from hilum.training.recipe.margin_loss import MarginLoss
from hilum.training.recipe.mixup import Mixup
from hilum.training.recipe.optimizers import Adam, AdamW, RAdam, Sgd
from hilum.training.recipe.plan import Plan, Selection
from hilum.training.recipe.recipe import (
    Assessment,
    CardText,
    FromStage,
    FusedFrom,
    Recipe,
    SoftestWithout,
    SplitSpec,
    Stage,
)
from hilum.training.recipe.samplers import (
    ClassBalanced,
    GroupShares,
    LabelBalanced,
    PatientBalanced,
    SharpnessBalanced,
    Shuffled,
    SourceBalanced,
    StratumBalanced,
    ViewBalanced,
    build_sampler,
)
from hilum.training.recipe.schedules import Constant, Cosine, KerasDecay, OneCycle, Plateau, Triangular

__all__ = [
    "Adam",
    "AdamW",
    "Assessment",
    "Asymmetric",
    "Augmentation",
    "BinaryCrossEntropy",
    "BundleWeights",
    "CardText",
    "ClassBalanced",
    "Constant",
    "Cosine",
    "DistributionBalanced",
    "EnsembleRecipe",
    "Focal",
    "FromStage",
    "FrozenBatchNorms",
    "FrozenFirst",
    "FusedFrom",
    "GroupShares",
    "Hierarchical",
    "KerasDecay",
    "LabelBalanced",
    "LungGuidance",
    "LungPooling",
    "MarginLoss",
    "Mixup",
    "OneCycle",
    "PatientBalanced",
    "Plan",
    "Plateau",
    "RAdam",
    "RandomWeights",
    "Recipe",
    "Selection",
    "Sgd",
    "SharpnessBalanced",
    "Shuffled",
    "SoftestWithout",
    "SourceBalanced",
    "SplitSpec",
    "Stage",
    "StagedRelease",
    "StartingWeights",
    "StratumBalanced",
    "TimmImageNet",
    "TorchxrayvisionWeights",
    "Triangular",
    "ViewBalanced",
    "WeightsFile",
    "build_sampler",
    "fit_loss",
    "masked_loss",
]
