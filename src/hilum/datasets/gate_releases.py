"""Every release that a gate learns from, by the name of its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hilum.datasets import (
    aasce,
    body_parts,
    general_blockchain,
    hannover,
    imagenet,
    kermany,
    lera,
    mura,
    nih_chests,
    other_modality,
    panoramic_dental,
    shenzhen_montgomery,
)
from hilum.datasets.kermany_chests import read_kermany_chests
from hilum.datasets.record import Record
from hilum.errors import DataError


@dataclass(frozen=True, slots=True)
class GateRelease:
    """One release: where it lies below the data folder, its adapter, and its licence with citation."""

    folder: str
    read: Callable[[Path], tuple[Record, ...]]
    licence: str


GATE_RELEASES: Mapping[str, GateRelease] = {
    "kermany": GateRelease("kermany/chest_xray", read_kermany_chests, kermany.LICENCE),
    "nih": GateRelease("nih/images", nih_chests.read_nih_chests, nih_chests.LICENCE),
    "lungs": GateRelease("lungs", general_blockchain.read_general_blockchain, general_blockchain.LICENCE),
    "lungs_tb": GateRelease("lungs_tb", shenzhen_montgomery.read_shenzhen_montgomery, shenzhen_montgomery.LICENCE),
    "chest_adult": GateRelease("chest_adult", hannover.read_hannover, hannover.LICENCE),
    "types": GateRelease("types", body_parts.read_body_parts, body_parts.LICENCE),
    "mura": GateRelease("mura", mura.read_mura_types, mura.LICENCE),
    "lera": GateRelease("lera", lera.read_lera, lera.LICENCE),
    "aasce": GateRelease("aasce", aasce.read_aasce, aasce.LICENCE),
    "panoramic_dental": GateRelease(
        "panoramic_dental", panoramic_dental.read_panoramic_dental, panoramic_dental.LICENCE
    ),
    "photos": GateRelease("photos", imagenet.read_imagenet, imagenet.LICENCE),
    "other_modality": GateRelease("other_modality", other_modality.read_other_modality, other_modality.LICENCE),
}


@dataclass(frozen=True, slots=True, eq=False)
class GateData:
    """What a data folder holds: records, and the licence lines of the releases found."""

    records: tuple[Record, ...]
    licences: tuple[str, ...]


def read_gate_data(folder: Path) -> GateData:
    """Every known release that lies in `folder` under its name; those that are absent are left out.

    Raises `DataError` where there is no radiograph or no other picture: a gate cannot be trained on one kind.
    """
    found = [release for release in GATE_RELEASES.values() if (folder / release.folder).is_dir()]
    records = tuple(record for release in found for record in release.read(folder / release.folder))
    if {record.is_xray for record in records} != {True, False}:
        raise DataError(
            f"expected radiographs and other pictures in {folder}, came one kind or none; known folders: "
            f"{', '.join(release.folder for release in GATE_RELEASES.values())}"
        )
    return GateData(records, tuple(release.licence for release in found))
