"""How the pictures are dealt: a cap a source, groups that are drawn evenly, and folds that leave sources out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.typed.body_parts import BULK_SOURCES, MIXED_SOURCES
from hilum.datasets.typed.chest_lateral import FRONTAL_IN_GENERAL_BLOCKCHAIN
from hilum.systems.gate.data.releases import CHEST_SOURCES, LATERAL_SOURCES, VIEW_SOURCE
from hilum.systems.gate.pictures import GatePicture

FOLDS = 5


def capped(records: Sequence[Record], *, caps: Mapping[str, int], seed: int) -> tuple[Record, ...]:
    """At most `caps[source]` records of each source, whole groups dealt at random; sources without a cap stay whole.

    One picture a group is taken first, so that a cap buys as many patients as it can.
    """
    rng = np.random.default_rng(seed)
    by_source: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_source[record.source].append(record)
    kept: list[Record] = []
    for source, members in sorted(by_source.items()):
        shuffled = [members[i] for i in rng.permutation(len(members))]
        seen: dict[str, int] = defaultdict(int)
        ranked: list[tuple[int, int, Record]] = []
        for record in shuffled:
            ranked.append((seen[record.patient], len(ranked), record))
            seen[record.patient] += 1
        ranked.sort(key=lambda item: item[:2])
        kept.extend(record for _, _, record in ranked[: caps.get(source, len(ranked))])
    return tuple(kept)


def patients_left_over(records: Sequence[Record], *, used: Sequence[Record]) -> tuple[Record, ...]:
    """The records of the source that tells PA from AP, of patients of whom no picture is `used`."""
    seen = {record.patient for record in used}
    return tuple(record for record in records if record.source == VIEW_SOURCE and record.patient not in seen)


def groups_to_draw(pictures: Sequence[GatePicture]) -> dict[str, list[int]]:
    """Indices by group: `types: hand`, `bulk: scol`, `chest: lungs`, `lateral`, `none`, `modality: us_breast`, ..."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, picture in enumerate(pictures):
        groups[group_of(picture)].append(index)
    return dict(groups)


def shares_of_groups(groups: Mapping[str, Sequence[int]], *, shares: Mapping[str, float]) -> dict[str, float]:
    """The share of each group: `shares` by the name before the colon, divided within it by the root of the sizes."""
    kinds: dict[str, dict[str, float]] = defaultdict(dict)
    for name, members in groups.items():
        kinds[name.partition(":")[0]][name] = float(len(members)) ** 0.5
    return {
        name: shares[kind] * weight / sum(weights.values())
        for kind, weights in kinds.items()
        for name, weight in weights.items()
    }


def fold_of_groups(names: Sequence[str], *, strata: Sequence[str], folds: int, seed: int) -> dict[str, int]:
    """A fold for each group name: within each stratum, groups are shuffled and dealt in turn."""
    rng = np.random.default_rng(seed)
    by_stratum: dict[str, list[str]] = defaultdict(list)
    for name, stratum in sorted(set(zip(names, strata, strict=True))):
        by_stratum[stratum].append(name)
    fold: dict[str, int] = {}
    start = 0
    for _, members in sorted(by_stratum.items()):
        for position, index in enumerate(rng.permutation(len(members))):
            fold.setdefault(members[index], (start + position) % folds)
        start += len(members)
    return fold


def gate_folds(pictures: Sequence[GatePicture], *, seed: int) -> list[int]:
    """The fold that holds each picture out, of `FOLDS`.

    Groups (patients, WordNet ids, neighbours) of the mixed sources, jaws, photographs and other modalities are dealt
    by group; whole sources of frontal chests and of bulk radiographs are dealt in turn. Lateral chests of a patient
    whose frontal view another source holds are held out with that source, the others are dealt over the other folds.
    """
    whole = {source: index % FOLDS for sources in (CHEST_SOURCES, BULK_SOURCES) for index, source in enumerate(sources)}
    laterals = _lateral_folds(pictures, taken=whole[_FRONTAL_SOURCE], seed=seed)
    dealt = [p for p in pictures if p.source not in (*whole, *LATERAL_SOURCES)]
    fold = fold_of_groups(
        [p.group for p in dealt],
        strata=[f"{p.source}:{p.xray_type}" if p.is_xray else p.source for p in dealt],
        folds=FOLDS,
        seed=seed,
    )
    return [whole.get(p.source, (fold | laterals).get(p.group, 0)) for p in pictures]


_FRONTAL_SOURCE = "lungs"
"""The source with the frontal views of `FRONTAL_IN_GENERAL_BLOCKCHAIN`."""


def _lateral_folds(pictures: Sequence[GatePicture], *, taken: int, seed: int) -> dict[str, int]:
    """The fold of each patient of lateral chests; `taken` is that of the source with the frontal views of some."""
    patients = sorted({p.group for p in pictures if p.source in LATERAL_SOURCES})
    own = [name for name in patients if name not in FRONTAL_IN_GENERAL_BLOCKCHAIN]
    others = [fold for fold in range(FOLDS) if fold != taken]
    dealt = fold_of_groups(own, strata=[""] * len(own), folds=len(others), seed=seed)
    return {name: others[dealt[name]] if name in dealt else taken for name in patients}


def group_of(picture: GatePicture) -> str:
    """The group that a picture is drawn with."""
    if not picture.is_xray:
        if picture.source.startswith("rendering: "):
            return picture.source  # its family is in the name
        return "photos" if picture.source == "photos" else f"modality: {picture.source}"
    if picture.xray_type is None:
        return "none"
    if picture.view == "LL":
        return "lateral"
    if picture.xray_type == "chest":
        apart = f" {picture.view}" if picture.source == VIEW_SOURCE else ""  # so that both views are drawn alike
        return f"chest: {picture.source}{apart}"
    return f"types: {picture.xray_type}" if picture.source in (*MIXED_SOURCES, "dental") else f"bulk: {picture.source}"
