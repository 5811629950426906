"""What `hilum compare` is asked: which files are which models, and at which operating points they are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from hilum.cli.terminal.say import say
from hilum.errors import DataError, UsageError
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.comparing.model_points import ModelPoints, points_from_validation, stated_points
from hilum.evaluation.predictions.anybodys_scores import NOTHING_STATED, StatedScores, read_scores, where_it_says_none
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.there import is_there


def named_files(words: Sequence[str]) -> dict[str, Path]:
    """The files by model's name: `NAME=FILE`, or a file whose name without its ending is the model's.

    Where two files have one name, as much of their folders is added as tells them apart. Raises `UsageError` for a name
    that comes twice, and for fewer than two files.
    """
    if len(words) < 2:
        raise UsageError(f"name two predictions files or more to compare; here is {', '.join(words) or 'none'}")
    given: list[tuple[str | None, Path]] = []
    for word in words:
        name, equals, path = word.partition("=")
        named = bool(equals and name and path) and not is_there(Path(word))
        given.append((name, Path(path)) if named else (None, Path(word)))
    short = _short_names([path for name, path in given if name is None])
    names = [short[path] if name is None else name for name, path in given]
    twice, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise UsageError(f"{count} files would be called {twice!r}; give them names: NAME=FILE")
    return dict(zip(names, (path for _, path in given), strict=True))


def read_models(
    files: Mapping[str, Path], *, split: str | None, stated: StatedScores = NOTHING_STATED
) -> dict[str, Predictions]:
    """One part of each file; raises as `read_scores` does, and `DataError` that names the file and its splits."""
    return {name: _one_split(path, split=split, option="--split", stated=stated) for name, path in files.items()}


def read_points(
    models: ManyPredictions,
    *,
    validation: Sequence[str],
    validation_split: str | None,
    thresholds: Sequence[str],
    sensitivity: float | None,
    stated: StatedScores = NOTHING_STATED,
) -> dict[str, ModelPoints]:
    """Every model's operating points, from `NAME=FILE` validation files and stated thresholds; empty for neither.

    A threshold is `0.5` for every model, `NAME=0.5` for one, or `NAME:LABEL=0.5` for one of its labels. Raises
    `UsageError` for words that are none of these or contradict each other.
    """
    chosen = _validation_files(validation, names=models.models)
    at = _thresholds(thresholds, names=models.models)
    if sensitivity is not None and not chosen:
        raise UsageError("--sensitivity chooses points on validation; give --validation NAME=FILE for each model")
    found = {}
    for name in models.models:
        if name in chosen and name in at:
            raise UsageError(f"{name} has both a validation file and a threshold; give one of them")
        if name in chosen:
            path = chosen[name]
            rows = _one_split(path, split=validation_split, option="--validation-split", stated=stated)
            try:
                found[name] = points_from_validation(
                    ValidationPredictions(rows), judged=models.of(name), sensitivity=sensitivity
                )
            except DataError as error:
                raise DataError(f"{path}: {error}") from error
        elif name in at:
            found[name] = stated_points(at[name], labels=models.first.labels)
    return found


def _short_names(paths: Sequence[Path]) -> dict[Path, str]:
    """The shortest ends of the paths, without the suffix, that differ; equal paths keep equal names."""
    parts = {path: path.with_suffix("").parts for path in paths}
    for depth in range(1, max((len(one) for one in parts.values()), default=0) + 1):
        names = {path: "/".join(one[-depth:]) for path, one in parts.items()}
        if len(set(names.values())) == len(names):
            return names
    return {path: str(path) for path in paths}


def _one_split(path: Path, *, split: str | None, option: str, stated: StatedScores) -> Predictions:
    rows = read_scores(path, stated=where_it_says_none(stated, path=path), say=say)
    try:
        return rows.one_split(split)
    except DataError as error:
        raise DataError(f"{path}: {error}" + ("" if split else f" with {option}")) from error


def _validation_files(words: Sequence[str], *, names: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not equals or name not in names:
            raise UsageError(f"say --validation NAME=FILE with NAME among {', '.join(names)}; {word!r} is not that")
        if name in found:
            raise UsageError(f"{name} has two validation files, {found[name]} and {path}; give one")
        found[name] = Path(path)
    return found


def _thresholds(words: Sequence[str], *, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """By model, thresholds by label; the key "" is for its other labels."""
    found: dict[str, dict[str, float]] = {}
    for word in words:
        whose, _, text = word.rpartition("=")
        value = _number(text, word=word, names=names)
        for name, label in _whom(whose, word=word, names=names):
            if label in found.setdefault(name, {}):
                raise UsageError(f"{name} has two thresholds for {label or 'all its labels'}; {word!r} is the second")
            found[name][label] = value
    return found


def _whom(whose: str, *, word: str, names: Sequence[str]) -> list[tuple[str, str]]:
    if not whose:
        return [(name, "") for name in names]
    if whose in names:
        return [(whose, "")]
    for name in names:
        if whose.startswith(f"{name}:"):
            return [(name, whose.removeprefix(f"{name}:"))]
    raise UsageError(_FORM.format(names=", ".join(names), word=word))


def _number(text: str, *, word: str, names: Sequence[str]) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(_FORM.format(names=", ".join(names), word=word)) from error


_FORM = "say --threshold 0.5, NAME=0.5 or NAME:LABEL=0.5 with NAME among {names}; {word!r} is none of these"
