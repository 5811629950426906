import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from hilum.training.export.forms import HALF, LARGE_FROM_ELEMENTS, SMALLEST

SMALL, LARGE = (128, 128, 2, 2), (128, 128, 3, 3)
"""65,536 and 147,456 elements."""


def test_the_smallest_form_comes_first_and_keeps_what_it_says() -> None:
    draw = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(draw.normal(size=shape).astype(np.float32), name)
        for name, shape in (("small", SMALL), ("large", LARGE))
    ]
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 128, 8, 8]) for name in ("input", "logits")]
    convolutions = [
        helper.make_node("Conv", ["input", "small"], ["between"]),
        helper.make_node("Conv", ["between", "large"], ["logits"], pads=[1, 2, 2, 1]),
    ]
    made = helper.make_graph(convolutions, "toy", ends[:1], ends[1:], weights)
    full = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()
    graphs = {form.method: form.make(full) for form in SMALLEST}
    assert list(graphs) == ["int8 weights", "int8 and float16 weights", "float16 weights", "none"]
    assert SMALLEST[2:] == HALF
    assert graphs["none"] == full
    sizes = [len(graph) for graph in graphs.values()]
    assert sizes == sorted(sizes)
    small, large = np.prod(SMALL), np.prod(LARGE)
    assert small < LARGE_FROM_ELEMENTS <= large
    wanted = [small + large, 2 * small + large, 2 * (small + large), 4 * (small + large)]
    assert sizes == [pytest.approx(size, rel=0.02) for size in wanted]
