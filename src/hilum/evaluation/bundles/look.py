"""A look in the ledger: its intent before the first held-out image is read, its result after the judgement."""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.datasets.records.held_out import is_held_out_part
from hilum.errors import DataError
from hilum.evaluation.bundles.ledger import (
    INTENT,
    KIND,
    LOOK,
    RESULT,
    Ledger,
    LedgerLine,
    LedgerValue,
    commit_and_dirty,
    looks,
)
from hilum.evaluation.bundles.part import AskedPart
from hilum.evaluation.comparing.comparison import Comparison, LabelComparison
from hilum.evaluation.judging.judgement import Judgement, LabelJudgement
from hilum.evaluation.judging.sharpness import BASELINE
from hilum.evaluation.predictions.estimate_text import value_json
from hilum.evaluation.predictions.overlap import Overlap, overlap_of
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.estimate import Estimate
from hilum.whole_files import write_whole

PREDICTIONS = "predictions_sha256"
"""The field by which the same predictions are known again."""

Fields = dict[str, LedgerValue]


def result_fields(judgement: Judgement, *, predictions: Predictions) -> Fields:
    """What the judgement of `predictions` found."""
    whole = judgement.whole
    fields = _rows(
        predictions,
        split_sha256=judgement.split_sha256,
        n=whole.n,
        patients=whole.patients,
        overlap=judgement.overlap,
    )
    if len(whole.labels) == 1:
        return fields | _of_label(whole.labels[0])
    used = [name for name in whole.in_mean if name not in whole.left_out]
    return fields | _mean(used, mean=whole.mean_auroc, aurocs={one.label: one.auroc for one in whole.labels})


def compared_fields(comparison: Comparison, *, model: str, predictions: Predictions) -> Fields:
    """What the comparison found of `model`, whose `predictions` are those of its file."""
    fields = _rows(
        predictions,
        split_sha256=comparison.split_sha256,
        n=comparison.n,
        patients=comparison.patients,
        overlap=overlap_of(predictions.seen),
    )
    if len(comparison.labels) == 1:
        return fields | _of_compared(comparison.labels[0], model=model)
    aurocs = {one.label: one.models[model].auroc if model in one.models else None for one in comparison.labels}
    return fields | _mean(comparison.averaged, mean=comparison.mean.get(model), aurocs=aurocs)


def baseline_fields(found: Estimate | None) -> Fields:
    """The rule without a network; nothing where there is none."""
    return {} if found is None else {"baseline": BASELINE, **_value("baseline_auroc", found)}


def _rows(predictions: Predictions, *, split_sha256: str, n: int, patients: int, overlap: Overlap | None) -> Fields:
    return {
        PREDICTIONS: predictions.content_sha256,
        "predictions_split_sha256": split_sha256,
        "n": n,
        "patients": patients,
        "trained_on": None if overlap is None else overlap.train,
        "validated_on": None if overlap is None else overlap.validation,
    }


def _mean(used: Sequence[str], *, mean: Estimate | None, aurocs: Mapping[str, Estimate | None]) -> Fields:
    return (
        {"label": f"mean of {len(used)} of {len(aurocs)} labels", "positives": None}
        | _value("auroc", mean)
        | {f"auroc of {label}": None if auroc is None else auroc.value for label, auroc in aurocs.items()}
    )


def _of_label(one: LabelJudgement) -> Fields:
    fields: Fields = {"label": one.label, "positives": one.positives}
    fields |= _value("auroc", one.auroc)
    fields["average_precision"] = None if one.average_precision is None else one.average_precision.value
    if one.decisions is not None:
        fields["operating_point"] = one.decisions.threshold
        for name in ("sensitivity", "specificity", "balanced_accuracy"):
            fields |= _value(name, one.decisions.measures[name])
    if one.calibration is not None:
        fields |= {"brier": None if one.brier is None else one.brier.value, "ece": one.ece}
        for name, value in one.calibration.numbers.items():
            fields |= value_json(name if name.startswith("mean") else f"calibration_{name}", value)
        fields["calibration_in_words"] = one.calibration.in_words
    return fields


def _of_compared(one: LabelComparison, *, model: str) -> Fields:
    fields: Fields = {"label": one.label, "positives": one.positives}
    found = one.models.get(model)
    if found is None:
        return fields | _value("auroc", None)
    fields |= _value("auroc", found.auroc)
    fields["average_precision"] = None if found.average_precision is None else found.average_precision.value
    if found.threshold is not None:
        fields["operating_point"] = found.threshold
        for name, share in (("sensitivity", found.sensitivity), ("specificity", found.specificity)):
            fields |= _value(name, share)
    return fields


def _value(name: str, estimate: Estimate | None) -> Fields:
    found = value_json(name, estimate)
    if estimate is None:
        return found
    noted = {} if estimate.note is None else {f"{name}_note": estimate.note}
    return {**found, f"{name}_ci_method": estimate.method, **noted}


LOOK_NAME = "look.json"


@dataclass(frozen=True, slots=True)
class Looks:
    """Where the ledger lies, how many looks it counts, and how many of them were at the same model.

    `broken` says how many places there are where a line was changed or removed.
    """

    ledger: Path
    count: int
    of_model: int
    broken: int = 0

    def in_words(self) -> str:
        """For the terminal."""
        return f"{self._counted()}, {self.of_model} of them of this model{self._broken_in_words()}"

    def in_words_of_all(self) -> str:
        """For the terminal, where several models are looked at."""
        return self._counted() + self._broken_in_words()

    def _counted(self) -> str:
        return f"evaluations of this test split recorded in {self.ledger}: {self.count}"

    def _broken_in_words(self) -> str:
        return "; lines of the ledger were changed or removed: run `hilum ledger` to see which" if self.broken else ""


def begin_look(*, bundle: Bundle, part: AskedPart, folder: Path, ledger: Path) -> None:
    """Write the intent to look at `part` with `bundle`, on the disk when this returns; call it before any reading.

    `folder` keeps which look it holds as `look.json`, so that an evaluation that was stopped, or whose report is
    written again, is one look. Raises `OutputError` where the ledger cannot be written, and `DataError` where a line of
    it, or `look.json`, is damaged.
    """
    kept = _kept(folder)
    commit, dirty = commit_and_dirty(ledger.absolute().parent)
    with Ledger(ledger) as held:
        if kept is not None and _stands_in(held, kept=kept) and _is_of(kept, bundle=bundle, part=part):
            return
        name = secrets.token_hex(8)
        intent: dict[str, LedgerValue] = {
            KIND: INTENT,
            LOOK: name,
            "date": _today(),
            "commit": commit,
            "dirty": dirty,
            **_model(bundle),
            "protocol": part.protocol,
            "split_sha256": part.split_sha256,
            "images": len(part.records),
            "cautions": list(part.cautions),
        }
        held.append(intent)
    _keep(intent, folder=folder)


def end_look(
    judgement: Judgement,
    *,
    predictions: Predictions,
    bundle: Bundle,
    folder: Path,
    ledger: Path,
    baseline: Estimate | None = None,
) -> Looks:
    """Write the result of the look that `folder` holds, unless the ledger has it, and count the looks.

    `look.json` then holds the intent and the result. `baseline` is the AUROC of the rule without a network. Raises as
    `begin_look` does, which must have been called.
    """
    found = result_fields(judgement, predictions=predictions) | baseline_fields(baseline)
    content = predictions.content_sha256
    return _end(found, bundle=bundle, folder=folder, ledger=ledger, same={PREDICTIONS: content})


def end_other_look(found: Fields, *, bundle: Bundle, folder: Path, ledger: Path) -> Looks:
    """Write what a look that judged no predictions `found`; otherwise as `end_look`. Done again, it is the same look.

    `found` says under `judged` what was judged: something else in the same folder has a line of its own. Raises as
    `end_look` does.
    """
    return _end(found, bundle=bundle, folder=folder, ledger=ledger, same={"judged": found["judged"]})


def _end(found: Fields, *, bundle: Bundle, folder: Path, ledger: Path, same: Fields) -> Looks:
    """The result of the look, unless the ledger has one with the fields `same`."""
    kept = _kept(folder)
    if kept is None:
        raise DataError(f"{folder / LOOK_NAME} of this evaluation is missing. Delete the folder and evaluate again")
    with Ledger(ledger) as held:
        name = kept.get(LOOK)
        wanted: Fields = {KIND: RESULT, LOOK: name, **same}
        there = any(all(line.get(field) == value for field, value in wanted.items()) for line in held.lines)
        result = {KIND: RESULT, LOOK: name, "date": _today(), **found}
        if name is not None:
            if not there:
                held.append(result)
            _keep({**kept, **result}, folder=folder)
        return _counted(held, ledger=ledger, model=_model(bundle))


def record_predictions(predictions: Predictions, *, found: LedgerLine, name: str, ledger: Path) -> Looks | None:
    """Write the look at a predictions file called `name`, where some of its rows are held out; None where none is.

    `found` is what it gave, of `result_fields` or `compared_fields`. The same predictions, judged or compared again, or
    already counted by `hilum evaluate`, are the same look. A smoke run's are none. Raises as `begin_look` does.
    """
    if predictions.smoke or not any(map(is_held_out_part, set(predictions.split))):
        return None
    commit, dirty = commit_and_dirty(ledger.absolute().parent)
    content = predictions.content_sha256
    with Ledger(ledger) as held:
        if not any(line.get(PREDICTIONS) == content for line in held.lines):
            held.append(
                {
                    KIND: LOOK,
                    "date": _today(),
                    "commit": commit,
                    "dirty": dirty,
                    "bundle": None,
                    "bundle_sha256": None,
                    "judged": name,
                    "protocol": predictions.protocol,
                    **found,
                }
            )
        same = [look for look in looks(held.lines) if look.fields.get(PREDICTIONS) == content]
        return Looks(ledger, len(looks(held.lines)), len(same), len(held.broken()))


def _model(bundle: Bundle) -> dict[str, LedgerValue]:
    """The card's hash and the graph's: a card that is written anew does not make another network of it."""
    return {
        "bundle": f"{bundle.card.name} {bundle.card.version}",
        "bundle_sha256": bundle.sha256,
        "graph_sha256": bundle.card.files[GRAPH],
    }


def _keep(look: LedgerLine, *, folder: Path) -> None:
    write_whole(folder / LOOK_NAME, (json.dumps(dict(look), allow_nan=False) + "\n").encode())


def _kept(folder: Path) -> LedgerLine | None:
    path = folder / LOOK_NAME
    if not path.is_file():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(
            f"{path} does not hold a line of the ledger: {error}. Delete the folder and evaluate again"
        ) from error
    if not isinstance(kept, dict):
        raise DataError(
            f"{path} does not hold a line of the ledger but {type(kept).__name__}. Delete the folder and evaluate again"
        )
    return kept


def _stands_in(held: Ledger, *, kept: LedgerLine) -> bool:
    """Whether the ledger has the look; one from before there were intents is a whole line."""
    name = kept.get(LOOK)
    return any(line.get(LOOK) == name if name is not None else line == kept for line in held.lines)


def _is_of(kept: LedgerLine, *, bundle: Bundle, part: AskedPart) -> bool:
    """Another model or split in the same folder is another look."""
    return kept.get("bundle_sha256") == bundle.sha256 and kept.get("split_sha256") == part.split_sha256


def _counted(held: Ledger, *, ledger: Path, model: LedgerLine) -> Looks:
    found = looks(held.lines)
    same = sum(_same_network(look.fields, model=model) for look in found)
    return Looks(ledger, len(found), same, len(held.broken()))


def _same_network(line: LedgerLine, *, model: LedgerLine) -> bool:
    """By the graph itself; an older line names the model alone, whose card may have changed since."""
    there = line.get("graph_sha256")
    if there is not None:
        return there == model["graph_sha256"]
    return line.get("bundle_sha256") == model["bundle_sha256"] or line.get("bundle") == model["bundle"]


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()
