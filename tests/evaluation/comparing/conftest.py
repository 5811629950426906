"""Three made-up models that several of this room's tests compare."""

import pytest

from fabricate_study import STUDY, fabricate_many
from hilum.evaluation.comparing.many_models import ModelAurocs, model_aurocs
from hilum.evaluation.comparing.many_predictions import ManyPredictions


@pytest.fixture(scope="session")
def many() -> ManyPredictions:
    """Of Mass, Nodule and Hernia, which has no positives."""
    return fabricate_many(patients=60, labels=("Mass", "Nodule", "Hernia"), without=("Hernia",))


@pytest.fixture(scope="session")
def aurocs(many: ManyPredictions) -> ModelAurocs:
    """Of those predictions, by 300 replicates."""
    return model_aurocs(many, pairs=STUDY.pairs, replicates=300)
