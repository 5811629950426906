"""A bundle that is asked again says what it says of the file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_boxes import LEFT, boxed_case
from fabricate_bundle import ToyBundle
from hilum.bundle.shelf import named_bundle
from hilum.errors import BundleError
from hilum.evaluation.localisation.ask_again import AskedBundle


def test_it_prepares_as_a_reading_does_and_says_calibrated_probabilities(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 30), 51, np.uint8)).save(tmp_path / "nowhere.png")
    bundle = ToyBundle().write(tmp_path / "toy")
    asked = AskedBundle(bundle)
    record = boxed_case(0, fold="fold 0", box=LEFT).record
    prepared = asked.prepared(replace(record, path=tmp_path / "nowhere.png"))
    ask = asked.probability_of("Pneumonia")
    said = ask(np.stack([prepared.array, np.zeros_like(prepared.array)]))
    expected = 1 / (1 + np.exp(-(8 * 0.2 - 2))), 1 / (1 + np.exp(2))
    np.testing.assert_allclose(said, expected, rtol=1e-5)


def test_a_model_that_looks_at_lungs_is_refused() -> None:
    with pytest.raises(BundleError, match="only a classifier of whole pictures can be asked again"):
        AskedBundle(named_bundle("pneumonia-paediatric"))
