"""The same picture twice: the same bytes, the same picture in another file, and the known subsets of ChestX-ray14.

RSNA's pneumonia challenge (2018) and NIH-Google (Majkowska et al. 2020) took their pictures from ChestX-ray14 (traps
list, 14): a model that saw those has seen these. Their files are converted, so hashes differ and stems must tell:
NIH-Google keeps `Image Index`; RSNA's own names stand beside the originals in its mapping
(`pneumonia-challenge-dataset-mappings_2018.json`: `subset_img_id`, `img_id`). Not tried on the real mapping.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from hilum.datasets.records.image_hashes import picture_hashes
from hilum.datasets.records.record import Record
from hilum.datasets.records.union_find import UnionFind
from hilum.errors import DataError
from hilum.imaging.perceptual_hash import NEAR_BITS, nearest

_CHESTXRAY14 = re.compile(r"\d{8}_\d{3}")


def copies(records: Iterable[Record]) -> tuple[tuple[Record, ...], ...]:
    """Groups of two and more byte-identical files, within and across releases, in order of first appearance."""
    by_hash: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_hash[record.sha256].append(record)
    return tuple(tuple(group) for group in by_hash.values() if len(group) > 1)


def same_pictures(
    records: Sequence[Record], *, mapping: Mapping[str, str] | None = None, jobs: int = 1
) -> tuple[tuple[Record, ...], ...]:
    """Groups of records of several releases that show one picture, in order of first appearance.

    They are byte-identical, are one image of ChestX-ray14 by name (or by `mapping`, RSNA's), or have perceptual hashes
    within `NEAR_BITS`: a copy that was converted, resized or saved again. Every picture is decoded once, `jobs` at the
    same time; records of one release alone are not looked at.
    """
    if len({record.source for record in records}) < 2:
        return ()
    joined = UnionFind()
    for row, record in enumerate(records):
        joined.join(row, ("file", record.sha256))
        stem = chestxray14_stem(record, mapping=mapping)
        if stem is not None:
            joined.join(row, ("ChestX-ray14", stem))
    for row, other in _near(records, jobs=jobs):
        joined.join(row, other)
    groups: dict[Hashable, list[Record]] = defaultdict(list)
    for row, record in enumerate(records):
        groups[joined.root(row)].append(record)
    return tuple(tuple(group) for group in groups.values() if len({record.source for record in group}) > 1)


def _near(records: Sequence[Record], *, jobs: int) -> Iterator[tuple[int, int]]:
    """For each record with a like picture in a release that comes before its own, both their rows."""
    prints = picture_hashes(records, jobs=jobs)
    rows: dict[str, list[int]] = defaultdict(list)
    for row, record in enumerate(records):
        rows[record.source].append(row)
    before: list[int] = []
    for own in rows.values():
        if before:
            found, bits = nearest(prints[own], among=prints[before])
            yield from ((own[i], before[found[i]]) for i in np.flatnonzero(bits <= NEAR_BITS))
        before += own


def read_rsna_mapping(path: Path) -> dict[str, str]:
    """RSNA's name of each picture -> its ChestX-ray14 stem. Raises `DataError` where the file is no such mapping."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {str(row["subset_img_id"]): PurePosixPath(row["img_id"]).stem for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is not RSNA's mapping to ChestX-ray14 ({type(error).__name__}: {error}). Fetch it again"
        ) from error


def chestxray14_stem(record: Record, *, mapping: Mapping[str, str] | None = None) -> str | None:
    """The stem that a picture has in ChestX-ray14 (`00000013_005`), by its name or by a mapping; None where neither."""
    stem = PurePosixPath(record.image).stem
    stem = (mapping or {}).get(stem, stem)
    return stem if _CHESTXRAY14.fullmatch(stem) else None
