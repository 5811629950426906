"""Read the images of a part with one bundle, through the `Reader`, into predictions; what cannot be read is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hilum.bundle.card import Card, Scope
from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.evaluation.bundles.journal import JournalKey, JournalLine, PredictionJournal
from hilum.evaluation.bundles.part import AskedPart, known_truth
from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.evaluation.predictions.overlap import Seen
from hilum.evaluation.predictions.predictions import Predictions, Texts
from hilum.evaluation.report.subject import Exclusion
from hilum.findings import XRAY_TYPES
from hilum.reading.gate.gate import may_read
from hilum.reading.input.sources import ImageSource
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import Examination, FailedReading
from hilum.stated import Stated
from hilum.statistics.outcomes import FloatArray

Progress = Callable[[int, int], None]
"""Called with how many images are done, and how many there are."""


def _nothing() -> None:
    """Nothing has to be done before the first image is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedPart:
    """The predictions, the images that are not among them, and how many lie outside the model's declared scope.

    `sharpness` (n,) is each image's mean gradient, `logits` (n, L) are those of the scores; None where they are not
    known of all. `in_scope` (n,) says of each image whether it lies in the model's scope, None where something is not
    known; `cropped` (n,) whether the model read the crop to the lungs, None where that is not known. `members`
    (n, M, L) are the logits of an ensemble's members, None of any other model.
    """

    predictions: Predictions
    exclusions: tuple[Exclusion, ...]
    out_of_scope: int
    sharpness: FloatArray | None = None
    logits: FloatArray | None = None
    in_scope: tuple[bool | None, ...] = ()
    cropped: tuple[bool | None, ...] = ()
    members: FloatArray | None = None


def predict_part(
    part: AskedPart,
    *,
    bundle: Bundle,
    folder: Path,
    progress: Progress,
    lungs: Bundle | None = None,
    seen: Mapping[str, Seen] | None = None,
    begin: Callable[[], None] = _nothing,
    as_the_table_says: bool = False,
    gate: Bundle | None = None,
) -> PredictedPart:
    """Read every image of `part` that has a known label; images that the journal in `folder` has are not read again.

    Pixels go through the `Reader`, in its batches; `lungs` draws the lungs for a model that reads crops. An image whose
    scope is exceeded is judged all the same and counted. `seen` says by the image's name where the model's training saw
    it. `begin` is called when everything is in place and before the first image is read. With `as_the_table_says`, age,
    sex and view of the records count as if somebody stated them, and that they show what the model reads: so the scope
    is judged of pictures whose files say nothing. `gate` then looks at them all the same, where the model is for one of
    its types: what it does not accept as that type is outside the scope, and so is a chest that it finds lateral,
    turned, inverted or cropped. Without it, or without `as_the_table_says`, no gate looks. Raises `DataError` where
    nothing is left to judge.
    """
    named, exclusions = _to_read(part, labels=bundle.card.label_names)
    # no picture is drawn here, and occlusion would ask the network many times for each
    settings = ReaderSettings(occlusion=False)
    looking = gate if as_the_table_says and bundle.card.scope.xray_type in XRAY_TYPES else None
    models = [one for one in (looking, bundle, lungs) if one is not None]
    reader = Reader(models=models, settings=settings)
    key = JournalKey(bundle.sha256, reader.settings_sha256, part.split_sha256, part.name)
    lines: dict[str, JournalLine] = {}
    with PredictionJournal(folder, key=key) as journal:
        begin()
        for name, record in named.items():
            before = journal.read.get(name)
            if before is not None and before.sha256 == record.sha256:
                lines[name] = before
        waiting = {name: record for name, record in named.items() if name not in lines}
        progress(len(lines), len(named))
        told: dict[ImageSource, Stated] = {}
        if as_the_table_says:
            told = {record.path: _stated(record, scope=bundle.card.scope) for record in waiting.values()}
        outcomes = reader.examine_many((record.path for record in waiting.values()), stated=told)
        for (name, record), outcome in zip(waiting.items(), outcomes, strict=True):
            lines[name] = _line(name, record=record, outcome=outcome, card=bundle.card)
            journal.add(lines[name])
            progress(len(lines), len(named))
    failed = [Exclusion(name, "could not be read", line.failed) for name, line in lines.items() if line.failed]
    read = {name: record for name, record in named.items() if lines[name].failed is None}
    if not read:
        raise DataError(f"None of the images of {part.name} could be read, so nothing was judged. {folder} says why")
    return PredictedPart(
        predictions=_predictions(part, read=read, lines=lines, labels=bundle.card.label_names, seen=seen),
        exclusions=(*part.left_out, *exclusions, *failed),
        out_of_scope=sum(lines[name].in_scope is False for name in read),
        sharpness=_sharpness([lines[name] for name in read]),
        logits=_logits([lines[name] for name in read]),
        in_scope=tuple(lines[name].in_scope for name in read),
        cropped=tuple(lines[name].cropped for name in read),
        members=_members([lines[name] for name in read]),
    )


def image_names(records: Sequence[Record]) -> list[str]:
    """The name of each image in a predictions file; where there are several releases it begins with the release."""
    several = len({record.source for record in records}) > 1
    return [f"{record.source}:{record.image}" if several else record.image for record in records]


def _to_read(part: AskedPart, *, labels: Sequence[str]) -> tuple[dict[str, Record], list[Exclusion]]:
    named: dict[str, Record] = {}
    exclusions = []
    for name, record in zip(image_names(part.records), part.records, strict=True):
        if all(known_truth(record, label=label) is None for label in labels):
            exclusions.append(Exclusion(name, "no label of the model is known"))
        elif name in named:
            exclusions.append(Exclusion(name, "another image has its name", "the first one is judged"))
        else:
            named[name] = record
    return named, exclusions


def _stated(record: Record, *, scope: Scope) -> Stated:
    xray_type = scope.xray_type if scope.xray_type in XRAY_TYPES else None
    return Stated(age_years=record.age_years, sex=record.sex, view=record.view, xray_type=xray_type)


def _line(name: str, *, record: Record, outcome: Examination | FailedReading, card: Card) -> JournalLine:
    if isinstance(outcome, FailedReading):
        # the path of the file stays out of a table that may leave this machine
        reason = outcome.message.replace(str(record.path), record.path.name)
        return JournalLine(name, record.sha256, None, failed=f"{outcome.kind}: {reason}")
    findings = outcome.reading.findings
    may_be_read = may_read(outcome.reading.gate, xray_type=card.scope.xray_type)
    return JournalLine(
        name,
        record.sha256,
        tuple(finding.probability for finding in findings),
        in_scope=findings[0].in_scope if may_be_read else False,
        sharpness=mean_gradient(outcome.radiograph.pixels),
        logits=tuple(finding.logit for finding in findings),
        cropped=any(crop.model == card.name for crop in outcome.reading.crops),
        members=tuple(tuple(member.logit for member in finding.members) for finding in findings)
        if findings[0].members
        else None,
    )


def _sharpness(lines: Sequence[JournalLine]) -> FloatArray | None:
    found = [line.sharpness for line in lines if line.sharpness is not None]
    return np.array(found, np.float64) if len(found) == len(lines) else None


def _logits(lines: Sequence[JournalLine]) -> FloatArray | None:
    found = [line.logits for line in lines if line.logits is not None]
    return np.array(found, np.float64) if len(found) == len(lines) else None


def _members(lines: Sequence[JournalLine]) -> FloatArray | None:
    found = [line.members for line in lines if line.members is not None]
    return np.array(found, np.float64).transpose(0, 2, 1) if found and len(found) == len(lines) else None


def _predictions(
    part: AskedPart,
    *,
    read: dict[str, Record],
    lines: dict[str, JournalLine],
    labels: Sequence[str],
    seen: Mapping[str, Seen] | None,
) -> Predictions:
    records = tuple(read.values())
    truth = [[known_truth(record, label=label) for label in labels] for record in records]
    ages = [np.nan if record.age_years is None else record.age_years for record in records]
    return Predictions(
        image=tuple(read),
        patient=tuple(record.patient for record in records),
        split=(part.split_name,) * len(records),
        labels=tuple(labels),
        truth=np.array(truth, np.float64),  # None becomes NaN
        scores=np.array([lines[name].probabilities for name in read], np.float64),
        protocol=part.protocol,
        smoke=part.smoke,
        patients_known=all(record.patient_is_known for record in records),
        age_years=None if np.isnan(ages).all() else np.array(ages, np.float64),
        sex=_told([record.sex for record in records]),
        view=_told([record.view for record in records]),
        source=tuple(record.source for record in records),
        seen=None if seen is None else tuple(seen[name] for name in read),
    )


def _told(values: Sequence[str]) -> Texts | None:
    """The column, None where a value is not known; no column where none is."""
    if set(values) == {"unknown"}:
        return None
    return tuple(None if value == "unknown" else value for value in values)
