"""A graph whose inputs and outputs must have the shapes that a card tells, when it is opened and when it ran."""

import numpy as np
import pytest

from fabricate_bundle import SIZE, ToyBundle, ToyNetwork
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, EngineError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.reading.engines.checked_graph import MAP, CheckedGraph, input_shape
from hilum.reading.engines.engine import CLASS_MAPS, INPUT, LOGITS
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine

NETWORK = ToyNetwork.random(labels=3)
BATCH = np.random.default_rng(1).random((5, 1, SIZE, SIZE), np.float32)
GIVEN = {LOGITS: (3,), CLASS_MAPS: (3, *MAP)}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return ToyBundle(network=NETWORK, labels=("Edema", "Mass", "Pneumonia")).write(
        tmp_path_factory.mktemp("graph") / "toy"
    )


def opened(bundle: Bundle, *, taken=(1, SIZE, SIZE), given=GIVEN) -> CheckedGraph:
    return CheckedGraph(bundle, inputs={INPUT: taken}, outputs=given, engine=OnnxRuntimeEngine(), threads=2)


def test_the_outputs_that_were_asked_for_come_with_their_images_first(bundle):
    found = opened(bundle).run({INPUT: BATCH})
    logits, maps = NETWORK.forward(BATCH)
    assert list(found) == [LOGITS, CLASS_MAPS]
    np.testing.assert_allclose(found[LOGITS], logits, atol=1e-4)
    np.testing.assert_allclose(found[CLASS_MAPS], maps, atol=1e-5)
    assert list(opened(bundle, given={LOGITS: (3,)}).run({INPUT: BATCH[:1]})) == [LOGITS]


def test_a_graph_of_other_inputs_or_without_an_output_is_refused(bundle):
    with pytest.raises(BundleError, match=r"the graph of .* takes .*, but its card prepares"):
        opened(bundle, taken=(3, SIZE, SIZE))
    with pytest.raises(BundleError, match=r"the graph of .* lacks the outputs \['boxes'\]. Export the model again"):
        opened(bundle, given={**GIVEN, "boxes": (1, 4)})


@pytest.mark.parametrize("logits", [(4,), (3, None), ()])
def test_an_output_of_another_shape_is_no_reading(bundle, logits):
    with pytest.raises(EngineError, match=r"logits of .* must be \(5,.*not the shape \(5, 3\). Export the model"):
        opened(bundle, given={LOGITS: logits}).run({INPUT: BATCH})


def test_a_picture_that_may_have_any_size_has_no_shape_that_a_graph_takes():
    square = PreprocessSpec(steps=(Resize(rule="stretch", height=8, width=6),), mean=(0.5,), std=(0.5,))
    assert input_shape(square) == (1, 8, 6)
    assert input_shape(PreprocessSpec(steps=(), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))) == (3, 0, 0)
