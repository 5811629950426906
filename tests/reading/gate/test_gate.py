"""The gate's verdict decides which specialists read."""

import numpy as np
import pytest

from hilum.radiograph import Radiograph, Source
from hilum.reading.gate.gate import AbsentGate, may_read
from hilum.reading.input.prepare import Prepared
from hilum.reading_result import GateVerdict, TypeVerdict


def test_without_a_gate_model_nothing_is_claimed() -> None:
    radiograph = Radiograph(np.zeros((2, 2), np.float32), Source("x.png", "0" * 64, "PNG", 2, 2))
    prepared = Prepared(radiograph, {}, 0.0, 0.0)
    verdicts = [opinion.verdict for opinion in AbsentGate().judge([prepared, prepared])]
    assert [verdict.status for verdict in verdicts] == ["not judged", "not judged"]
    assert verdicts[0].accepted is None
    assert verdicts[0].is_xray_probability is None
    assert "no X-ray check was made" in verdicts[0].reason


CHEST = TypeVerdict("chest", 0.9, {"chest": 0.9, "hand": 0.1})


@pytest.mark.parametrize(
    ("verdict", "reads"),
    [
        (GateVerdict("not judged", ""), {"chest": True, "hand": True}),
        (GateVerdict("accepted", "", type=CHEST), {"chest": True, "hand": False}),
        (GateVerdict("accepted", ""), {"chest": True, "hand": True}),
        (GateVerdict("refused", "a photograph"), {"chest": False, "hand": False}),
        (GateVerdict("unsure", "", type=CHEST), {"chest": False, "hand": False}),
    ],
)
def test_who_may_read(verdict: GateVerdict, reads: dict[str, bool]) -> None:
    assert {xray_type: may_read(verdict, xray_type=xray_type) for xray_type in reads} == reads
