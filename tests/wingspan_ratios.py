"""The cardiothoracic ratios that Wingspan publishes beside its masks."""

from __future__ import annotations

from pathlib import Path

from hilum.datasets.records.csv_rows import read_rows
from hilum.datasets.releases.wingspan import TABLE


def published_ratios(folder: Path) -> dict[str, float]:
    """The ratio of every image that has one, by `Record.image`."""
    return {row["image"]: float(row["ctr"]) for row in read_rows(folder / TABLE, needed=("image", "ctr")) if row["ctr"]}
