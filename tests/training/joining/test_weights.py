"""Weights of a soft vote: the best on the simplex, by an independent optimiser, and from validation alone."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.training.joining.weights import fit_weights, mixing_weights

LABELS = ("Effusion", "Nodule")


def loss(weights: np.ndarray, likelihoods: np.ndarray, shares: np.ndarray) -> float:
    return float(-np.log(weights @ likelihoods) @ shares)


@pytest.mark.parametrize("seed", range(4))
def test_they_are_the_best_of_the_simplex(seed: int) -> None:
    draw = np.random.default_rng(seed)
    likelihoods = draw.beta(2.0 + np.arange(3)[:, None] * seed / 3, 2.0, (3, 400))
    shares = draw.dirichlet(np.ones(400))
    found = mixing_weights(likelihoods, shares=shares)
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()
    best = minimize(
        loss,
        np.full(3, 1 / 3),
        args=(likelihoods, shares),
        method="SLSQP",
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14},
    )
    assert loss(found, likelihoods, shares) <= best.fun + 2e-6
    np.testing.assert_allclose(found, best.x, atol=0.02)


def told(*, scores: np.ndarray, truth: np.ndarray, split: str = "validation", **changes: object) -> Predictions:
    n = len(truth)
    made = Predictions(
        image=tuple(f"{i}.png" for i in range(n)),
        patient=tuple(f"p{i // 2}" for i in range(n)),
        split=(split,) * n,
        labels=LABELS,
        truth=truth,
        scores=scores,
        protocol="made up",
    )
    return replace(made, **changes)


def validation(n: int = 400, *, split: str = "validation") -> tuple[Predictions, Predictions]:
    """One model that knows, and one that guesses."""
    draw = np.random.default_rng(1)
    logits = draw.normal(0, 2, (n, 2))
    truth = (draw.random((n, 2)) < expit(logits)).astype(np.float64)
    truth[::7, 1] = np.nan
    guessed = draw.uniform(0.3, 0.7, (n, 2))
    return told(scores=expit(logits), truth=truth, split=split), told(scores=guessed, truth=truth, split=split)


def test_the_model_that_knows_gets_the_weight_and_the_gain_is_of_patients_not_fitted_on() -> None:
    knows, guesses = map(ValidationPredictions, validation())
    found = fit_weights({"knows": knows, "guesses": guesses}, labels=LABELS)
    assert found.weights[0] > 0.9
    assert sum(found.weights) == pytest.approx(1.0)
    assert (found.images, found.patients, found.labels) == (400, 200, LABELS)
    p = knows.predictions
    by_hand = np.mean(
        [
            np.mean(-np.log(np.where(t == 1, s, 1 - s)))
            for t, s in (
                (p.truth[known, column], (p.scores + guesses.predictions.scores)[known, column] / 2)
                for column in range(2)
                for known in [~np.isnan(p.truth[:, column])]
            )
        ]
    )
    assert found.equal_loss == pytest.approx(float(by_hand), abs=1e-9)
    assert found.loss < found.equal_loss


def test_files_in_another_order_and_with_more_labels_are_brought_together() -> None:
    knows, guesses = validation()
    turned = guesses.take(np.arange(guesses.n)[::-1])
    more = replace(
        turned,
        labels=(LABELS[1], "Mass", LABELS[0]),
        truth=turned.truth[:, [1, 1, 0]],
        scores=turned.scores[:, [1, 1, 0]],
    )
    one = fit_weights(dict(a=ValidationPredictions(knows), b=ValidationPredictions(guesses)), labels=LABELS)
    two = fit_weights(dict(a=ValidationPredictions(knows), b=ValidationPredictions(more)), labels=LABELS)
    assert two.weights == pytest.approx(one.weights, abs=1e-9)


def test_a_label_with_few_patients_does_not_count() -> None:
    knows, guesses = validation()
    truth = knows.truth.copy()
    truth[20:, 1] = 0.0
    few = (ValidationPredictions(replace(one, truth=truth)) for one in (knows, guesses))
    assert fit_weights(dict(zip("ab", few, strict=True)), labels=LABELS).labels == ("Effusion",)


def test_test_predictions_and_what_is_no_validation_are_refused() -> None:
    with pytest.raises(DataError, match="Nothing may be chosen or fitted on the split 'test'"):
        ValidationPredictions(validation(split="test")[0])
    knows, guesses = validation()
    with pytest.raises(UsageError, match="need ValidationPredictions"):
        fit_weights({"a": knows, "b": guesses}, labels=LABELS)  # type: ignore[dict-item]


def test_other_images_other_truths_lacking_labels_and_too_few_patients_are_refused() -> None:
    knows, guesses = validation()
    pair = {"a": ValidationPredictions(knows), "b": ValidationPredictions(guesses)}
    fewer = ValidationPredictions(guesses.take(np.arange(100)))
    with pytest.raises(DataError, match=r"b lacks '100\.png' and 299 more, which a holds"):
        fit_weights({**pair, "b": fewer}, labels=LABELS)
    turned = ValidationPredictions(replace(guesses, truth=1 - guesses.truth))
    with pytest.raises(DataError, match="hold two truths"):
        fit_weights({**pair, "b": turned}, labels=LABELS)
    with pytest.raises(DataError, match=r"lack Mass. Every model needs predictions of Effusion, Mass"):
        fit_weights(pair, labels=("Effusion", "Mass"))
    small = {name: ValidationPredictions(one.predictions.take(np.arange(30))) for name, one in pair.items()}
    with pytest.raises(DataError, match="no label has 20 patients with the finding and 20 without it"):
        fit_weights(small, labels=LABELS)
