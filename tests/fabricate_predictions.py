"""Predictions of a made-up model on made-up patients; no image lies behind them."""

from collections.abc import Sequence

import numpy as np

from hilum.evaluation.predictions.predictions import Predictions


def fabricate_predictions(
    *,
    patients: int = 40,
    labels: Sequence[str] = ("Atelectasis", "Effusion"),
    seed: int = 0,
    strength: float = 1.0,
    split: str = "test",
    protocol: str = "made-up patients, one split",
    first_patient: int = 0,
    missing: float = 0.05,
    prevalence: float = 0.3,
) -> Predictions:
    """One to three images a patient; truths do not depend on `strength`, so two models share them by `seed`."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(first_patient, first_patient + patients), rng.integers(1, 4, patients))
    shape = (patient.size, len(labels))
    truth = (rng.random(shape) < prevalence).astype(np.float64)
    noise = rng.normal(size=shape)
    unknown = rng.random(shape) < missing
    logits = strength * (2 * truth - 1) + noise + 0.3 * strength * rng.normal(size=shape)
    truth[unknown] = np.nan
    return Predictions(
        image=tuple(f"{split}_{i:04d}_{p:04d}.png" for i, p in enumerate(patient)),
        patient=tuple(f"p{p:04d}" for p in patient),
        split=(split,) * patient.size,
        labels=tuple(labels),
        truth=truth,
        scores=np.round(1 / (1 + np.exp(-logits)), 2),
        protocol=protocol,
        age_years=np.where(patient % 7 == 0, np.nan, 3.0 + (patient % 11) * 8),
        sex=tuple(None if p % 9 == 0 else "FM"[p % 2] for p in patient),
        view=tuple("PA" if i % 3 else "AP" for i in range(patient.size)),
        source=("made up",) * patient.size,
    )
