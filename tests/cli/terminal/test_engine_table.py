"""The table of engines keeps its columns whatever stands in them."""

from hilum.cli.terminal.engine_table import engine_lines
from hilum.reading.engines.choose import Choice
from hilum.reading.engines.processor import Processor
from hilum.reading.engines.trial import Trial


def test_columns_stand_below_each_other() -> None:
    trials = (
        Trial("onnxruntime", "1.32.0", 0.0, 40.2, 31.0),
        Trial("openvino", "2026.4.1-21949-abc", 3.1e-6, 1056.4, 8.0),
        Trial("openvino-bf16", problem="no"),
    )
    lines = list(
        engine_lines(
            Choice("openvino", "faster", trials),
            processor=Processor("Some CPU", frozenset({"amx_bf16"})),
            threads=2,
            models=["a", "b"],
        )
    )
    assert lines[0] == "processor: Some CPU, 2 cores; bfloat16: yes; int8 (VNNI): no"
    assert "a, b" in lines[1]
    table = lines[2:6]
    assert {line.find("float") for line in table[1:]} <= {table[0].index("precision"), table[0].index("precision") + 1}
    assert "openvino 2026.4.1 " in table[2]
    assert lines[-1] == "--engine auto takes openvino: faster"
