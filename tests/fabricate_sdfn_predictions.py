"""Predictions of three made-up networks on made-up patients, out of fold, one to three images a patient."""

from dataclasses import replace

import numpy as np

from hilum.evaluation.prediction_set import CHESTXRAY14, Predictions
from hilum.evaluation.sdfn_predictions import SdfnPredictions

PROTOCOL = "cross-validated: five made-up folds by patient"
STRENGTH = {"whole": 0.7, "lung": 0.75, "sdfn": 0.85}


def fabricate_sdfn_predictions(
    *, patients: int = 120, labels: tuple[str, ...] = CHESTXRAY14, seed: int = 0, folds: int = 5,
    protocol: str = PROTOCOL, without: tuple[str, ...] = (), rare: float = 0.15, smoke: bool = False,
) -> SdfnPredictions:  # fmt: skip
    """Labels in `without` have no positives; the three networks share truths and part of their noise."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    shape = (patient.size, len(labels))
    truth = (rng.random(shape) < rare).astype(np.float64)
    for label in without:
        truth[:, labels.index(label)] = 0.0
    shared = rng.normal(size=shape)
    base = Predictions(
        image=tuple(f"{p:08d}_{i:03d}.png" for i, p in enumerate(patient)),
        patient=tuple(f"nih:{p:08d}" for p in patient),
        split=tuple(f"fold {p % folds}" for p in patient),
        labels=labels,
        truth=truth,
        scores=np.full(shape, 0.5),
        protocol=protocol,
        view=tuple("AP" if p % 3 else "PA" for p in patient),
        source=("nih",) * patient.size,
        design="cross-validated",
        smoke=smoke,
    )

    def scored(strength: float) -> Predictions:
        logits = strength * (2 * truth - 1) + 0.8 * shared + 0.5 * rng.normal(size=shape)
        return replace(base, scores=1 / (1 + np.exp(-logits)))

    return SdfnPredictions(*(scored(STRENGTH[name]) for name in ("whole", "lung", "sdfn")))
