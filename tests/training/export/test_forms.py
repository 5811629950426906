import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from hilum.training.export.forms import HALF, SMALLEST


def test_the_smallest_form_comes_first():
    weights = numpy_helper.from_array(np.random.default_rng(0).normal(size=(64, 64, 3, 3)).astype(np.float32), "w")
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 64, 8, 8]) for name in ("input", "logits")]
    convolution = helper.make_node("Conv", ["input", "w"], ["logits"], pads=[1, 1, 1, 1])
    made = helper.make_graph([convolution], "toy", ends[:1], ends[1:], [weights])
    full = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()
    shares = {form.method: len(form.make(full)) / len(full) for form in SMALLEST}
    assert list(shares) == ["int8 weights", "float16 weights", "none"]
    assert SMALLEST[1:] == HALF
    assert HALF[-1].make(full) == full
    assert shares["int8 weights"] == pytest.approx(0.25, abs=0.02)
    assert shares["float16 weights"] == pytest.approx(0.5, abs=0.02)
