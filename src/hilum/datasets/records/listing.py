"""What a release's own tables promise, whether or not the pictures are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many images, and of how many patients; `patients` is None where nobody says."""

    images: int
    patients: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The images that the tables name, each as `Record.image` is, with their official part ('' where there is none).

    `counts` is by official part. `ages_cleaned` counts rows whose age cannot be one and was thrown away.
    """

    images: Mapping[str, str]
    counts: Mapping[str, Count] = field(default_factory=dict)
    ages_cleaned: int = 0
    boxes: int = 0
    boxed_images: int = 0
