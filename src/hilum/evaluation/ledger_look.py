"""A look in the ledger: its intent before the first held-out image is read, its result after the judgement."""

from __future__ import annotations

import datetime
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.datasets.held_out import is_held_out_part
from hilum.errors import DataError
from hilum.evaluation.asked_part import AskedPart
from hilum.evaluation.judgement import Judgement
from hilum.evaluation.ledger import INTENT, KIND, LOOK, RESULT, Ledger, LedgerLine, LedgerValue, commit_and_dirty, looks
from hilum.evaluation.ledger_fields import PREDICTIONS, baseline_fields, result_fields
from hilum.evaluation.prediction_set import Predictions
from hilum.output.atomic import write_whole
from hilum.statistics.estimate import Estimate

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
        return f"{self._counted()}, of them at this model: {self.of_model}{self._broken_in_words()}"

    def in_words_of_all(self) -> str:
        """For the terminal, where several models are looked at."""
        return self._counted() + self._broken_in_words()

    def _counted(self) -> str:
        return f"looks in the ledger {self.ledger}: {self.count}"

    def _broken_in_words(self) -> str:
        return "; lines of it were changed or removed, which `hilum ledger` shows" if self.broken else ""


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
    kept = _kept(folder)
    if kept is None:
        raise DataError(f"expected the look of this evaluation in {folder / LOOK_NAME}, came none; delete the folder")
    with Ledger(ledger) as held:
        name, content = kept.get(LOOK), predictions.content_sha256
        there = any(line.get(LOOK) == name and line.get(PREDICTIONS) == content for line in held.lines)
        result = {KIND: RESULT, LOOK: name, "date": _today(), **result_fields(judgement, predictions=predictions)}
        result |= baseline_fields(baseline)
        if name is not None:
            if not there:
                held.append(result)
            _keep({**kept, **result}, folder=folder)
        return _counted(held, ledger=ledger, model=_model(bundle))


def record_predictions(predictions: Predictions, *, found: LedgerLine, name: str, ledger: Path) -> Looks | None:
    """Write the look at a predictions file called `name`, where some of its rows are held out; None where none is.

    `found` is what it gave, as `ledger_fields` says it. The same predictions, judged or compared again, or already
    counted by `hilum evaluate`, are the same look. A smoke run's are none. Raises as `begin_look` does.
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
        raise DataError(f"expected a line of the ledger in {path}, came {error}; delete the folder") from error
    if not isinstance(kept, dict):
        raise DataError(f"expected a line of the ledger in {path}, came {type(kept).__name__}; delete the folder")
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
