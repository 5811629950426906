"""Readings of two validation parts whose right figures are known beforehand, and what is judged of them."""

from pathlib import Path

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import Split
from hilum.systems.pneumonia.shift.judged import judge_set
from hilum.systems.pneumonia.shift.parts import PLAIN, SHIFTED
from hilum.systems.pneumonia.shift.readings import Readings

N = 4000
COPIES = 4


def records(part, truth):
    return tuple(
        Record(
            path=Path("x"), image=f"{part}/{place}", patient=f"{part}:{place}", source="kermany", official="train",
            labels={LABEL: float(ill)}, stratum="", sha256=f"{part}{place}",
        )
        for place, ill in enumerate(truth)
    )  # fmt: skip


def sample(*, prevalence, seed, n=N):
    """Outcomes and logits that are calibrated at a prevalence: two normal populations of one spread."""
    draw = np.random.default_rng(seed)
    truth = draw.uniform(size=n) < prevalence
    z = draw.normal(np.where(truth, 1.5, -1.5), np.sqrt(3.0))
    return truth, z + np.log(prevalence / (1 - prevalence))


def reading(part, logits, *, softened=None, matched=None, inside=None):
    copies = np.tile(logits, (COPIES, 1)) if logits.ndim == 1 else logits
    n = copies.shape[1]
    return Readings(
        images=tuple(f"{part}/{place}" for place in range(n)),
        logits=copies,
        softened=copies[0] if softened is None else softened,
        matched=copies[0] if matched is None else matched,
        inside=np.full(n, np.nan) if inside is None else inside,
    )


def judged(plain, shifted, *, name="shifted", way="picture", of_plain=None, of_shifted=None):
    """What is judged of a set; either part is outcomes and logits, `of_plain` and `of_shifted` are more of readings."""
    (plain_truth, plain_z), (shifted_truth, shifted_z) = plain, shifted
    split = Split({PLAIN: records(PLAIN, plain_truth), SHIFTED: records(SHIFTED, shifted_truth)}, "toy")
    readings = {
        PLAIN: reading(PLAIN, plain_z, **(of_plain or {})),
        SHIFTED: reading(SHIFTED, shifted_z, **(of_shifted or {})),
    }
    return judge_set(readings, name=name, way=way, split=split, smoke=False, replicates=200)
