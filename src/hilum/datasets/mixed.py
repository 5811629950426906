"""Several releases as one set of records: NaN where one does not speak of a label, and no picture twice.

A picture that stands in two releases (the same bytes) is kept once: where it is an official test image, else in the
release that was named first. Its patients are then one person, so all their images get one patient's name and no split
can part them; images of someone who stands in an official test set of another release are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hilum.datasets.duplicates import copies_across_releases
from hilum.datasets.held_out import is_held_out
from hilum.datasets.record import Record
from hilum.datasets.split import patient_groups

LeftOutReason = Literal["the same picture stands elsewhere in the data", "its patient stands in a held-out test set"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An image that is not used; `why` says more of the reason in one line, without a path of this machine."""

    record: Record
    reason: LeftOutReason
    why: str


_TWICE: LeftOutReason = "the same picture stands elsewhere in the data"
_TEST_PATIENT: LeftOutReason = "its patient stands in a held-out test set"


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedReleases:
    """Every record speaks of the same labels; `left_out` tells what was dropped."""

    records: tuple[Record, ...]
    left_out: tuple[LeftOut, ...]


def mix_releases(records: Sequence[Record], *, test: Sequence[str] = ()) -> MixedReleases:
    """Mix records of one or several releases, in the order in which they are preferred.

    `test` names official parts that are held out beside those that the releases hold out. A release's own
    byte-identical copies stay, and travel together in every split; of two files of one name in one release (at two
    sizes, say) the first stays.
    """
    left_out: list[LeftOut] = []
    once = _each_name_once(records, left_out=left_out)
    twice = _copies(once, test=test)
    left_out += twice
    dropped = {id(one.record) for one in twice}
    people = _one_name_a_person(once)
    kept = [replace(r, patient=people.get(r.patient, r.patient)) for r in once if id(r) not in dropped]
    kept = _without_test_people(kept, people=set(people.values()), test=test, left_out=left_out)
    return MixedReleases(records=_same_labels(kept), left_out=tuple(left_out))


def _each_name_once(records: Sequence[Record], *, left_out: list[LeftOut]) -> list[Record]:
    first: dict[tuple[str, str], Record] = {}
    for record in records:
        kept = first.setdefault((record.source, record.image), record)
        if kept is not record:
            why = f"{kept.path.parent.name}/{kept.path.name} is the same image of {record.source}"
            left_out.append(LeftOut(record=record, reason=_TWICE, why=why))
    return list(first.values())


def _copies(records: Sequence[Record], *, test: Sequence[str]) -> list[LeftOut]:
    left_out = []
    for group in copies_across_releases(records):
        kept = next((record for record in group if _is_out(record, test=test)), group[0])
        left_out += [
            LeftOut(record=record, reason=_TWICE, why=f"{kept.source} {kept.image} is the same file")
            for record in group
            if record.source != kept.source
        ]
    return left_out


def _is_out(record: Record, *, test: Sequence[str]) -> bool:
    return is_held_out(record) or record.official in test


def _one_name_a_person(records: Sequence[Record]) -> dict[str, str]:
    """The name that each patient who stands in several releases gets; others are not named."""
    linked = {record.patient for group in copies_across_releases(records) for record in group}
    names: dict[str, str] = {}
    for group in patient_groups([record for record in records if record.patient in linked]):
        if len({record.source for record in group}) > 1:
            names |= dict.fromkeys((record.patient for record in group), group[0].patient)
    return names


def _without_test_people(
    records: Sequence[Record], *, people: set[str], test: Sequence[str], left_out: list[LeftOut]
) -> list[Record]:
    held_out = {record.patient: record.source for record in records if _is_out(record, test=test)}
    kept = []
    for record in records:
        source = held_out.get(record.patient)
        if record.patient in people and source is not None and not _is_out(record, test=test):
            why = f"the patient stands in the official test set of {source}"
            left_out.append(LeftOut(record=record, reason=_TEST_PATIENT, why=why))
        else:
            kept.append(record)
    return kept


def _same_labels(records: Sequence[Record]) -> tuple[Record, ...]:
    names = dict.fromkeys(name for record in records for name in record.labels)
    return tuple(replace(record, labels=dict.fromkeys(names, math.nan) | dict(record.labels)) for record in records)
