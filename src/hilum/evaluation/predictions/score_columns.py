"""Which columns of somebody's table of scores are the truth and the score of a label: by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from hilum.datasets.own.outcomes import are_outcomes
from hilum.datasets.records.csv_rows import decimal_comma_text
from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.from_arrays import UNNAMED

_TRUTH = frozenset({"truth", "true", "label", "target", "gt", "groundtruth", "actual", "outcome", "reference"})
_SCORE = frozenset(
    {"score", "scores", "prob", "probability", "proba", "pred", "prediction", "predicted", "p", "output", "confidence"}
)
_NOTHING = "y"
"""As in `y_true`: says nothing of its own."""
_WORDS = re.compile(r"[^_:.\s-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePair:
    """The columns of one label."""

    label: str
    truth: str
    score: str


def score_pairs(
    rows: Sequence[Mapping[str, str]],
    *,
    names: Sequence[str],
    file: str,
    truth: str | None = None,
    score: str | None = None,
) -> tuple[ScorePair, ...]:
    """The pair of each label among the columns `names`.

    `truth:X` with `score:X`, `X` with `X_prob`, `y_true` with `y_score` are pairs, and so are names like these. `truth`
    and `score` are the columns of the one label that is meant. Raises `UsageError` for a stated column that is not
    there or stands alone, and `DataError` where no pair is found, a score has no truth or decimals with a comma, or a
    label has two truths or two scores.
    """
    if truth is not None or score is not None:
        return (_stated(names, file=file, truth=truth, score=score),)
    _refuse_decimal_commas(rows, names=names, file=file)
    scores = {
        name: label for name in names if (label := _rest(name, words=_SCORE)) is not None and _is_score(rows, name=name)
    }
    others = [name for name in names if name not in scores and are_outcomes(row[name] for row in rows)]
    truths: dict[str, list[str]] = {}
    for name in others:
        label = _rest(name, words=_TRUTH)
        truths.setdefault(name if label is None else label, []).append(name)
    pairs = [
        ScorePair(label=label or UNNAMED, truth=truth, score=name)
        for name, label in scores.items()
        for truth in truths.get(label, ())
    ]
    _refuse_two_of_one(pairs, file=file)
    if len(scores) == len(others) == 1 and not pairs:
        ((score, label),) = scores.items()
        pairs = [ScorePair(label=label or _label_of(others[0]), truth=others[0], score=score)]
    alone = [name for name in scores if name not in {pair.score for pair in pairs}]
    if not pairs or alone:
        what = f"no column of the truth for {', '.join(alone)}" if alone else "no columns of a truth and its score"
        raise DataError(
            f"{file} has {what} (columns: {', '.join(names)}); call them truth:LABEL and score:LABEL, or say --truth "
            "COLUMN --score COLUMN"
        )
    return tuple(pairs)


def _refuse_decimal_commas(rows: Sequence[Mapping[str, str]], *, names: Sequence[str], file: str) -> None:
    """A column that is called a score is no other column only because its decimals are not understood."""
    for name in names:
        said = None if _rest(name, words=_SCORE) is None else decimal_comma_text(row[name] for row in rows)
        if said is not None:
            raise DataError(f"{name} of {file} {said}")


def _refuse_two_of_one(pairs: Sequence[ScorePair], *, file: str) -> None:
    """Ask which is meant where a label has several scores (a decision and a probability, say) or several truths."""
    first: dict[str, ScorePair] = {}
    for pair in pairs:
        other = first.setdefault(pair.label.casefold(), pair)
        if other is pair:
            continue
        what, one, two = "scores", other.score, pair.score
        if one == two:
            what, one, two = "truths", other.truth, pair.truth
        choices = " or ".join(f"--truth {quote(kept.truth)} --score {quote(kept.score)}" for kept in (other, pair))
        raise DataError(
            f"Say which is meant, {choices}, or leave one out: {one} and {two} of {file} are both {what} of "
            f"{pair.label}"
        )


def _stated(names: Sequence[str], *, file: str, truth: str | None, score: str | None) -> ScorePair:
    if truth is None or score is None:
        raise UsageError(f"Missing option: {'--truth' if truth is None else '--score'} COLUMN; the two go together")
    for name in (truth, score):
        if name not in names:
            raise UsageError(f"{file} has no column {name!r}; its columns are {', '.join(names)}")
    return ScorePair(label=_label_of(truth), truth=truth, score=score)


def _label_of(truth: str) -> str:
    """What the column of a truth says of its label."""
    rest = _rest(truth, words=_TRUTH)
    return truth if rest is None else rest or UNNAMED


def _rest(name: str, *, words: frozenset[str]) -> str | None:
    """The name without the words that say what the column is; None where it has none of them."""
    parts = [part for part in _WORDS.findall(name) if part.casefold() != _NOTHING]
    kept = [part for part in parts if part.casefold() not in words]
    return " ".join(kept) if len(kept) < len(parts) else None


def _is_score(rows: Sequence[Mapping[str, str]], *, name: str) -> bool:
    try:
        return any(float(row[name]) >= 0.0 for row in rows if row[name])
    except ValueError:
        return False
