"""Several releases as one set of records: NaN where one does not speak of a label, and no picture twice.

A picture that stands in two releases (the same bytes, or the same picture saved again) is kept once: where it is held
out, else in the release that was named first. Its patients are then one person, so all their images get one patient's
name and no split can part them; images of someone whom another release holds out are left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.records.union_find import UnionFind
from hilum.datasets.splits.duplicates import chestxray14_stem, same_pictures

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


def mix_releases(records: Sequence[Record], *, rsna: Mapping[str, str] | None = None, jobs: int = 1) -> MixedReleases:
    """Mix records of one or several releases, in the order in which they are preferred.

    A release's own byte-identical copies stay, and travel together in every split; of two files of one name in one
    release (at two sizes, say) the first stays. `rsna` gives the names of ChestX-ray14 to those of RSNA's challenge.
    Where there are several releases every picture is decoded once, `jobs` at the same time.
    """
    left_out: list[LeftOut] = []
    once = _each_name_once(records, left_out=left_out)
    groups = same_pictures(once, mapping=rsna, jobs=jobs)
    twice = _copies(groups)
    left_out += twice
    dropped = {id(one.record) for one in twice}
    people = _one_name_a_person(once, groups=groups, rsna=rsna)
    kept = [replace(r, patient=people.get(r.patient, r.patient)) for r in once if id(r) not in dropped]
    kept = _without_test_people(kept, people=set(people.values()), left_out=left_out)
    return MixedReleases(records=_same_labels(kept), left_out=tuple(left_out))


def _each_name_once(records: Sequence[Record], *, left_out: list[LeftOut]) -> list[Record]:
    first: dict[tuple[str, str], Record] = {}
    for record in records:
        kept = first.setdefault((record.source, record.image), record)
        if kept is not record:
            why = f"{kept.path.parent.name}/{kept.path.name} is the same image of {record.source}"
            left_out.append(LeftOut(record=record, reason=_TWICE, why=why))
    return list(first.values())


def _copies(groups: Sequence[tuple[Record, ...]]) -> list[LeftOut]:
    left_out = []
    for group in groups:
        kept = next((record for record in group if is_held_out(record)), group[0])
        left_out += [
            LeftOut(record=record, reason=_TWICE, why=f"{kept.source} {kept.image} is the same {_what(record, kept)}")
            for record in group
            if record.source != kept.source
        ]
    return left_out


def _what(one: Record, other: Record) -> str:
    return "file" if one.sha256 == other.sha256 else "picture"


def _one_name_a_person(
    records: Sequence[Record], *, groups: Sequence[tuple[Record, ...]], rsna: Mapping[str, str] | None
) -> dict[str, str]:
    """The name that each patient who stands in several releases gets; others are not named.

    One picture has one patient, and so have the images of one patient of ChestX-ray14, under whatever release.
    """
    joined = UnionFind()
    for group in groups:
        for record in group[1:]:
            joined.join(group[0].patient, record.patient)
    if groups or len({record.source for record in records}) > 1:
        for record in records:
            joined.join(record.patient, ("file", record.sha256))
            stem = chestxray14_stem(record, mapping=rsna)
            if stem is not None:
                joined.join(record.patient, ("ChestX-ray14", stem.partition("_")[0]))
    sources: dict[Hashable, set[str]] = defaultdict(set)
    first: dict[Hashable, str] = {}
    for record in records:
        person = joined.root(record.patient)
        sources[person].add(record.source)
        first.setdefault(person, record.patient)
    people = {record.patient: joined.root(record.patient) for record in records}
    return {patient: first[person] for patient, person in people.items() if len(sources[person]) > 1}


def _without_test_people(records: Sequence[Record], *, people: set[str], left_out: list[LeftOut]) -> list[Record]:
    held_out = {record.patient: record.source for record in records if is_held_out(record)}
    kept = []
    for record in records:
        source = held_out.get(record.patient)
        if record.patient in people and source is not None and not is_held_out(record):
            why = f"the patient stands in the official test set of {source}"
            left_out.append(LeftOut(record=record, reason=_TEST_PATIENT, why=why))
        else:
            kept.append(record)
    return kept


def _same_labels(records: Sequence[Record]) -> tuple[Record, ...]:
    names = dict.fromkeys(name for record in records for name in record.labels)
    return tuple(replace(record, labels=dict.fromkeys(names, math.nan) | dict(record.labels)) for record in records)
