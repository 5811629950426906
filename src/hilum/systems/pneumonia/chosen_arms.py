"""Which arms a pneumonia study has: the paper's, further networks, or all with synthetic children among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hilum.evaluation.predictions.predictions import Predictions
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.pneumonia.arms import ArmWords, PneumoniaArm, paper_arms
from hilum.systems.pneumonia.dcgan import DcganSettings
from hilum.systems.pneumonia.dcgan_arms import DCGAN_WORDS, FEW, dcgan_arm, small_arm
from hilum.systems.pneumonia.network_arms import PLAIN, network_arms
from hilum.systems.pneumonia.smote import WORDS, smote_arms
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold

Arms = Literal["paper", "networks", "all"]
"""Which networks are trained; those of the paper always are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticArms:
    """The arms with synthetic children and those beside them that no recipe alone trains, with their words."""

    makers: tuple[Trained[Fold, Predictions], ...]
    words: tuple[ArmWords, ...]


def chosen_arms(
    named: Arms, *, start: StartingWeights, starts: Path | None, smoke: bool
) -> tuple[tuple[PneumoniaArm, ...], SyntheticArms | None]:
    """The arms that a recipe trains, small ones in a `smoke` study, and the synthetic ones where all are named.

    `start` is MobileNetV2's, `starts` the folder of the other networks' weights. Raises as `network_arms` does.
    """
    arms = paper_arms(start)
    if named != "paper":
        arms = (*arms, *network_arms(start, starts=starts))
    if named == "all":
        arms = (*arms, small_arm(start))
    if smoke:
        arms = tuple(one.small for one in arms)
    if named != "all":
        return arms, None
    plain = next(one for one in arms if one.name == PLAIN)
    settings = FEW if smoke else DcganSettings()
    synthetic = SyntheticArms(
        makers=(smote_arms(plain), dcgan_arm(arms[-1], settings=settings, start=start)), words=(*WORDS, DCGAN_WORDS)
    )
    return arms, synthetic
