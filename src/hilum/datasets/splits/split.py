"""Splits by patient: seeded, stratified, hashed, and asserted disjoint.

Patients that share a byte-identical image travel together, so that no copy stands on both sides; so do those whose
names differ in nothing but case (`P1`, `p1`). However a split was made, it refuses a held-out image outside its
part `test`, and there too every boxed image of ChestX-ray14.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.records.union_find import UnionFind
from hilum.errors import DataError

TEST = "test"
"""The part of a split on which nothing is ever fitted: what releases hold out goes here."""

BOXED_IN_TEST_ALONE = ("nih",)
"""Releases all of whose boxed images lie in the official test set (traps list, 18)."""


@dataclass(frozen=True, slots=True)
class Split:
    """Named, disjoint parts of a release; `protocol` says in one line how they were made."""

    parts: Mapping[str, tuple[Record, ...]]
    protocol: str

    def __post_init__(self) -> None:
        _assert_once(self.parts)
        _assert_disjoint(self.parts)
        _assert_held_out(self.parts)

    @property
    def sha256(self) -> str:
        """The hash of which image (by name and content) is in which part."""
        listing = {name: sorted((r.source, r.image, r.sha256) for r in part) for name, part in self.parts.items()}
        return hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()


def split_by_patient(
    records: Sequence[Record], *, shares: Mapping[str, float], seed: int
) -> dict[str, tuple[Record, ...]]:
    """Deal whole patient groups to the named parts so that each stratum is shared out as `shares` says.

    `shares` are positive and sum to 1. Groups are shuffled by `seed` and dealt, largest stratum first, to the part
    that lacks most images of the group's stratum.
    """
    if abs(sum(shares.values()) - 1.0) > 1e-9 or min(shares.values()) <= 0:
        raise ValueError(f"Shares must be positive and sum to 1, not {dict(shares)}")
    totals: dict[str, int] = defaultdict(int)
    for record in records:
        totals[record.stratum] += 1
    lacking = {(part, s): share * totals[s] for part, share in shares.items() for s in totals}
    groups = patient_groups(records)
    order = np.random.default_rng(seed).permutation(len(groups))
    parts: dict[str, list[Record]] = {part: [] for part in shares}
    for index in order:
        group = groups[index]
        part = max(shares, key=lambda p: sum(lacking[p, r.stratum] / totals[r.stratum] for r in group) / shares[p])
        parts[part].extend(group)
        for record in group:
            lacking[part, record.stratum] -= 1
    return {part: tuple(sorted(chosen, key=lambda r: r.image)) for part, chosen in parts.items()}


def patient_groups(records: Sequence[Record]) -> list[list[Record]]:
    """Records joined by patient, and patients joined by byte-identical images; in order of first appearance."""
    together = UnionFind()
    for record in records:
        together.join(record.sha256, record.patient.casefold())
    groups: dict[Hashable, list[Record]] = defaultdict(list)
    for record in records:
        groups[together.root(record.patient.casefold())].append(record)
    return list(groups.values())


def unit_of(records: Sequence[Record]) -> str:
    """What a split of these records keeps together: `patient`, or `image` where nothing tells patients apart."""
    return "patient" if all(record.patient_is_known for record in records) else "image, since no patients are known"


def without_copies_of(records: Sequence[Record], *, held_out: Sequence[Record]) -> tuple[Record, ...]:
    """`records` less every image that stands byte for byte in `held_out`."""
    hashes = {record.sha256 for record in held_out}
    return tuple(record for record in records if record.sha256 not in hashes)


def _assert_once(parts: Mapping[str, tuple[Record, ...]]) -> None:
    for name, part in parts.items():
        seen: set[tuple[str, str]] = set()
        for record in part:
            if (record.source, record.image) in seen:
                raise DataError(f"{record.source} {record.image} is in {name} twice. Keep one of them")
            seen.add((record.source, record.image))


def _assert_disjoint(parts: Mapping[str, tuple[Record, ...]]) -> None:
    for kind in ("patient", "sha256"):
        owner: dict[str, str] = {}
        for name, part in parts.items():
            for record in part:
                key = str(getattr(record, kind)).casefold()
                if owner.setdefault(key, name) != name:
                    raise DataError(
                        f"One {kind} is in both {owner[key]} and {name} ({record.source} {record.image}). Split by "
                        "patient"
                    )


def _assert_held_out(parts: Mapping[str, tuple[Record, ...]]) -> None:
    for name, part in parts.items():
        for record in part if name != TEST else ():
            # a record without labels is a picture for a gate; a paper's own gate deals official parts anew
            official = bool(record.labels) and is_held_out(record)
            boxed = bool(record.boxes) and record.source in BOXED_IN_TEST_ALONE
            if official or boxed:
                what = "a held-out image" if official else "an image with boxes"
                part_said = f" of its part {record.official}" if official and record.official else ""
                raise DataError(
                    f"{record.image} is {what} of {record.source}{part_said}, which belongs into the part {TEST} "
                    f"alone, but it is in {name}. Keep the official test set apart"
                )
