"""Which columns of somebody's table are labels: one column a label with yes and no, or one column with a class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.datasets.own.outcomes import are_outcomes, classes_in, outcome
from hilum.datasets.records.label_values import own_label
from hilum.errors import DataError, UsageError
from hilum.findings import finding
from hilum.nearest import did_you_mean
from hilum.option import Option

LABELS = Option(
    metavar="A,B",
    help="The labels: columns of your table, or classes of its one column of classes. Else those that hilum finds.",
)
TRUTH = "truth:"

_MOST_CLASSES = 30
_CLASS_NAMES = (
    "label", "labels", "class", "classes", "classname", "category", "target", "finding", "findings", "findinglabels",
    "diagnosis", "diagnoses", "dx", "disease", "diseases", "pathology",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColumn:
    """Where a label stands: the column `name`, and there the class `value`; None where the column says yes or no."""

    name: str
    value: str | None = None

    def read(self, cell: str) -> float | None:
        """1.0, 0.0, NaN where nobody knows; None for a word that is neither yes nor no."""
        if self.value is None:
            return outcome(cell)
        found = classes_in(cell)
        return math.nan if found is None else float(self.value in map(own_label, found))


def guess_labels(
    rows: Sequence[Mapping[str, str]],
    *,
    names: Sequence[str],
    table: Path,
    stated: Sequence[str] | None = None,
    wanted: Sequence[str] = (),
) -> dict[str, LabelColumn]:
    """The labels among the columns `names`, by hilum's name of each.

    Columns called `truth:LABEL` are labels, and then no other is. `stated` says which are meant; `wanted` settles what
    is not clear. Raises `UsageError` for a stated label that is not there, and `DataError` where it is not clear which
    columns are labels, where there is none, or where two are one label.
    """
    there = _Found.of(rows, names=names)
    if stated is not None:
        return _stated(rows, names=names, table=table, stated=stated, there=there)
    own = {name: LabelColumn(name=name) for name in names if name.startswith(TRUTH)}
    if own:
        return _by_label(own, table=table)
    hoped = {own_label(name) for name in wanted}
    chosen = {label: column for label, column in there.every(table).items() if label in hoped}
    return chosen or _clear(there, table=table, names=names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What may be labels: columns of yes and no, and the classes of each column of classes."""

    binary: tuple[str, ...]
    classes: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, str]], *, names: Sequence[str]) -> _Found:
        binary = tuple(name for name in names if are_outcomes(row[name] for row in rows))
        called = [name for name in names if name not in binary and _is_class_column(name)]
        return cls(binary=binary, classes={name: _classes(rows, name=name) for name in called})

    def every(self, table: Path) -> dict[str, LabelColumn]:
        """All that may be labels; a column of its own goes before a class."""
        found = {
            value: LabelColumn(name=name, value=value) for name, values in self.classes.items() for value in values
        }
        return found | _by_label({name: LabelColumn(name=name) for name in self.binary}, table=table)


def _clear(there: _Found, *, table: Path, names: Sequence[str]) -> dict[str, LabelColumn]:
    """The labels where nothing but the table says which they are."""
    known = [name for name in there.binary if _is_finding(name)]
    others = [name for name in there.binary if name not in known]
    if there.binary and there.classes:
        raise DataError(
            f"{table} has columns of yes and no ({', '.join(there.binary)}) and of classes "
            f"({', '.join(there.classes)}); say which are the labels, such as "
            f"--labels {','.join(known or there.binary)}"
        )
    if known and others:
        raise DataError(
            f"In {table} hilum knows {', '.join(known)} as findings, and cannot tell whether {', '.join(others)} "
            f"should be learnt too; say --labels {','.join(known)} or --labels {','.join((*known, *others))}"
        )
    if there.binary:
        return there.every(table)
    if len(there.classes) > 1:
        choices = " or ".join(f"--labels {name}" for name in there.classes)
        raise DataError(f"{' and '.join(there.classes)} of {table} all hold classes; say {choices}")
    for name, values in there.classes.items():
        return _checked(name, values=values, table=table)
    raise DataError(
        f"No column of {table} holds labels (1 and 0, yes and no, or a column of classes called label); say --labels "
        f"COLUMN,COLUMN (columns: {', '.join(names) or 'none is left'})"
    )


def _checked(name: str, *, values: Sequence[str], table: Path) -> dict[str, LabelColumn]:
    if not values:
        raise DataError(f"{name!r} of {table} names no class but normal; give labels of what is to be found")
    if len(values) > _MOST_CLASSES:
        raise DataError(
            f"{name!r} of {table} holds {len(values)} classes, such as {', '.join(values[:3])}; say which are the "
            "labels: --labels A,B"
        )
    return {value: LabelColumn(name=name, value=value) for value in values}


def _stated(
    rows: Sequence[Mapping[str, str]], *, names: Sequence[str], table: Path, stated: Sequence[str], there: _Found
) -> dict[str, LabelColumn]:
    every = there.every(table)
    found: dict[str, LabelColumn] = {}
    for word in stated:
        column = next((name for name in names if name.removeprefix(TRUTH).casefold() == word.casefold()), None)
        label = next((one for one in every if one.casefold() == own_label(word).casefold()), None)
        if label is not None:
            found[label] = every[label]
        elif column is None:
            raise UsageError(_no_label(word, table=table, every=every, names=names))
        elif column.startswith(TRUTH) or are_outcomes(row[column] for row in rows):
            found |= _by_label({column: LabelColumn(name=column)}, table=table)
        else:
            found |= _checked(column, values=_classes(rows, name=column), table=table)
    return found


def _no_label(word: str, *, table: Path, every: Mapping[str, LabelColumn], names: Sequence[str]) -> str:
    there = ", ".join(every) or f"none; its columns are {', '.join(names)}"
    return f"{table} has no label {word!r}; labels found: {there}{did_you_mean(word, among=every)}"


def _by_label(columns: Mapping[str, LabelColumn], *, table: Path) -> dict[str, LabelColumn]:
    found: dict[str, LabelColumn] = {}
    for name, column in columns.items():
        label = own_label(name.removeprefix(TRUTH))
        if label in found:
            raise DataError(f"{found[label].name} and {name} of {table} are one label, {label}; leave one of them out")
        found[label] = column
    return found


def _classes(rows: Sequence[Mapping[str, str]], *, name: str) -> tuple[str, ...]:
    return tuple(sorted({own_label(word) for row in rows for word in classes_in(row[name]) or ()}))


def _is_class_column(name: str) -> bool:
    return "".join(letter for letter in name.casefold() if letter.isalnum()) in _CLASS_NAMES


def _is_finding(name: str) -> bool:
    try:
        finding(name)
    except DataError:
        return False
    return True
