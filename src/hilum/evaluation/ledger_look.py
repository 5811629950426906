"""The line that an evaluation of a whole model leaves in the ledger: one line a look, however many labels there are."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.errors import DataError
from hilum.evaluation.asked_part import AskedPart
from hilum.evaluation.calibration_on_card import calibration_of_look
from hilum.evaluation.judgement import Judgement, LabelJudgement
from hilum.evaluation.ledger import LedgerLine, LedgerValue, append_look, commit_and_dirty, read_ledger
from hilum.output.atomic import write_whole
from hilum.statistics.estimate import Estimate

LOOK_NAME = "look.json"


def record_look(judgement: Judgement, *, bundle: Bundle, part: AskedPart, folder: Path, ledger: Path) -> int:
    """Append the look to `ledger`, and return how many looks it holds.

    `folder` keeps the line as `look.json`, so that an evaluation that was stopped, or whose report is written again,
    is one look: the predictions in the folder are the same. Raises `OutputError` where the ledger cannot be written,
    and `DataError` where `look.json` is no line.
    """
    kept = folder / LOOK_NAME
    looks = read_ledger(ledger)
    if kept.is_file():
        try:
            before = json.loads(kept.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"expected a line of the ledger in {kept}, came {error}; delete the folder") from error
        if before in looks:
            return len(looks)
    line = _line(judgement, bundle=bundle, part=part, where=ledger.absolute().parent)
    append_look(line, ledger=ledger)
    write_whole(kept, (json.dumps(dict(line), allow_nan=False) + "\n").encode())
    return len(looks) + 1


def _line(judgement: Judgement, *, bundle: Bundle, part: AskedPart, where: Path) -> LedgerLine:
    commit, dirty = commit_and_dirty(where)
    whole = judgement.whole
    line: dict[str, LedgerValue] = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit,
        "dirty": dirty,
        "bundle": f"{bundle.card.name} {bundle.card.version}",
        "bundle_sha256": bundle.sha256,
        "graph_sha256": bundle.card.files[GRAPH],
        "protocol": part.protocol,
        "split_sha256": part.split_sha256,
        "predictions_split_sha256": judgement.split_sha256,
        "n": whole.n,
        "patients": whole.patients,
        "trained_on": None if judgement.overlap is None else judgement.overlap.train,
        "validated_on": None if judgement.overlap is None else judgement.overlap.validation,
    }
    if len(whole.labels) == 1:
        return line | _of_label(whole.labels[0])
    used = [name for name in whole.in_mean if name not in whole.left_out]
    return (
        line
        | {"label": f"mean of {len(used)} of {len(whole.labels)} labels", "positives": None}
        | _value("auroc", whole.mean_auroc)
        | {f"auroc of {one.label}": None if one.auroc is None else one.auroc.value for one in whole.labels}
    )


def _of_label(one: LabelJudgement) -> dict[str, LedgerValue]:
    fields: dict[str, LedgerValue] = {"label": one.label, "positives": one.positives}
    fields |= _value("auroc", one.auroc)
    fields["average_precision"] = None if one.average_precision is None else one.average_precision.value
    if one.decisions is not None:
        fields["operating_point"] = one.decisions.threshold
        for name in ("sensitivity", "specificity", "balanced_accuracy"):
            fields |= _value(name, one.decisions.measures[name])
    if one.calibration is not None:
        fields |= calibration_of_look(one.calibration, brier=one.brier, ece=one.ece)
    return fields


def _value(name: str, estimate: Estimate | None) -> dict[str, LedgerValue]:
    if estimate is None:
        return {name: None, f"{name}_ci": None}
    return {
        name: estimate.value,
        f"{name}_ci": None if estimate.interval is None else list(estimate.interval),
        f"{name}_ci_method": estimate.method,
        **({} if estimate.note is None else {f"{name}_note": estimate.note}),
    }
