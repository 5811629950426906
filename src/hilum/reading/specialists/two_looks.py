"""The kind of specialist that looks twice: at the whole picture, and at the part of it that the first look attends to.

Both looks and what is known of the patient are read together; what each look alone says stands beside it, by its own
calibration and operating points, and changes no decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from hilum.bundle.fusion_spec import CROP_LOGITS, CROP_MAPS, LOGITS, WHOLE_LOGITS, WHOLE_MAPS
from hilum.bundle.load import Bundle, wrong_kind
from hilum.bundle.two_looks_spec import ABOUT, BOXES, NOTHING_TOLD, TOLD, TOLD_OF, TwoLooksSpec, about_patient
from hilum.explain.fused_map import cells_of, fused_grid
from hilum.geometry import Box, Geometry
from hilum.radiograph import Radiograph, TrailStep
from hilum.reading.engines.checked_graph import MAP, CheckedGraph, input_shape
from hilum.reading.engines.engine import INPUT, Engine
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.specialists.one_pass import Outputs, each_of, inputs_of, one_pass
from hilum.reading.specialists.opinion import Case, Computed, HeatmapsWanted, Look, Opinion, form_opinion
from hilum.reading_result import Heatmap, ModelRef

_LOGITS = (LOGITS, WHOLE_LOGITS, CROP_LOGITS)
_MAPS = (WHOLE_MAPS, CROP_MAPS)
_WHOLE_PICTURE, _CROP = "whole picture", "crop"


class TwoLooks:
    """A bundle of kind two-looks.

    Raises `BundleError` where the bundle is of another kind or its graph does not fit the card.
    """

    lungs: LungFinder | None = None

    def __init__(
        self,
        bundle: Bundle,
        /,
        *,
        engine: Engine,
        threads: int,
        heatmaps: HeatmapsWanted,
        lungs: LungFinder | None = None,
    ) -> None:
        del lungs  # its crop comes from its own first look
        if bundle.card.two_looks is None:
            raise wrong_kind(bundle.card, expected="two-looks")
        self.card = bundle.card
        self._spec: TwoLooksSpec = bundle.card.two_looks
        self._heatmaps = heatmaps
        labels = len(bundle.card.labels)
        maps = _MAPS if bundle.card.heatmap.method == "class-map" else ()
        self._graph = CheckedGraph(
            bundle,
            inputs={INPUT: input_shape(bundle.card.preprocess), ABOUT: (len(NOTHING_TOLD),)},
            outputs={
                **dict.fromkeys(_LOGITS, (labels,)),
                **dict.fromkeys(maps, (labels, *MAP)),
                BOXES: (labels if self._spec.attention == "each label" else 1, 4),
                TOLD: (len(TOLD_OF), labels),
            },
            engine=engine,
            threads=threads,
        )
        self.ref = ModelRef(bundle.card.name, bundle.card.version, bundle.sha256)

    def read(self, cases: Sequence[Case]) -> tuple[Opinion, ...]:
        """One opinion a case, in order; an empty batch gives none."""
        return tuple(
            self._opinion(case, one=one, network_ms=network_ms)
            for case, one, network_ms in one_pass(cases, run=self._run)
        )

    def _run(self, cases: Sequence[Case]) -> list[Outputs]:
        about = np.array([_about(case.radiograph) for case in cases], np.float32)
        return each_of(self._graph.run({INPUT: inputs_of(cases), ABOUT: about}), count=len(cases))

    def _opinion(self, case: Case, *, one: Outputs, network_ms: float) -> Opinion:
        boxes = [_box(box, case=case) for box in one[BOXES]]
        label = int(one[LOGITS].argmax()) if len(boxes) > 1 else 0
        computed = Computed(
            labels=self.card.labels,
            logits=one[LOGITS],
            heatmap=partial(self._heatmap, case=case, one=one) if WHOLE_MAPS in one else None,
            network_ms=network_ms,
            crop=boxes[label],
            looks={
                _WHOLE_PICTURE: Look(self._spec.whole_labels, one[WHOLE_LOGITS]),
                _CROP: Look(self._spec.crop_labels, one[CROP_LOGITS]),
            },
            told={name: changes for name, changes in zip(_told_names(case.radiograph), one[TOLD], strict=True) if name},
            trail=(self._crop_step(boxes[label], of=self.card.labels[label].name if len(boxes) > 1 else None),),
        )
        return form_opinion(case, card=self.card, computed=computed, heatmaps=self._heatmaps)

    def _heatmap(self, index: int, *, case: Case, one: Outputs) -> Heatmap:
        """Both class maps laid over one another at home, where each look saw them."""
        rows, columns = case.radiograph.pixels.shape
        box = _box(one[BOXES][index if len(one[BOXES]) > 1 else 0], case=case)
        whole = cells_of(one[WHOLE_MAPS][index], geometry=case.model_input.geometry, input_size=_size(case))
        high, wide = self._spec.look
        within = Geometry(box.width / wide, box.height / high, box.x, box.y)
        crop = cells_of(one[CROP_MAPS][index], geometry=within, input_size=(high, wide))
        fused = fused_grid(whole, crop, rows=rows, columns=columns)
        return Heatmap(self.card.name, self.card.labels[index].name, np.asarray(fused.grid), fused.geometry)

    def _crop_step(self, box: Box, *, of: str | None) -> TrailStep:
        attended = self._spec.attention if of is None else f"the class map of {of}; each label has a crop of its own"
        return TrailStep(
            "crop",
            f"{self.card.name}: the part that the whole picture draws attention to ({attended}, at least "
            f"{self._spec.threshold:g} of its range), {box.width:.0f} x {box.height:.0f} pixels from column "
            f"{box.x:.0f}, row {box.y:.0f}",
        )


def _about(radiograph: Radiograph) -> tuple[float, ...]:
    sex = "unknown" if radiograph.patient is None else radiograph.patient.sex
    return about_patient(age_years=radiograph.age_years, sex=sex, view=radiograph.view)


def _told_names(radiograph: Radiograph) -> tuple[str | None, str | None, str | None]:
    """What is told of the patient, in words, in the order of `TOLD_OF`; None where it is not known."""
    age, sex = radiograph.age_years, None if radiograph.patient is None else radiograph.patient.sex
    return (
        None if age is None else f"age {age:g}",
        {"F": "female", "M": "male"}.get(sex or ""),
        radiograph.view if radiograph.view in ("PA", "AP") else None,
    )


def _size(case: Case) -> tuple[int, int]:
    return case.model_input.array.shape[1], case.model_input.array.shape[2]


def _box(edges: npt.NDArray[np.float32], *, case: Case) -> Box:
    """A box in pixels of the input, brought home and cut to the picture."""
    left, top, right, bottom = map(float, edges)
    source = case.radiograph.source
    home = case.model_input.geometry.box(Box(left, top, right - left, bottom - top))
    return home.clipped(width=source.columns, height=source.rows)
