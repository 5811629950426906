"""Predictions of three made-up arms on made-up patients, out of fold, one to three images each; and their study."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hilum.datasets.releases.chestxray14 import LABELS as CHESTXRAY14
from hilum.evaluation.bundles.run_folder import RunFile
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.comparing.published import PublishedTable
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.claims import ClassAbove, CountAbove, MeanAbove, TTest
from hilum.evaluation.study.content import StudyContent, StudyRun
from hilum.evaluation.study.read import study_content
from hilum.evaluation.study.study import Arm, Study

PROTOCOL = "cross-validated: five made-up folds by patient"
STRENGTH = {"plain": 0.7, "crop": 0.75, "both": 0.85}

PUBLISHED = PublishedTable(
    source="Toy et al. 2020, table 1",
    protocol="as printed in no paper: a made-up test set",
    protocol_short="made up, 100 test images",
    columns={"early": "Early et al. 2010", "plain": "plain", "crop": "crop", "both": "both"},
    rows={
        "Mass": (0.71, 0.791, 0.807, 0.815),
        "Nodule": (0.66, 0.744, 0.759, 0.765),
        "Hernia": (None, 0.902, 0.912, 0.911),
    },
    means=(0.685, 0.812, 0.826, 0.830),
)

STUDY = Study(
    name="toy",
    title="Toy study: plain, crop and both",
    arms=(
        Arm(name="plain", title="plain picture"),
        Arm(name="crop", title="crop alone", colour="#009E73", pattern=":"),
        Arm(name="both", title="both"),
    ),
    pairs=(("both", "plain"), ("both", "crop"), ("crop", "plain")),
    published=PUBLISHED,
    claims=(
        ClassAbove("Nodule", ("crop", "plain")),
        ClassAbove("Hernia", ("crop", "both")),
        CountAbove(("both", "plain")),
        CountAbove(("both", "crop")),
        MeanAbove(("both", "plain")),
        TTest(("both", "plain")),
    ),
    t_level=0.01,
)

RUN = StudyRun(
    file=RunFile(
        smoke=False, recipe="tiny", split_sha256="5" * 64, command="hilum study toy <b>", commit="abc",
        environment={"torch": "2.6"}, settings={"seed": 3}, stage_splits={f"fold {k}": "5" for k in range(5)},
    ),
    folds_done=5, calibrations=210, not_calibrated=7,
)  # fmt: skip


def fabricate_arms(
    *, strength: Mapping[str, float] = STRENGTH, patients: int = 120, labels: tuple[str, ...] = CHESTXRAY14,
    seed: int = 0, folds: int = 5, protocol: str = PROTOCOL, without: tuple[str, ...] = (), rare: float = 0.15,
    smoke: bool = False,
) -> dict[str, Predictions]:  # fmt: skip
    """By arm; labels in `without` have no positives; the arms share truths and part of their noise."""
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

    return {arm: scored(how) for arm, how in strength.items()}


def fabricate_many(**changes: object) -> ManyPredictions:
    """The arms as models; `changes` are of `fabricate_arms`."""
    found = fabricate_arms(**changes)
    return ManyPredictions(tuple(found), tuple(found.values()))


def toy_content(*, study: Study = STUDY, run: StudyRun = RUN, replicates: int = 100, **changes: object) -> StudyContent:
    """The numbers of `study` on fabricated predictions; `changes` are of `fabricate_arms`."""
    predictions = fabricate_arms(**{"labels": ("Mass", "Nodule", "Edema", "Hernia"), "without": ("Hernia",)} | changes)
    return study_content(study, predictions=predictions, run=run, replicates=replicates)
