"""Finds the lungs of a chest: masks of each side in native pixels, the box to crop, and whether to trust them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.load import Bundle
from hilum.bundle.lung_spec import LUNG_OUTPUTS
from hilum.errors import BundleError, EngineError
from hilum.explain.place import place
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import ModelInput, PreprocessSpec, preprocess
from hilum.radiograph import Radiograph
from hilum.reading.engine import INPUT, LOGITS, Engine
from hilum.reading.lung_passes import PASSES, probabilities, quality_inputs
from hilum.reading.lung_quality import is_trusted, quality_facts, quality_score
from hilum.reading.lung_regions import LungFlag, LungRegions, lung_regions
from hilum.reading.network import GRAPH
from hilum.reading_result import ModelRef

Mask = npt.NDArray[np.bool_]
TINY_PX = 32
"""Below this shorter side a picture is no chest that anybody can outline; it is not trusted."""

ADULT_FROM_YEARS = 18
NEVER_TRUSTED: frozenset[LungFlag] = frozenset({"no lung", "tiny image", "lateral view"})


@dataclass(frozen=True, slots=True, eq=False)
class Lungs:
    """The lungs of one radiograph, in native pixels; sides are the patient's.

    `right` and `left` are bool (H, W), what the network drew after rule (a) of `lung_regions`, never mirrored, and do
    not overlap. `box` is widened and may rest on a mirrored lung (see `flags`); without a lung it is the whole image.
    `quality` is the expected Dice. `trusted` says whether the box and masks should be used.
    """

    right: Mask
    left: Mask
    box: Box
    quality: float
    trusted: bool
    flags: tuple[LungFlag, ...]
    model: ModelRef

    @property
    def areas_px(self) -> tuple[int, int]:
        """Native pixels of the right and of the left lung."""
        return int(np.count_nonzero(self.right)), int(np.count_nonzero(self.left))


class LungFinder:
    """The lung network of a bundle. Raises `BundleError` where the bundle draws no lungs or its graph does not fit."""

    def __init__(self, bundle: Bundle, *, engine: Engine, threads: int) -> None:
        if bundle.card.lungs is None:
            raise BundleError(f"expected a bundle of kind lungs, came {bundle.card.name} of kind {bundle.card.kind}")
        self._spec, self._preprocess = bundle.card.lungs, bundle.card.preprocess
        self._graph = engine.compile(bundle.read(GRAPH), threads=threads, callers=1)
        self.ref = ModelRef(bundle.card.name, bundle.card.version, bundle.sha256)
        size = self._preprocess.output_size
        wanted = (None, self._preprocess.channels, *(size or (None, None)))
        if size is None or self._graph.input_shape != wanted or LOGITS not in self._graph.outputs:
            raise BundleError(
                f"the graph of {self.ref.name} takes {INPUT} {self._graph.input_shape}, but its card prepares {wanted}"
            )

    @property
    def preprocess(self) -> PreprocessSpec:
        """How the network wants the pixels."""
        return self._preprocess

    def find(self, radiograph: Radiograph, *, prepared: ModelInput | None = None) -> Lungs:
        """The lungs of one radiograph; `prepared` is its input where it was made already.

        Raises `EngineError` where the network gives NaN, infinity or another shape.
        """
        model_input = prepared or preprocess(radiograph.pixels, spec=self._preprocess)
        passes = probabilities(self._logits(model_input.array))
        facts = quality_facts(passes, threshold=self._spec.threshold)
        found, kept = kept_lungs(passes[0], threshold=self._spec.threshold)
        right, left = sides(
            kept,
            geometry=model_input.geometry,
            shape=radiograph.pixels.shape,
            threshold=self._spec.threshold,
        )
        flags = (*found.flags, *_file_flags(radiograph))
        rows, columns = radiograph.pixels.shape
        trusted = is_trusted(facts, rule=self._spec.quality) and not {"no lung", "tiny image", "lateral view"} & set(
            flags
        )
        whole = Box(0.0, 0.0, float(columns), float(rows))
        return Lungs(
            right=right,
            left=left,
            box=model_input.geometry.box(found.box).clipped(width=columns, height=rows) if found.count else whole,
            quality=quality_score(facts, rule=self._spec.quality),
            trusted=trusted,
            flags=flags,
            model=self.ref,
        )

    def _logits(self, array: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        logits = self._graph.run(quality_inputs(array))[LOGITS]
        expected = (PASSES, len(LUNG_OUTPUTS), *array.shape[1:])
        if logits.shape != expected or not np.isfinite(logits).all():
            raise EngineError(f"expected finite logits {expected} from {self.ref.name}, came {logits.shape} or NaN")
        return logits


def kept_lungs(
    probability: npt.NDArray[np.float32], *, threshold: float
) -> tuple[LungRegions, npt.NDArray[np.float32]]:
    """The rules' regions of probabilities (2, h, w), and the same probabilities without the regions that were dropped.

    Pixels of a dropped region get half the threshold: interpolated with neighbours below the threshold, they stay
    below it.
    """
    drawn = probability.max(axis=0) >= threshold
    found = lung_regions(drawn)
    return found, np.where(drawn & ~found.kept, np.float32(threshold / 2), probability)


def sides(
    probability: npt.NDArray[np.float32], *, geometry: Geometry, shape: tuple[int, ...], threshold: float
) -> tuple[Mask, Mask]:
    """Right and left masks bool (H, W) of native `shape` from probabilities (2, h, w) on the network's grid.

    Probabilities are interpolated bilinearly; a pixel is of the side with the larger one.
    """
    rows, columns = shape
    right, left = (place(plane, geometry=geometry, rows=rows, columns=columns) for plane in probability)
    union = np.maximum(right, left) >= threshold
    return union & (right >= left), union & (right < left)


def _file_flags(radiograph: Radiograph) -> tuple[LungFlag, ...]:
    age = None if radiograph.patient is None else radiograph.patient.age_years
    named: tuple[tuple[LungFlag, bool], ...] = (
        ("tiny image", min(radiograph.pixels.shape) < TINY_PX),
        ("lateral view", radiograph.view == "LL"),
        ("child", age is not None and age < ADULT_FROM_YEARS),
    )
    return tuple(flag for flag, there in named if there)
