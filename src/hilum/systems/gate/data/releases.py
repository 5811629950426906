"""The releases that a gate learns from, and its view of their records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from hilum.datasets.records.record import Record, type_stratum
from hilum.datasets.releases.table import RELEASES, releases_in
from hilum.errors import DataError

GATE_RELEASES = (
    "kermany", "nih", "general_blockchain", "montgomery_shenzhen", "hannover", "wingspan", "chest_lateral",
    "body_parts", "mura", "lera", "aasce", "panoramic_dental", "imagenet", "other_modality",
)  # fmt: skip
"""Keys of `RELEASES`, in the order in which their records stand."""

CHEST_SOURCES = ("kermany", "nih", "lungs", "lungs_tb", "chest_adult", "wingspan")
"""The sources that hold frontal chests alone, each of them one release."""

LATERAL_SOURCES = ("chest_lateral",)
"""The sources that hold lateral chests alone."""

VIEW_SOURCE = "nih"
"""The source that holds both PA and AP views of adults of one hospital, and says which: those two are judged on it."""

ViewTold = Literal["PA", "AP", "LL", "frontal"]
"""What is known of a chest's view; frontal is PA or AP, nobody says which."""

VIEWS_TOLD: tuple[ViewTold, ...] = get_args(ViewTold)

_SAY_WHICH = frozenset((VIEW_SOURCE, "wingspan", *LATERAL_SOURCES))
"""The sources whose own word for each picture's view is learnt from.

Kermany's children were all taken from the front: AP learnt from them would mean a child.
"""

PARTS: Mapping[str, str] = {"kermany": "train", "nih": "train_val"}
"""The one official part that a gate sees of a release: no classifier's test image is ever learnt from."""


@dataclass(frozen=True, slots=True, eq=False)
class GateData:
    """What a data folder holds: records, and the licence lines of the releases found."""

    records: tuple[Record, ...]
    licences: tuple[str, ...]


def read_gate_data(folder: Path) -> GateData:
    """Every known release that lies in `folder` under its name; those that are absent are left out.

    Raises `DataError` where there is no radiograph or no other picture: a gate cannot be trained on one kind.
    """
    found = releases_in(folder, among=GATE_RELEASES)
    records = tuple(record for name, place in found.items() for record in gate_view(name, RELEASES[name].read(place)))
    if {record.is_xray for record in records} != {True, False}:
        raise DataError(
            f"{folder} needs both radiographs and other images, and one kind is missing. Known folders: "
            f"{', '.join(RELEASES[name].folder or name for name in GATE_RELEASES)}"
        )
    return GateData(records, tuple(licence for name in found if (licence := RELEASES[name].licence)))


def view_told(record: Record) -> ViewTold | None:
    """What a gate learns of the view of a record.

    None for what is no chest, for a chest of a source of many types, and for a view that no gate tells.
    """
    match record.view:
        case "oblique" | "decubitus" | "other":
            return None
        case "PA" | "AP" | "LL" as view if record.source in _SAY_WHICH:
            return view
    return "frontal" if record.source in CHEST_SOURCES else None


def gate_view(name: str, records: Iterable[Record]) -> tuple[Record, ...]:
    """The records of a release as a gate learns from them: no findings, balanced by type.

    A picture of ChestX-ray14 has the name of the file at hand, and no part: the fingerprints of gates say so.
    """
    seen = (replace(r, labels={}, stratum=type_stratum(is_xray=r.is_xray, xray_type=r.xray_type)) for r in records)
    kept = (record for record in seen if name not in PARTS or record.official == PARTS[name])
    return tuple(replace(r, image=r.path.name, official=None) if name == "nih" else r for r in kept)
