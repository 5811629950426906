"""Asks a bundle's graph again of pictures that were changed after they were prepared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from hilum.bundle.load import Bundle
from hilum.datasets.records.label_values import own_label
from hilum.datasets.records.record import Record
from hilum.errors import BundleError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import ModelInput, preprocess
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.network import Network
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine

Floats = npt.NDArray[np.float32]


class AskedBundle:
    """A bundle with one network of whole pictures. Raises `BundleError` for one that looks at lungs or has several."""

    def __init__(self, bundle: Bundle) -> None:
        card = bundle.card
        if card.kind != "classifier" or card.preprocess.needs_lungs:
            raise BundleError(
                f"{card.name} is of kind {card.kind}; only a classifier of whole pictures can be asked again with "
                "parts hidden. Judge its boxes alone"
            )
        self._card = card
        self._network = Network(bundle, engine=OnnxRuntimeEngine(), threads=available_cores())

    def prepared(self, record: Record) -> ModelInput:
        """The picture as the network takes it. Raises what decoding raises."""
        return preprocess(decode(read_file(record.path), name=record.image).pixels, spec=self._card.preprocess)

    def probability_of(self, label: str) -> Callable[[Floats], npt.NDArray[np.float64]]:
        """From normalised pictures (N, C, H, W) to the calibrated probability (N,) of the label."""
        column = [own_label(name) for name in self._card.label_names].index(label)
        calibration = self._card.labels[column].calibration

        def ask(pictures: Floats) -> npt.NDArray[np.float64]:
            logits = self._network.run(pictures).logits[:, column]
            return np.array([calibration.probability(float(logit)) for logit in logits], np.float64)

        return ask
