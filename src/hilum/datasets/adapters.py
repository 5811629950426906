"""The releases that hilum reads, by the name that `--data NAME=FOLDER` uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hilum.datasets.kermany import read_kermany
from hilum.datasets.record import Record

Adapter = Callable[[Path], tuple[Record, ...]]

ADAPTERS: Mapping[str, Adapter] = {"kermany": read_kermany}
