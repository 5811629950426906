"""A look at the official test folder with one of the paper's networks: trained on the train folder, and in the ledger.

The network learns from the official train folder, less patients for validation; its bundle is then judged as
`hilum evaluate` judges one, with the intent in the ledger before the first test image is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hilum.datasets.splits.held_out_pictures import shows_held_out
from hilum.datasets.splits.mixed import MixedReleases
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError, UsageError
from hilum.evaluation.bundles.evaluate import EvaluationSettings, evaluate_part
from hilum.evaluation.bundles.part import part_of_run
from hilum.evaluation.bundles.run_folder import load_run
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.progress import SILENT, Progress
from hilum.statistics.estimate import Estimate
from hilum.statistics.logistic import sigmoid
from hilum.systems.pneumonia.arms import PneumoniaArm
from hilum.systems.pneumonia.groupings import Copies, with_copies
from hilum.systems.pneumonia.measures import Measures, measures
from hilum.training.data.training_data import prepare_data
from hilum.training.records.provenance import Provenance
from hilum.training.records.run_place import RunPlace
from hilum.training.train import train_specialist
from hilum.whole_files import write_whole

LOOKS = "official-test"
"""The folder of the study that holds a run of each arm that looked."""
FOUND = "look-found.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestLook:
    """What a network reached on the `n` images of the test folder, called at the paper's probability of 0.5."""

    n: int
    accuracy: Estimate | None
    sensitivity: Estimate | None
    specificity: Estimate | None

    def as_json(self) -> dict[str, Any]:
        """For the study's numbers."""
        return {
            "n": self.n,
            **estimate_json("accuracy", self.accuracy),
            **estimate_json("sensitivity", self.sensitivity),
            **estimate_json("specificity", self.specificity),
        }


def look_at_test(
    one: PneumoniaArm,
    *,
    mixed: MixedReleases,
    copies: Copies,
    provenance: Provenance,
    place: RunPlace,
    ledger: Path,
    progress: Progress = SILENT,
) -> TestLook:
    """Train the arm in `place.folder` where that is not done, judge it on the test folder, and keep what was found.

    `mixed` is the release; `copies` are those of its healthy pictures. Nothing that shows a picture of the test is
    learnt from. Raises as `prepare_data`, `train_specialist` and `evaluate_part` do.
    """
    recipe, jobs = one.recipe, place.preparation.jobs
    data = prepare_data(recipe, mixed=mixed, preparation=place.preparation, progress=progress)
    split = data.splits[recipe.last.name]
    copies = _without_held_out(copies, split=split, jobs=jobs)
    split = with_copies(split, copies=copies)
    said = ", ".join(grouping.in_words() for grouping in one.groupings)
    split = replace(split, protocol=f"{split.protocol}; healthy training images copied: {said}")
    every = (*data.records, *(copy for own in copies.values() for copy in own))
    bundle = train_specialist(
        recipe,
        data=replace(data, records=every, splits={recipe.last.name: split}),
        provenance=provenance,
        place=place,
    )
    if bundle is None:
        raise UsageError("The test can be evaluated by one process only, and there are several. Run the study in one")
    run = load_run(place.folder)
    judged = evaluate_part(
        bundle,
        part=part_of_run(run, records=every, name=TEST, labels=bundle.card.label_names, left_out=mixed.left_out),
        run=run,
        folder=place.folder / "evaluation",
        ledger=ledger,
        settings=EvaluationSettings(),
        progress=_silent,
    ).judged
    predicted = judged.predicted
    if predicted.logits is None:
        raise DataError(
            f"The logits of {bundle.card.name} on the test folder are missing. Delete {place.folder} and run the study "
            "again"
        )
    says = replace(predicted.predictions, scores=sigmoid(predicted.logits).reshape(predicted.predictions.scores.shape))
    if judged.looks is not None:
        progress.say(judged.looks.in_words())
    return _kept(measures(says), folder=place.folder)


def read_looks(folder: Path, *, arms: Sequence[str]) -> dict[str, TestLook]:
    """By arm, the looks that were made with the study in `folder`. Raises `DataError` where a file is malformed."""
    paths = {arm: folder / LOOKS / arm / FOUND for arm in arms}
    return {arm: _read(path) for arm, path in paths.items() if path.is_file()}


def _without_held_out(copies: Copies, *, split: Split, jobs: int) -> Copies:
    """The copies without those that show a picture of the split's test."""
    every = [copy for own in copies.values() for copy in own]
    shown = {id(one.record) for one in shows_held_out(every, held_out=split.parts[TEST], jobs=jobs)}
    return {name: tuple(copy for copy in own if id(copy) not in shown) for name, own in copies.items()}


def _kept(found: Measures, *, folder: Path) -> TestLook:
    shares = {"accuracy": found.accuracy, "sensitivity": found.sensitivity, "specificity": found.specificity}
    content = {"n": found.n, **{name: _as_list(one) for name, one in shares.items()}}
    write_whole(folder / FOUND, (json.dumps(content, indent=1) + "\n").encode())
    return _read(folder / FOUND)


def _read(path: Path) -> TestLook:
    try:
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        shares = {name: _of_list(content[name]) for name in ("accuracy", "sensitivity", "specificity")}
        return TestLook(n=int(content["n"]), **shares)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} does not hold an evaluation on the test folder ({error}). Remove the file and run the study again"
        ) from error


def _as_list(share: Estimate | None) -> list[float] | None:
    return None if share is None else [share.value, *(share.interval or ())]


def _of_list(kept: Sequence[float] | None) -> Estimate | None:
    if kept is None:
        return None
    value, *bounds = (float(number) for number in np.asarray(kept))
    return Estimate(value, (bounds[0], bounds[1]) if bounds else None, method="clustered Wilson")


def _silent(_done: int, _total: int) -> None:
    """Nobody is told how many images are read."""
