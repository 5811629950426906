import importlib
import json

import pytest

STATISTICS = {
    "hilum": "9.9",
    "machine": {"processor": "a processor", "python": "3.11"},
    "replicates": 10_000,
    "scikit_learn_replicates": 100,
    "quick": False,
    "targets": [{"what": "times as fast", "value": 123.456, "wanted": "at least 80", "reached": True}],
    "cases": [
        {"case": "777 x 10", "scikit_learn_s": 1234.5, "hilum_s": 10.0, "peak_mb": 321.0, "largest_difference": 2e-16}
    ],
}
GATE = {
    "hilum": "9.9",
    "machine": {"processor": "a processor", "python": "3.11"},
    "targets": [{"what": "gate, ms", "value": 13.0, "wanted": "at most 12", "reached": False}],
}


@pytest.fixture
def lab(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "docs"))
    return importlib.import_module("lab_benchmarks").lab


def test_what_was_not_measured_is_said(lab, tmp_path):
    text = lab(tmp_path)
    assert text.startswith("Not measured for this version: ")
    for name in ("training", "statistics", "data", "installation"):
        assert f"`benchmarks/{name}.py`" in text
    assert "gate" not in text


def test_what_was_measured_is_shown_with_what_was_missed(lab, tmp_path):
    (tmp_path / "statistics.json").write_text(json.dumps(STATISTICS))
    (tmp_path / "gate.json").write_text(json.dumps(GATE))
    text = lab(tmp_path)
    assert "| times as fast | 123.456 | at least 80 | yes |" in text
    assert "| gate, ms | 13 | at most 12 | **no** |" in text
    assert "| 777 x 10 | 1,234.5 | 10.00 | 321 | 2e-16 |" in text
    assert text.count("hilum 9.9, a processor, Python 3.11") == 1
    assert (
        "Not measured for this version: `benchmarks/training.py`, `benchmarks/data.py`, `benchmarks/installation.py`"
        in text
    )


def test_a_figure_of_a_model_names_the_model(lab, tmp_path):
    (tmp_path / "faithfulness.json").write_text(json.dumps({**GATE, "bundle": "some-model 1.2.3"}))
    assert "| some-model 1.2.3: gate, ms | 13 | at most 12 | **no** |" in lab(tmp_path)


def test_a_quick_run_counts_as_none(lab, tmp_path):
    (tmp_path / "statistics.json").write_text(json.dumps({**STATISTICS, "quick": True}))
    assert "`benchmarks/statistics.py`" in lab(tmp_path)
