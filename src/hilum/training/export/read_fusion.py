"""A fusion's validation pictures as reading sees them: decoded, cut and prepared by the card, run by the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GRAPH
from hilum.bundle.fusion_spec import CROP, CROP_LOGITS, LOGITS, WHOLE, WHOLE_LOGITS
from hilum.bundle.load import Bundle, wrong_kind
from hilum.datasets.records.record import Record
from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import preprocess
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.graph_runner import GraphRunner
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine

BATCH = 16
OWN_PIXELS = "the files' own pixels, before any resizing"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReadFusion:
    """Logits of the three heads, each (N, L), the pictures' sharpness (N,), and how often each size in pixels came.

    `sizes` counts (columns, rows) of the files.
    """

    whole: Floats
    crop: Floats
    fusion: Floats
    sharpness: Floats
    sizes: Counter[tuple[int, int]]

    @property
    def source(self) -> str:
        """From pictures of which size the crops were cut, for the card."""
        (columns, rows), count = self.sizes.most_common(1)[0]
        said = f"{columns} x {rows} pixels in {count} of {self.sizes.total()} validation pictures"
        return f"{OWN_PIXELS}: {said}"


def read_fusion(records: Sequence[Record], *, bundle: Bundle) -> ReadFusion:
    """What the fusion `bundle` says of every record, whose lung boxes are those of the records.

    Raises `BundleError` for a bundle of another kind, and what decoding raises.
    """
    card = bundle.card
    if card.fusion is None:
        raise wrong_kind(card, expected="fusion")
    runner = GraphRunner(bundle.read(GRAPH), name=card.name, engine=OnnxRuntimeEngine(), threads=available_cores())
    outputs = (WHOLE_LOGITS, CROP_LOGITS, LOGITS)
    parts: list[list[npt.NDArray[np.float32]]] = []
    sharpness: list[float] = []
    sizes: Counter[tuple[int, int]] = Counter()
    for start in range(0, len(records), BATCH):
        inputs: dict[str, list[npt.NDArray[np.float32]]] = {WHOLE: [], CROP: []}
        for record in records[start : start + BATCH]:
            pixels = decode(read_file(record.path), name=record.image).pixels
            sharpness.append(mean_gradient(pixels))
            sizes[pixels.shape[1], pixels.shape[0]] += 1
            inputs[WHOLE].append(preprocess(pixels, spec=card.preprocess).array)
            crop = preprocess(pixels, spec=card.fusion.crop_preprocess, lung_box=record.lung_box)
            inputs[CROP].append(crop.array)
        found = runner.run({name: np.stack(arrays) for name, arrays in inputs.items()}, outputs=outputs)
        parts.append([found[name] for name in outputs])
    whole, crop_logits, fusion = (np.concatenate(column).astype(np.float64) for column in zip(*parts, strict=True))
    return ReadFusion(
        whole=whole, crop=crop_logits, fusion=fusion, sharpness=np.array(sharpness, np.float64), sizes=sizes
    )
