"""Predictions from a table that nobody wrote for hilum: a CSV, or Parquet as pandas writes it.

Columns are told by their names: the truth and the score of each label (`score_columns`), and the image, the patient and
the split, age, sex and view where they are there.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from hilum.datasets.own.columns import columns_called
from hilum.datasets.own.outcomes import outcome
from hilum.datasets.own.own_table import is_csv, rows_of
from hilum.datasets.own.patient_cells import age_in, group_in, not_understood
from hilum.datasets.records.csv_rows import decimal_comma_text
from hilum.errors import DataError, FileAccessError, UsageError
from hilum.evaluation.predictions.design import Design, read_design
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.predictions.score_columns import ScorePair, score_pairs
from hilum.stated import parse_sex, parse_view
from hilum.statistics.outcomes import FloatArray

Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedScores:
    """What somebody says of a table of scores that does not say it itself.

    `protocol` tells in a sentence how split and labels were made. `truth` and `score` are the columns of the one label
    that is meant, `patient` that of the patients, or `none`. `split` is what a table without a column of splits is.
    """

    protocol: str | None = None
    truth: str | None = None
    score: str | None = None
    patient: str | None = None
    split: str = "judged"
    design: Design | None = None


NOTHING_STATED = StatedScores()
"""For files that say everything themselves."""


def read_scores(path: Path, *, stated: StatedScores, say: Callable[[str], None] | None = None) -> Predictions:
    """The predictions in the file, hilum's own or anybody's; `say` is told, in one line, what was guessed.

    Raises `FileAccessError` where it cannot be opened, `UsageError` for stated columns that are not there, and
    `DataError` where the protocol is missing, columns are not clear, or as `read_predictions` does.
    """
    if not path.is_file():
        raise FileAccessError(f"There is no file {path}; check the path")
    if is_csv(path):
        rows: Rows = rows_of(path)
    else:
        table = _parquet(path)
        if table is None or _is_hilums(table):
            if stated.protocol is not None and table is not None:
                raise UsageError(f"{path} says its own protocol; leave --protocol out")
            return read_predictions(path, design=stated.design)
        rows = [
            {name: "" if _is_nothing(value) else str(value) for name, value in row.items()} for row in table.to_pylist()
        ]
    if not rows:
        raise DataError(f"{path} has no rows; give a table with one row for each image")
    if stated.protocol is None:
        raise UsageError(
            f"{path} does not say how its split and its labels were made; say it in a sentence: --protocol 'our test "
            "set, split by patient, labels by two radiologists'"
        )
    return _predictions(rows, path=path, stated=stated, protocol=stated.protocol, say=say)


def where_it_says_none(stated: StatedScores, *, path: Path) -> StatedScores:
    """What is stated of several files, for this one: without the protocol where the file says its own."""
    if is_csv(path):
        return stated
    table = _parquet(path)
    return stated if table is not None and not _is_hilums(table) else replace(stated, protocol=None)


def _predictions(
    rows: Rows, *, path: Path, stated: StatedScores, protocol: str, say: Callable[[str], None] | None
) -> Predictions:
    names = [name for name in rows[0] if name]
    kinds = {
        kind: found[0]
        for kind in ("image", "split", "age", "sex", "view")
        if (found := columns_called(kind, names=names))
    }
    patient = _patient(names, path=path, stated=stated.patient)
    free = [name for name in names if name not in {*kinds.values(), patient}]
    pairs = score_pairs(rows, names=free, file=str(path), truth=stated.truth, score=stated.score)
    numbered = tuple(f"{path.stem} row {row}" for row in range(1, len(rows) + 1))
    images = _texts(rows, kinds.get("image"), path=path) or numbered
    people = _texts(rows, patient, path=path)
    if say is not None:
        said = "; ".join(f"{pair.label} is in {pair.truth} (truth) and {pair.score} (score)" for pair in pairs)
        whose = "no column of patients" if patient is None else f"patients in {patient}"
        said_of = "rows are numbered" if "image" not in kinds else f"images in {kinds['image']}"
        parts = (
            f"splits in {kinds['split']}"
            if "split" in kinds
            else f"no column of splits, all rows are called {stated.split}"
        )
        say(f"{path.name}: {said_of}, {whose}, {parts}; {said}")
        ages = kinds.get("age")
        caution = None if ages is None else not_understood("age", _cells(rows, ages), where=f"{ages} of {path}")
        if caution is not None:
            say(caution)
    return Predictions(
        image=images,
        patient=people or images,
        split=_texts(rows, kinds.get("split"), path=path) or (stated.split,) * len(rows),
        labels=tuple(pair.label for pair in pairs),
        truth=np.stack([_truths(rows, pair=pair, path=path) for pair in pairs], axis=1),
        scores=np.stack([_scores(rows, pair=pair, path=path) for pair in pairs], axis=1),
        protocol=protocol,
        age_years=None if "age" not in kinds else _ages(rows, name=kinds["age"]),
        sex=None if "sex" not in kinds else tuple(group_in(row[kinds["sex"]], parse=parse_sex) for row in rows),
        view=None if "view" not in kinds else tuple(group_in(row[kinds["view"]], parse=parse_view) for row in rows),
        design=read_design({}, protocol=protocol, stated=stated.design),
        patients_known=people is not None,
    )


def _patient(names: Sequence[str], *, path: Path, stated: str | None) -> str | None:
    if stated is not None:
        if stated.casefold() == "none":
            return None
        if stated not in names:
            raise UsageError(f"{path} has no column {stated!r}; its columns are {', '.join(names)}")
        return stated
    found = columns_called("patient", names=names)
    if len(found) > 1:
        choices = " or ".join(f"--patient-column {name}" for name in found)
        raise DataError(f"{', '.join(found)} of {path} all may say whose image it is; say {choices}")
    return found[0] if found else None


def _cells(rows: Rows, name: str) -> list[str]:
    return [row[name] for row in rows]


def _texts(rows: Rows, name: str | None, *, path: Path) -> tuple[str, ...] | None:
    if name is None:
        return None
    for line, row in enumerate(rows, start=2):
        if not row[name]:
            raise DataError(f"Line {line} of {path} has nothing in {name}; complete the row")
    return tuple(row[name] for row in rows)


def _truths(rows: Rows, *, pair: ScorePair, path: Path) -> FloatArray:
    found = [outcome(row[pair.truth]) for row in rows]
    wrong = next((line for line, value in enumerate(found, start=2) if value is None), None)
    if wrong is not None:
        said = rows[wrong - 2][pair.truth]
        raise DataError(f"{said!r} in {pair.truth}, line {wrong} of {path}, is none of 1, 0, yes, no and nothing")
    return np.array(found, np.float64)


def _scores(rows: Rows, *, pair: ScorePair, path: Path) -> FloatArray:
    try:
        return np.array([float(row[pair.score]) if row[pair.score] else math.nan for row in rows])
    except ValueError as error:
        said = decimal_comma_text(row[pair.score] for row in rows)
        raise DataError(f"{pair.score} of {path} {said or f'holds something else than numbers ({error})'}") from error


def _ages(rows: Rows, *, name: str) -> FloatArray:
    return np.array([math.nan if (age := age_in(row[name])) is None else age for row in rows])


def _parquet(path: Path) -> pa.Table | None:
    """The table in the file, or None where it is none: then `read_predictions` says so."""
    try:
        return pq.ParquetFile(io.BytesIO(path.read_bytes())).read()
    except (pa.ArrowException, OSError):
        return None


def _is_hilums(table: pa.Table) -> bool:
    return b"protocol" in (table.schema.metadata or {})


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
