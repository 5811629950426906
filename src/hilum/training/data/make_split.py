"""The split of one stage, from its recipe and the records of its releases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.releases import kermany
from hilum.datasets.splits.official import held_out_and_rest, in_words, split_with_official_test
from hilum.datasets.splits.split import TEST, Split, split_by_patient, unit_of, without_copies_of
from hilum.errors import DataError
from hilum.evaluation.judging.sharpness import sharpness_of
from hilum.evaluation.predictions.design import SMOKE
from hilum.training.data.softest import with_softest
from hilum.training.recipe.recipe import CHEXPERT, TRAIN, Recipe, SplitSpec, Stage
from hilum.training.recipe.smoke import smoke_records


def make_split(records: Sequence[Record], *, stage: Stage, seed: int, smoke: bool = False) -> Split:
    """Part `records` as `stage.split` says; images on which no label of the stage is known are left out of all parts.

    Raises `DataError` where a part is empty, or training images lack every positive of every label.
    """
    spec = stage.split
    labelled = [record for record in records if any(known(record, label=label) for label in stage.labels)]
    used = [record for record in labelled if _is_used(record, spec=spec)]
    if not used:
        there = ", ".join(sorted({label for record in records for label in record.labels})) or "none"
        raise DataError(
            f"None of the {len(records)} images has a value for {', '.join(stage.labels)} (stage {stage.name}); labels "
            f"found: {there}. Check --data and the labels"
        )
    split = _by_stratum(used, spec=spec, seed=seed) if spec.stratify == "stratum" else _by_labels(used, spec, seed)
    for part in (TRAIN, *spec.validation):
        if not split.parts[part]:
            raise DataError(f"The part {part} of {stage.name} has no images. Give more data")
    return replace(split, protocol=f"{SMOKE} {split.protocol}") if smoke else split


def known(record: Record, *, label: str) -> bool:
    """Whether the record says anything of the label."""
    value = record.labels.get(label)
    return value is not None and not math.isnan(value)


def _is_used(record: Record, *, spec: SplitSpec) -> bool:
    kept_out = is_held_out(record) or record.official in spec.test
    return kept_out or spec.fit_on is None or record.official in spec.fit_on


def _by_stratum(records: Sequence[Record], *, spec: SplitSpec, seed: int) -> Split:
    test, rest = held_out_and_rest(records, test=spec.test)
    pool = without_copies_of(rest, held_out=test)
    shares = ", ".join(f"{part} {share:.0%}" for part, share in spec.shares.items())
    of = "/".join(sorted({record.official for record in pool if record.official})) or "every image"
    protocol = (
        f"official {of} split by {unit_of(records)}, stratified, seed {seed} ({shares}); "
        f"copies of test images left out; {in_words(test)}, untouched"
    )
    if any(record.source == kermany.SOURCE for record in records):
        protocol += f"; {kermany.PATIENTS}"
    parts = split_by_patient(pool, shares=spec.shares, seed=seed)
    if spec.soft is not None:
        sharpness = sharpness_of([record for record in pool if record.labels.get(spec.soft.label) == 0.0])
        parts = with_softest(parts, soft=spec.soft, sharpness=sharpness, shares=spec.shares, seed=seed)
        protocol += (
            f"; in the part {spec.soft.part} those without {spec.soft.label} are the patients with the softest "
            "pictures (sharpness: a patient's mean of the mean gradient)"
        )
    return Split({**parts, TEST: test}, protocol)


def _by_labels(records: Sequence[Record], spec: SplitSpec, seed: int) -> Split:
    return split_with_official_test(records, shares=spec.shares, seed=seed, test=spec.test, boxed=spec.boxed)


def make_splits(recipe: Recipe, *, records: Sequence[Record], smoke: bool = False) -> dict[str, Split]:
    """The split of every stage by its name, each over the stage's own releases.

    Raises `DataError` where an earlier stage would be trained on an image or a patient that the last stage's network is
    judged or fitted on afterwards.
    """
    splits = {stage.name: stage_split(recipe, stage=stage, records=records, smoke=smoke) for stage in recipe.stages}
    for stage in recipe.stages[:-1]:
        check_apart(stage.name, learnt=splits[stage.name], last=recipe.last.name, judged=splits[recipe.last.name])
    return splits


def stage_split(recipe: Recipe, *, stage: Stage, records: Sequence[Record], smoke: bool = False) -> Split:
    """The split of one stage, over those of `records` that are of its releases; raises as `make_split` does."""
    own = [record for record in records if record.source in stage.releases]
    if smoke:
        own = list(smoke_records(own, labels=stage.labels))
    split = make_split(own, stage=stage, seed=recipe.seed, smoke=smoke)
    if recipe.chexpert is not None and CHEXPERT in stage.releases:
        split = replace(split, protocol=f"{split.protocol}; {recipe.chexpert.in_words}")
    return split


def check_apart(stage: str, *, learnt: Split, last: str, judged: Split) -> None:
    """Raise `DataError` where the stage learns from an image or a patient that `last` is judged or fitted on."""
    others = [record for part, found in judged.parts.items() if part != TRAIN for record in found]
    people, files = {record.patient.casefold() for record in others}, {record.sha256 for record in others}
    for record in learnt.parts[TRAIN]:
        if record.patient.casefold() in people or record.sha256 in files:
            raise DataError(
                f"The stage {stage} would learn from a patient or image that {last} is judged on: {record.source} "
                f"{record.image}. Give both stages the same split, or other data sets"
            )


def with_left_out(split: Split, *, left_out: Mapping[str, int]) -> Split:
    """The split with what mixing the releases left out said in its protocol; `left_out` counts images by reason."""
    if not left_out:
        return split
    said = "; ".join(f"{count:,} because {reason}" for reason, count in left_out.items())
    return replace(split, protocol=f"{split.protocol}; left out of the mixed releases: {said}")
