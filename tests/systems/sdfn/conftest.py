"""Fixtures that several of this room's tests use."""

import pytest

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.evaluation.comparing.many_models import ModelAurocs, model_aurocs
from hilum.systems.sdfn.predictions import PAIRS, SdfnPredictions


@pytest.fixture(scope="session")
def sdfn_predictions() -> SdfnPredictions:
    """Of Mass, Nodule and Hernia, which has no positives."""
    return fabricate_sdfn_predictions(patients=60, labels=("Mass", "Nodule", "Hernia"), without=("Hernia",))


@pytest.fixture(scope="session")
def sdfn_aurocs(sdfn_predictions: SdfnPredictions) -> ModelAurocs:
    """Of those predictions, by 300 replicates."""
    return model_aurocs(sdfn_predictions.many, pairs=PAIRS, replicates=300)
