"""The paper's three networks as one model: the mean of their probabilities (Tran et al. 2021, section 3.4, table 3).

Command  `hilum train paediatric-ensemble --data chexpert=DIR --data vindr_pcxr=DIR --out runs/paediatric-ensemble`
Hardware as `recipe.py`, three times over: one network is trained after the other, each on adults first.
Score    the paper's mean AUROC over ten labels, No Finding among them: 0.709 (0.690-0.729) on 777 test images of a data
         set that is not the release; ours not measured.

A setting changes all three, `--set resnet101.batch_size=8` one of them. The words of the card are those of one network
but for the title.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hilum.networks.starting_weights import StartingWeights
from hilum.systems.paediatric.recipe import CARD, NETWORKS, paediatric_db
from hilum.training.recipe.ensemble import EnsembleRecipe

NAME = "paediatric-ensemble"
ENSEMBLE_CARD = replace(
    CARD, title="Ten labels in children's chest radiographs (VinDr-PCXR), mean of several networks", recipe=NAME
)


def paediatric_ensemble(start: StartingWeights, *, networks: Iterable[str] = NETWORKS) -> EnsembleRecipe:
    """A member by both stages for each backbone of `networks`, called after it; the adults start from `start`."""
    members = tuple(replace(paediatric_db(start, backbone=name), name=name) for name in networks)
    return EnsembleRecipe(name=NAME, members=members, card=ENSEMBLE_CARD)
