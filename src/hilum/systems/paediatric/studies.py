"""The studies on VinDr-PCXR, declared: five losses, three starts, and three networks with their mean.

The claims are those of section 4.4 of Tran et al. 2021; those of F1 and of single labels stand in `claims.py`. That
random weights do worst on its test images, as its text says, its own table 2 does not bear out.
"""

from __future__ import annotations

from collections.abc import Mapping

from hilum.evaluation.study.claims import MeanAbove
from hilum.evaluation.study.study import Arm, Study
from hilum.systems.paediatric import paper
from hilum.systems.paediatric.recipe import BALANCED, BCE, FOCAL, MODIFIED, WEIGHTED

RANDOM, IMAGENET, CHEXPERT = "random", "imagenet", "chexpert"
MEAN = "ensemble"

LOSS_ARMS = (
    Arm(name=BCE, title="cross-entropy"),
    Arm(name=WEIGHTED, title="weighted cross-entropy"),
    Arm(name=FOCAL, title="focal"),
    Arm(name=BALANCED, title="Distribution-Balanced"),
    Arm(name=MODIFIED, title="modified Distribution-Balanced"),
)
_OTHERS = (BCE, WEIGHTED, FOCAL, BALANCED)

LOSSES = Study(
    name="paediatric-losses",
    title="Children's chests: five losses",
    arms=LOSS_ARMS,
    pairs=tuple((MODIFIED, other) for other in _OTHERS),
    published=paper.LOSSES,
    claims=tuple(MeanAbove((MODIFIED, other)) for other in _OTHERS),
    sections=(paper.printed_section("paper_6"),),
    groups=("sex",),
)

STARTS = Study(
    name="paediatric-starts",
    title="Children's chests: from random weights, ImageNet's and adults'",
    arms=(
        Arm(name=RANDOM, title="random"),
        Arm(name=IMAGENET, title="ImageNet"),
        Arm(name=CHEXPERT, title="CheXpert"),
    ),
    pairs=((CHEXPERT, IMAGENET), (CHEXPERT, RANDOM), (IMAGENET, RANDOM)),
    published=paper.STARTS,
    claims=(MeanAbove((CHEXPERT, IMAGENET)), MeanAbove((CHEXPERT, RANDOM)), MeanAbove((IMAGENET, RANDOM))),
    sections=(paper.printed_section("paper_2"),),
    groups=("sex",),
)


def ensemble_study(networks: Mapping[str, str]) -> Study:
    """Networks, by name with their titles, and the mean of their probabilities, beside the paper's three.

    The mean is a model of its own, calibrated as one.
    """
    return Study(
        name="paediatric-ensemble",
        title="Children's chests: several networks and their mean",
        arms=(
            *(Arm(name=name, title=title) for name, title in networks.items()),
            Arm(name=MEAN, title="mean of all"),
        ),
        pairs=tuple((MEAN, name) for name in networks),
        published=paper.ENSEMBLE,
        claims=tuple(MeanAbove((MEAN, name)) for name in networks),
        sections=(paper.printed_section("paper_3", "paper_5"),),
        groups=("sex",),
    )
