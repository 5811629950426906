"""Slices and pictures of other modalities, a folder each: `ct_chest/`, `mri_brain/`, `us_breast/`.

Names are running numbers and carry no patient; neighbours may be slices of one patient, so each ten neighbours are
one group.
"""

from __future__ import annotations

from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record
from hilum.errors import DataError

LICENCE = "CT, MR and ultrasound pictures of public sets, research use"
NEIGHBOURS = 10


def read_other_modality(folder: Path) -> tuple[Record, ...]:
    """Every picture of every modality; the source is the modality's folder."""
    modalities = sorted(child for child in folder.glob("*") if child.is_dir())
    if not modalities:
        raise DataError(f"{folder} holds no folders. Give the folder that has one for each modality")
    return tuple(
        typed_record(
            path,
            image=f"{modality.name}/{path.name}",
            group=str(index // NEIGHBOURS),
            source=modality.name,
            is_xray=False,
        )
        for modality in modalities
        for index, path in enumerate(image_files(modality, release=modality.name))
    )
