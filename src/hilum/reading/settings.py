"""The settings of a `Reader`, and the hash by which a run knows that it goes on with the same ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import get_args

from hilum.errors import UsageError
from hilum.findings import XRAY_TYPES
from hilum.imaging.pixels.limits import Limits
from hilum.reading.engines.engine import EngineName
from hilum.reading.specialists.opinion import HeatmapsWanted
from hilum.reading_result import ModelRef
from hilum.stated import Stated
from hilum.version import __version__

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """How a `Reader` works.

    `limits`: bytes and pixels above which a file is refused before it is decoded.
    `engine`: the inference engine; `openvino` must be installed.
    `threads`: cores that the network uses, or None for all that this process may use.
    `heatmaps`: of positive findings only, of all, or of none; without a heatmap a finding has no boxes.
    `occlusion`: make heatmaps by occlusion where a card asks for them, by many passes of the network a picture; without
    it such a model has no heatmaps and no boxes.
    `force_type`: the X-ray type that every picture is read as, whatever the gate says, or None; the reading is marked.
    `read_inverted`: read the other polarity of a chest that the gate finds inverted, and say so.
    `lungs`: draw the lungs of every chest, where a model among those in use does.
    `oldest_years`: a higher age, of the file or stated, is read and told as this one wherever a reading tells an age;
    None leaves ages as they are.
    `batch_size`: images that the network gets at once when there are many.
    `memory_bytes`: about how many bytes of decoded pixels wait for the network when there are many (at least one image
    for each decoding thread).

    Raises `UsageError` for a value outside its range.
    """

    limits: Limits = field(default_factory=Limits)
    engine: EngineName = "onnxruntime"
    threads: int | None = None
    heatmaps: HeatmapsWanted = "positive"
    occlusion: bool = True
    force_type: str | None = None
    read_inverted: bool = False
    lungs: bool = True
    oldest_years: float | None = None
    batch_size: int = 16
    memory_bytes: int = 512 * MIB

    def __post_init__(self) -> None:
        if self.engine not in get_args(EngineName):
            raise UsageError(f"Unknown engine {self.engine!r}. Use one of: {', '.join(get_args(EngineName))}")
        if self.heatmaps not in get_args(HeatmapsWanted):
            raise UsageError(f"heatmaps must be positive, all or none, not {self.heatmaps!r}")
        if self.force_type is not None and self.force_type not in XRAY_TYPES:
            raise UsageError(f"Unknown type of X-ray {self.force_type!r}. Use one of: {', '.join(XRAY_TYPES)}")
        for name, value in (
            ("oldest_years", self.oldest_years),
            ("threads", self.threads),
            ("batch_size", self.batch_size),
            ("memory_bytes", self.memory_bytes),
        ):
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")

    def as_read(self, stated: Stated) -> Stated:
        """What is said of a picture, as a reading with these settings uses and tells it."""
        return stated.over(Stated(xray_type=self.force_type)).with_age_at_most(self.oldest_years)


def settings_sha256(
    settings: ReaderSettings, *, models: Sequence[ModelRef], by_occlusion: bool = False, version: str = __version__
) -> str:
    """A SHA-256 over what decides a reading: limits, engine, heatmaps, the models' hashes and hilum's version.

    How fast it is read (threads, batches, memory) is left out: it changes no result. `by_occlusion` says whether any of
    the models has its heatmaps by occlusion; the setting of that name decides nothing of others. Without `lungs` a
    model that brings its own reads otherwise, though the models are the same.
    """
    decisive: dict[str, object] = {
        "hilum": version,
        "limits": asdict(settings.limits),
        "engine": settings.engine,
        "heatmaps": settings.heatmaps,
        "force_type": settings.force_type,
        "read_inverted": settings.read_inverted,
        "models": sorted(model.sha256 for model in models),
    }
    if by_occlusion:
        decisive["occlusion"] = settings.occlusion
    if not settings.lungs:
        decisive["lungs"] = False
    if settings.oldest_years is not None:
        decisive["oldest_years"] = settings.oldest_years
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
