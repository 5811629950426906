"""The same picture twice: byte-identical files by hash, and the known subsets of ChestX-ray14.

RSNA's pneumonia challenge (2018) and NIH-Google (Majkowska et al. 2020) took their pictures from ChestX-ray14 (traps
list, 14): a model that saw those has seen these. Their files are converted, so hashes differ and stems must tell:
NIH-Google keeps `Image Index`; RSNA's own names stand beside the originals in its mapping
(`pneumonia-challenge-dataset-mappings_2018.json`: `subset_img_id`, `img_id`). Not tried on the real mapping.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from hilum.datasets.record import Record
from hilum.errors import DataError

_CHESTXRAY14 = re.compile(r"\d{8}_\d{3}")


def copies(records: Iterable[Record]) -> tuple[tuple[Record, ...], ...]:
    """Groups of two and more byte-identical files, within and across releases, in order of first appearance."""
    by_hash: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_hash[record.sha256].append(record)
    return tuple(tuple(group) for group in by_hash.values() if len(group) > 1)


def copies_across_releases(records: Iterable[Record]) -> tuple[tuple[Record, ...], ...]:
    """The groups of `copies` whose files come from more than one release."""
    return tuple(group for group in copies(records) if len({record.source for record in group}) > 1)


def read_rsna_mapping(path: Path) -> dict[str, str]:
    """RSNA's name of each picture -> its ChestX-ray14 stem. Raises `DataError` where the file is no such mapping."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {str(row["subset_img_id"]): PurePosixPath(row["img_id"]).stem for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"expected RSNA's mapping to ChestX-ray14 in {path}, came {type(error).__name__}: {error}; fetch it again"
        ) from error


def chestxray14_stem(record: Record, *, mapping: dict[str, str] | None = None) -> str | None:
    """The stem that a picture has in ChestX-ray14 (`00000013_005`), by its name or by a mapping; None where neither."""
    stem = PurePosixPath(record.image).stem
    stem = (mapping or {}).get(stem, stem)
    return stem if _CHESTXRAY14.fullmatch(stem) else None


def without_chestxray14(
    records: Sequence[Record], *, seen: Iterable[Record], mapping: dict[str, str] | None = None
) -> tuple[Record, ...]:
    """`records` less every picture of a ChestX-ray14 patient of `seen`: what may be called external."""
    patients = {stem.partition("_")[0] for record in seen if (stem := chestxray14_stem(record)) is not None}

    def is_new(record: Record) -> bool:
        stem = chestxray14_stem(record, mapping=mapping)
        return stem is None or stem.partition("_")[0] not in patients

    return tuple(record for record in records if is_new(record))
