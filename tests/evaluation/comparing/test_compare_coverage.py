"""How often every interval of a comparison holds and every test errs, where two models are equally good."""

import numpy as np
import pytest
from scipy.stats import norm

from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.comparing.model_points import stated_points
from hilum.evaluation.predictions.predictions import Predictions

LABELS = ("Atelectasis", "Effusion", "Mass")


def two_alike(rng, *, patients, size, rho, auroc, share, ill=None):
    """Two models of one quality on three labels; images of a patient and the models' scores resemble each other.

    A share of the images is positive, or all those of `ill` patients and no others.
    """
    patient = np.repeat(np.arange(patients), size)
    shape = (patient.size, len(LABELS))

    def noise():
        ours = np.sqrt(rho) * rng.normal(size=(patients, len(LABELS)))[patient]
        return ours + np.sqrt(1 - rho) * rng.normal(size=shape)

    truth = rng.random(shape) < share if ill is None else np.repeat((patient < ill)[:, None], len(LABELS), axis=1)
    common, shift = noise(), np.sqrt(2) * norm.ppf(auroc)
    models = {}
    for name in ("old", "new"):
        scores = np.sqrt(0.5) * (common + noise()) + shift * (truth - 0.5)
        models[name] = Predictions(
            image=tuple(map(str, range(patient.size))), patient=tuple(map(str, patient)),
            split=("test",) * patient.size, labels=LABELS, truth=truth.astype(float), scores=norm.cdf(scores),
            protocol="made-up patients",
        )  # fmt: skip
    return same_images(models)


def held_and_erred(rng, *, simulations, replicates=400, **design):
    """By measure: how often the interval holds 0, and how often the test is below 0.05, of those that have a value."""
    held, erred = {}, {}
    points = {name: stated_points({"": 0.5}, labels=LABELS) for name in ("old", "new")}
    for _ in range(simulations):
        result = compare(two_alike(rng, **design), points=points, replicates=replicates)
        found = [("mean AUROC", result.mean_pairs[0].auroc)]
        for label in result.labels:
            for one in label.pairs:
                found += [("AUROC", one.auroc), ("average precision", one.average_precision), ("Brier", one.brier)]
                found += [("sensitivity", one.sensitivity), ("specificity", one.specificity)]
                erred.setdefault("clustered DeLong", []).append(one.delong_p is not None and one.delong_p <= 0.05)
        for name, difference in found:
            if difference.estimate.interval is not None:
                low, high = difference.estimate.interval
                held.setdefault(name, []).append(low <= 0 <= high)
                erred.setdefault(name, []).append(difference.p <= 0.05)
    return {name: np.mean(own) for name, own in held.items()}, {name: np.mean(own) for name, own in erred.items()}


@pytest.mark.slow
def test_where_patients_repeat():
    """60 patients with nine images that resemble each other: three labels, 100 simulations."""
    design = {"patients": 60, "size": 9, "rho": 0.5, "auroc": 0.85, "share": 0.3}
    held, erred = held_and_erred(np.random.default_rng(3), simulations=100, **design)
    for name in ("AUROC", "average precision", "Brier", "sensitivity", "specificity"):
        assert held[name] >= 0.90, name
        assert erred[name] <= 0.10, name
    assert 0.02 <= erred["clustered DeLong"] <= 0.09
