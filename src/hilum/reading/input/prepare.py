"""From a source to what the networks take: read, decode, preprocess. It runs in worker threads and needs no model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hilum.errors import HilumError, InternalError, LimitError
from hilum.geometry import Box
from hilum.imaging.in_memory import ValueRange
from hilum.imaging.pixels.limits import Limits
from hilum.imaging.preprocess import CropLungs, Equalise, ModelInput, PreprocessSpec, Step, StretchGreys, preprocess
from hilum.profile import NOT_TIMED, Timer
from hilum.radiograph import Radiograph, TrailStep
from hilum.reading.input.sources import ImageSource, decode_source, source_bytes
from hilum.stated import NOTHING_STATED, Stated

READ_FILE = "read file"
"""The part of a profile that every source begins with."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A decoded radiograph with its model inputs by specification, and what the user says; times in milliseconds."""

    radiograph: Radiograph
    inputs: Mapping[PreprocessSpec, ModelInput]
    decode_ms: float
    preprocess_ms: float
    stated: Stated = NOTHING_STATED

    def negative(self) -> Prepared:
        """The same in the other polarity, with a step in the trail that says so."""
        started = time.perf_counter()
        step = TrailStep(
            "invert", "the picture looks inverted: its greys were reversed before it was read, as you asked"
        )
        radiograph = replace(self.radiograph, pixels=1 - self.radiograph.pixels, trail=(*self.radiograph.trail, step))
        inputs = {spec: preprocess(radiograph.pixels, spec=spec) for spec in self.inputs}
        spent_ms = (time.perf_counter() - started) * 1e3
        return replace(self, radiograph=radiograph, inputs=inputs, preprocess_ms=self.preprocess_ms + spent_ms)

    @property
    def nbytes(self) -> int:
        """How much memory the pixels and inputs take."""
        return self.radiograph.pixels.nbytes + sum(each.array.nbytes for each in self.inputs.values())


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A source that could not be prepared: its name, the SHA-256 of its bytes where they could be read, the error.

    `frame` is the one that was asked for, from 1, or None.
    """

    name: str
    sha256: str | None
    error: HilumError
    frame: int | None = None

    @property
    def nbytes(self) -> int:
        """Nothing is held."""
        return 0


def prepare(
    source: ImageSource,
    *,
    name: str,
    frame: int | None,
    limits: Limits,
    specs: Sequence[PreprocessSpec],
    stated: Stated = NOTHING_STATED,
    oldest_years: float | None = None,
    value_range: ValueRange | None = None,
    timer: Timer = NOT_TIMED,
) -> Prepared | Unreadable:
    """Read, decode and preprocess one source; a file that hilum refuses comes back as `Unreadable`.

    An age in the file above `oldest_years` is known to nothing that follows: it is that age there.
    """
    sha256 = None
    try:
        started = time.perf_counter()
        with timer.part(READ_FILE):
            data = source_bytes(source, name=name, limits=limits)
        with timer.part("hash"):
            sha256 = None if data is None else hashlib.sha256(data).hexdigest()
        with timer.part("decode"):
            radiograph = decode_source(
                source if data is None else data, name=name, frame=frame, limits=limits, value_range=value_range
            )
            radiograph = radiograph.with_age_at_most(oldest_years)
        decoded = time.perf_counter()
        with timer.part("prepare"):
            inputs = {spec: preprocess(radiograph.pixels, spec=spec) for spec in specs}
        done = time.perf_counter()
        return Prepared(radiograph, inputs, (decoded - started) * 1e3, (done - decoded) * 1e3, stated)
    except HilumError as error:
        return Unreadable(name, sha256, error, frame)
    except MemoryError:
        message = f"{name} needs more memory than there is. Lower the limit on pixels or read fewer files at once"
        return Unreadable(name, sha256, LimitError(message), frame)
    except Exception as error:  # noqa: BLE001 - a defect met in one file must not lose the folder; it is reported whole
        defect = InternalError(f"{name} met a defect of hilum ({type(error).__name__}: {error}); please report it")
        defect.__cause__ = error
        return Unreadable(name, sha256, defect, frame)


def preprocess_step(model: str, *, spec: PreprocessSpec, crop: Box | None = None) -> TrailStep:
    """The trail's line on what one model's preprocessing did; `crop` is what a crop to the lungs kept."""
    steps = [_in_words(step, crop=crop) for step in spec.steps]
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (spec.mean, spec.std))
    return TrailStep("preprocess", f"{model}: {'; '.join([*steps, f'normalise (mean {mean}; std {std})'])}")


def _in_words(step: Step, *, crop: Box | None) -> str:
    if isinstance(step, CropLungs):
        if crop is None:
            return "not cropped, since there is no drawing of the lungs to rely on"
        return f"crop to the lungs ({crop.width:g} x {crop.height:g} pixels from column {crop.x:g}, row {crop.y:g})"
    if isinstance(step, Equalise):
        return f"equalise ({step.levels} levels)"
    if isinstance(step, StretchGreys):
        return f"stretch the greys (percentiles {step.low:g} to {step.high:g})"
    zoom = "" if step.zoom == 1.0 else f" zoomed {step.zoom:.3g} times"
    return f"resize to {step.height}x{step.width} ({step.rule}{zoom}, {step.filter})"
