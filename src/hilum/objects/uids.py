"""UIDs that follow from what an object is made of, so that the same reading has the same objects for ever."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from hilum.objects.library import highdicom
from hilum.reading_result import Reading
from hilum.report.reading_json import stated_to_json

LAYOUT = "hilum objects/1"
"""Raised whenever the bytes of an object change for the same reading: an archive must never meet two under one UID."""


def derived_uid(*parts: str) -> str:
    """`2.25.` and the UUID (version 8) of the first 128 bits of the SHA-256 of `parts` (PS3.5 B.2, RFC 9562 5.8)."""
    number = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:16], "big")
    number = number & ~(0xF << 76) | 8 << 76
    return f"2.25.{number & ~(0b11 << 62) | 0b10 << 62}"


def models_sha256(reading: Reading) -> str:
    """One SHA-256 over the hashes of all bundles that read."""
    told = "\n".join(f"{model.name} {model.version} {model.sha256}" for model in reading.models)
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Uids:
    """The UIDs of what is made of one reading of one image.

    They depend on the image's SOP Instance UID and bytes, the bundles' hashes, the settings (with hilum's version),
    what the user stated, and highdicom's version; on nothing that differs between two runs.
    """

    parts: tuple[str, ...]

    @staticmethod
    def of(reading: Reading, *, instance_uid: str) -> Uids:
        """Those of a reading of the image with this SOP Instance UID."""
        stated = json.dumps(stated_to_json(reading.stated), sort_keys=True)
        made_with = f"highdicom {highdicom.__version__}"
        return Uids(
            (
                LAYOUT,
                instance_uid,
                reading.source.sha256,
                models_sha256(reading),
                reading.settings_sha256,
                stated,
                made_with,
            )
        )

    def uid(self, *names: str) -> str:
        """The UID of what `names` name, such as `("sr", "instance")`."""
        return derived_uid(*self.parts, *names)
