"""What a run was made with: versions, machine, and which data, without a path or a name of this machine."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from hilum.datasets.records.record import Record
from hilum.training.recipe.machine import multiplies_bfloat16
from hilum.training.records.card_words import NOTHING_STATED, StatedWords
from hilum.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a card and `run.json` say of how a run came about.

    `data` is what the card of a gate or of what draws lungs cites, one line a data set; a classifier's cites the
    releases of its own split. `stated` is what whoever trains says of the model. `folders` are the folders that each
    release was read from.
    """

    command: str
    commit: str | None
    data: tuple[str, ...] = ()
    dirty: bool | None = None
    stated: StatedWords = NOTHING_STATED
    folders: Mapping[str, Sequence[Path]] = field(default_factory=dict)


_PACKAGES = ("torch", "torchvision", "lightning", "timm", "numpy", "pillow", "onnx", "onnxruntime")


def environment() -> dict[str, str | int]:
    """Versions of hilum, Python and the libraries that numbers depend on; cores, threads, accelerators, bfloat16."""
    versions = {package: importlib.metadata.version(package) for package in _PACKAGES}
    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "hilum": __version__,
        "python": platform.python_version(),
        **versions,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 0,
        "threads": torch.get_num_threads(),
        "accelerators": ", ".join(devices) or "none",
        "bfloat16": "yes" if multiplies_bfloat16() else "no, float32 in its place",
    }


def data_fingerprints(
    records: Mapping[str, Sequence[Record]], *, folders: Mapping[str, Sequence[Path]]
) -> list[dict[str, str | int]]:
    """For every release: its folders' names, how many records, and the SHA-256 over them and their files' hashes."""
    return [
        {
            "source": name,
            "folder": ", ".join(folder.resolve().name for folder in folders.get(name, ())),
            "n": len(found),
            "sha256": records_sha256(found),
        }
        for name, found in records.items()
    ]


def records_sha256(records: Sequence[Record]) -> str:
    """The hash of the records: image, patient, file hash, official part and labels, in order of source and image."""
    rows = [
        [r.source, r.image, r.patient, r.sha256, r.official, [[name, repr(v)] for name, v in sorted(r.labels.items())]]
        for r in sorted(records, key=lambda r: (r.source, r.image, r.sha256))
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
