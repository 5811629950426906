"""Which images an evaluation is about: a part of a run's split, or an official part of a release."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.bundle.load import Bundle
from hilum.datasets.records.held_out import is_held_out, is_held_out_part
from hilum.datasets.records.record import Record
from hilum.datasets.splits.mixed import LeftOut
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError, UsageError
from hilum.evaluation.bundles.run_folder import Run, split_of
from hilum.evaluation.judging.judgement import ValidationPrevalence
from hilum.evaluation.judging.prevalence_shift import share_by_patient
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.report.subject import Exclusion, of_mixing
from hilum.statistics.proportion import wilson

TRAIN = "train"
EVERY = "all"
CHOSEN_ON = (
    "These are validation images: epochs, calibration or operating points were chosen on them or may have been, "
    "so that these numbers flatter the model."
)
PERHAPS_CHOSEN_ON = (
    "Of these {n:,} images {open:,} are not held out: whether the model was fitted, chosen or calibrated on them is "
    "not known here, so these numbers may flatter it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPart:
    """The images to be judged, and what a reader must know of how they were chosen.

    `split_sha256` is that of the whole split; `is_test` says that looking at it is one look for the ledger.
    `validation` counts each label where the model's operating points come from, as far as that is known. `cautions`
    are sentences that a reader must know before any number. `left_out` are images that no part has. A `smoke` model's
    figures are no result. `patients_known` says that the patient of every image of the whole split is known.
    """

    name: str
    records: tuple[Record, ...]
    protocol: str
    split_sha256: str
    is_test: bool
    validation: Mapping[str, ValidationPrevalence]
    cautions: tuple[str, ...] = ()
    smoke: bool = False
    left_out: tuple[Exclusion, ...] = ()
    patients_known: bool = True

    @property
    def split_name(self) -> str:
        """What the predictions file calls the part: a name that says of held-out images that they are."""
        return f"{self.name} (held out)" if self.is_test and not is_held_out_part(self.name) else self.name


def part_of_run(
    run: Run, *, records: Sequence[Record], name: str, labels: Sequence[str], left_out: Sequence[LeftOut] = ()
) -> AskedPart:
    """The part `name` of the run's own split; `records` are those of the same data that it was trained on.

    `left_out` is what mixing their releases left out, whatever part it would have come into.

    Raises `UsageError` for the part that the network was fitted on and for a part that does not exist, and `DataError`
    as `split_of` does.
    """
    split = split_of(run, records=records)
    may_be_asked = sorted(part for part, there in split.parts.items() if part != TRAIN and there)
    if name not in may_be_asked:
        why = ": the network was fitted on it" if name == TRAIN else ""
        raise UsageError(f"This run has no split {name!r} to evaluate{why}. Available: {', '.join(may_be_asked)}")
    protocol = f"{split.protocol}; judged: {name}"
    if run.file.smoke and not protocol.startswith(SMOKE):
        protocol = f"{SMOKE} {protocol}"
    return AskedPart(
        name=name,
        records=tuple(split.parts[name]),
        protocol=protocol,
        split_sha256=split.sha256,
        is_test=_is_test(name, records=split.parts[name]),
        validation=_validation_of(split, judged=name, labels=labels),
        cautions=() if name == TEST else (CHOSEN_ON,),
        smoke=run.file.smoke,
        left_out=of_mixing(left_out),
        patients_known=all(map(_knows_patients, split.parts.values())),
    )


def official_part(
    records: Sequence[Record], *, bundle: Bundle, name: str, left_out: Sequence[LeftOut] = ()
) -> AskedPart:
    """The images whose release puts them into its official part `name` (in any case); every one where it is `all`.

    `left_out` is what mixing the releases left out; what is of another official part is not told of. What is known of
    validation is what the card says. Raises `UsageError` where there is no such part.
    """
    chosen = tuple(record for record in records if _is_of(record, part=name))
    if not chosen:
        there = _official_parts(records)
        raise UsageError(
            f"The data have no official part {name!r}. Available: "
            f"{', '.join(there) or 'none (the data have no official parts)'}. {EVERY!r} takes every image; for the "
            "split of a run, give the run's folder"
        )
    held_out = sum(map(is_held_out, chosen))
    caution = PERHAPS_CHOSEN_ON.format(n=len(chosen), open=len(chosen) - held_out)
    sources = ", ".join(sorted({record.source for record in chosen}))
    protocol = f"all images of {sources}" if name == EVERY else f"official part {name} of {sources}"
    if bundle.card.smoke:
        protocol = f"{SMOKE} {protocol}"
    return AskedPart(
        name=name,
        records=chosen,
        protocol=protocol,
        split_sha256=_sha256(name, records=chosen),
        is_test=_is_test(name, records=chosen),
        validation=_validation_of_card(bundle),
        cautions=() if held_out == len(chosen) else (caution,),
        smoke=bundle.card.smoke,
        left_out=of_mixing([one for one in left_out if _is_of(one.record, part=name)]),
        patients_known=_knows_patients(chosen),
    )


def part_of_records(records: Sequence[Record], *, bundle: Bundle, name: str, protocol: str) -> AskedPart:
    """Images that were chosen from a release by something else than its parts; `protocol` says in one line by what.

    It is a test where a release holds any of them out.
    """
    held_out = sum(map(is_held_out, records))
    caution = PERHAPS_CHOSEN_ON.format(n=len(records), open=len(records) - held_out)
    return AskedPart(
        name=name,
        records=tuple(records),
        protocol=f"{SMOKE} {protocol}" if bundle.card.smoke else protocol,
        split_sha256=_sha256(name, records=records),
        is_test=held_out > 0,
        validation={},
        cautions=() if held_out == len(records) else (caution,),
        smoke=bundle.card.smoke,
        patients_known=_knows_patients(records),
    )


def known_truth(record: Record, *, label: str) -> float | None:
    """1.0 or 0.0, or None where the label is not given or uncertain."""
    value = record.labels.get(label)
    return value if value in (0.0, 1.0) else None


def check_labels(part: AskedPart, *, labels: Sequence[str]) -> None:
    """Raise `DataError` where no image of the part has a known truth for any of the model's labels."""
    if any(known_truth(record, label=label) is not None for record in part.records for label in labels):
        return
    there = sorted({label for record in part.records for label in record.labels})
    raise DataError(
        f"No image has a known truth for {', '.join(labels)}; labels found: {', '.join(there) or 'none'}. The model "
        "and the data have no label in common"
    )


def _sha256(name: str, *, records: Sequence[Record]) -> str:
    """What `Split.sha256` gives for this part alone."""
    listing = {name: sorted((record.source, record.image, record.sha256) for record in records)}
    return hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()


def _is_test(name: str, *, records: Sequence[Record]) -> bool:
    """By the part's name, or because a release holds any of its images out."""
    return is_held_out_part(name) or any(map(is_held_out, records))


def _knows_patients(records: Sequence[Record]) -> bool:
    return all(record.patient_is_known for record in records)


def _is_of(record: Record, *, part: str) -> bool:
    return part == EVERY or (record.official is not None and record.official.casefold() == part.casefold())


def _official_parts(records: Sequence[Record]) -> list[str]:
    """Every official part, with a word on those that are held out under another name than test."""
    parts = {record.official: is_held_out(record) for record in records if record.official}
    return [f"{part} (held out)" if out and part != TEST else part for part, out in sorted(parts.items())]


def _validation_of(split: Split, *, judged: str, labels: Sequence[str]) -> dict[str, ValidationPrevalence]:
    others = [
        record for part, records in split.parts.items() if part not in (TRAIN, TEST, judged) for record in records
    ]
    counts = {}
    for label in labels:
        known = [(truth, one.patient) for one in others if (truth := known_truth(one, label=label)) is not None]
        if known:
            truths, patients = zip(*known, strict=True)
            share = share_by_patient(np.array(truths, np.float64), patients)
            counts[label] = ValidationPrevalence(len(truths), int(sum(truths)), None, share=share)
    return counts


def _validation_of_card(bundle: Bundle) -> dict[str, ValidationPrevalence]:
    """The last validation set that the card shows for a label is the one that its operating point comes from.

    A card counts images, not patients, so that the interval of the share takes its images as independent.
    """
    counts = {}
    for label in bundle.card.labels:
        shown = [result for result in label.results if not result.is_test]
        if shown and shown[-1].n:
            n, positives = shown[-1].n, shown[-1].positives
            counts[label.name] = ValidationPrevalence(n, positives, None, share=wilson(positives, n=n))
    return counts
