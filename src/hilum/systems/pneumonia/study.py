"""The pneumonia study, declared: the arms that are chosen, and the pairs that are compared."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.evaluation.study.study import Study
from hilum.systems.pneumonia.arms import ArmWords
from hilum.systems.pneumonia.paper import IMAGENET, RANDOM

NAME = "pneumonia"


def pneumonia_study(arms: Sequence[ArmWords]) -> Study:
    """The study of these arms, the paper's two among them.

    Each is compared with its `beside`, on the same draws of patients. The paper prints accuracies alone, so that no
    AUROC of it stands beside ours.
    """
    return Study(
        name=NAME,
        title="Pneumonia in children: the networks of Barnett 2023, and what they get wrong",
        arms=tuple(one.arm for one in arms),
        pairs=((IMAGENET, RANDOM), *((one.arm.name, one.beside) for one in arms if one.beside)),
        groups=(),
    )
