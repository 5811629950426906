import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from hilum.bundle.label import Label, PlattCalibration
from hilum.training.export.smaller_graphs import largest_difference, smaller


def label(slope, intercept):
    calibration = PlattCalibration(slope=slope, intercept=intercept)
    return Label(name="Nodule", calibration=calibration, operating_point=0.5, operating_point_rule="set by hand")


def test_the_difference_is_of_calibrated_probabilities_in_the_worst_label_and_picture():
    read = np.array([[0.0, 0.0], [1.0, 2.0]])
    expected = np.array([[0.0, 0.1], [1.0, 2.0]])
    assert largest_difference(read, read, labels=[label(1, 0), label(3, -1)]) == 0.0
    by_hand = 1 / (1 + np.exp(-(3 * 0.1 - 1))) - 1 / (1 + np.exp(1))
    assert largest_difference(read, expected, labels=[label(1, 0), label(3, -1)]) == pytest.approx(by_hand)


def test_smaller_graphs_come_smallest_first():
    weights = numpy_helper.from_array(np.random.default_rng(0).normal(size=(64, 64, 3, 3)).astype(np.float32), "w")
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 64, 8, 8]) for name in ("input", "logits")]
    convolution = helper.make_node("Conv", ["input", "w"], ["logits"], pads=[1, 1, 1, 1])
    made = helper.make_graph([convolution], "toy", ends[:1], ends[1:], [weights])
    full = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()
    shares = {method: len(graph) / len(full) for method, graph in smaller(full)}
    assert list(shares) == ["int8 weights", "float16 weights"]
    assert shares["int8 weights"] == pytest.approx(0.25, abs=0.02)
    assert shares["float16 weights"] == pytest.approx(0.5, abs=0.02)
