"""The key of a cache of prepared images: the steps before normalisation, and everything that can change a pixel.

That is hilum's own imaging code, the libraries that decode and resize, the machine and the way numbers are stored. A
change of any of them starts another cache; an old one is never read by mistake.
"""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from hilum import imaging
from hilum.datasets.records.record import Record
from hilum.imaging.preprocess import PreprocessSpec

LAYOUT = 1
"""Counts the changes of how a cache is laid out on disk."""

LIBRARIES = ("imagecodecs", "numpy", "pillow", "pydicom")


def cache_key(spec: PreprocessSpec) -> str:
    """32 hexadecimal digits; mean, std and channels do not count, since normalisation comes after the cache."""
    known = {
        "layout": LAYOUT,
        "steps": [step.model_dump(mode="json") for step in spec.steps],
        "libraries": {name: version(name) for name in LIBRARIES},
        "imaging": imaging_sha256(),
        "machine": [platform.system(), platform.machine()],
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:32]


def image_key(record: Record, *, spec: PreprocessSpec) -> str:
    """What a record's prepared image is found by: its file's SHA-256, and its lung box where `spec` cuts to that."""
    if not spec.needs_lungs:
        return record.sha256
    box = "whole" if record.lung_box is None else " ".join(map(repr, record.lung_box.as_list()))
    return f"{record.sha256} {box}"


@cache
def imaging_sha256() -> str:
    """The hash of the source of `hilum.imaging`, which decodes and prepares."""
    digest = hashlib.sha256()
    room = Path(str(imaging.__file__)).parent
    for path in sorted(room.rglob("*.py")):
        digest.update(path.relative_to(room).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
