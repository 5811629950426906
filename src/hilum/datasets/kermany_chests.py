"""Kermany et al. 2018 as frontal chests for a gate: the official train folder alone, without its labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hilum.datasets.kermany import read_kermany
from hilum.datasets.record import Record


def read_kermany_chests(folder: Path) -> tuple[Record, ...]:
    """The training children of the release in `folder` (the one that holds `train` and `test`)."""
    return tuple(
        replace(record, labels={}, stratum="chest", is_xray=True, xray_type="chest")
        for record in read_kermany(folder)
        if record.official == "train"
    )
