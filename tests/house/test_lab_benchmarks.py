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


MACHINE = {"processor": "a processor", "flags": ["avx2", "amx_bf16"], "threads": 2, "python": "3.11", "load": 1.5}
SCALING = {
    "hilum": "9.9",
    "quick": False,
    "machine": MACHINE,
    "films": {"count": 240, "different": 240, "mb": 0.5, "real": True},
    "runs": [
        {"workers": 1, "ray": False, "films_a_second": 5.0, "cpu_s_a_film": 0.072, "start_s": 2.7},
        {"workers": 2, "ray": True, "films_a_second": 9.0, "cpu_s_a_film": None, "start_s": 5.9},
    ],
    "bytes_a_film": {"plan": 53.0, "parts": 1288.5, "table": 855.0, "finish_s": 0.0004},
    "listed_a_second": 18268,
    "model": [
        {
            "films": 1_000_000, "core_hours": 20.0, "hours": {"1": 20.0, "40": 0.56}, "efficiency": 0.9,
            "read_mb_s": {"1": 6.9, "40": 250.0}, "listing_hours": 0.02, "finish_hours": 0.12, "plan_gb": 0.053,
            "parts_gb": 1.3, "table_gb": 0.9, "shards": 500,
        }
    ],
}  # fmt: skip
PEERS = {
    "hilum": "9.9",
    "quick": False,
    "machine": MACHINE,
    "batch": {
        "hilum": {"median": 80.0, "low": 70.0, "high": 90.0},
        "other": {"median": 30.0, "low": 29.0, "high": 31.0},
    },
    "files": {"hilum": {"median": 40.0, "low": 35.0, "high": 45.0}},
    "files_read": {"count": 2000, "fabricated": False},
    "shares": {"hilum": 0.61},
    "targets": [
        {"what": "hilum / other", "value": 2.667, "spread": [2.258, 3.103], "wanted": "at least 2.5", "reached": True}
    ],
}


def test_peers_stand_with_spread_share_flags_and_load(lab, tmp_path):
    (tmp_path / "peers.json").write_text(json.dumps(PEERS))
    text = lab(tmp_path)
    assert "| hilum / other | 2.667 [2.258, 3.103] | at least 2.5 | yes |" in text
    assert "| hilum | 80.0 [70.0, 90.0] | 61% |" in text
    assert "| images/s, median [lowest, highest] | 2,000 real files |" in text
    assert "a processor (avx2 amx_bf16), 2 threads, Python 3.11; load at the time: 1.5 to 1.5" in text


def test_what_a_screening_costs_and_what_follows_for_many_films(lab, tmp_path):
    scaling = importlib.import_module("lab_benchmarks").scaling
    assert "Not measured" in scaling(tmp_path)
    (tmp_path / "scaling.json").write_text(json.dumps(SCALING))
    text = scaling(tmp_path)
    assert "| 1 process | 5.00 | 72 | 2.7 |" in text
    assert "| 2 actors of Ray | 9.00 |  | 5.9 |" in text
    assert "1,288 bytes in its part and 53 in the plan" in text
    assert "| 1,000,000 | 20 | 20.0 h, 7 MB/s | 0.6 h, 250 MB/s | 0.0 h | 0.1 h | 0.1 GB | 1.3 GB in 500 |" in text


def test_what_the_files_of_a_reading_cost(lab, tmp_path):
    pages = importlib.import_module("lab_benchmarks").pages
    assert "Not measured" in pages(tmp_path)
    report = {
        "hilum": "9.9", "quick": False, "machine": MACHINE, "films": {"a film": {"page": {"kB": 323.3, "ms": 8.1}}},
        "folder": {"images a second, JSON alone": 10.0, "images a second, with pages": 6.4},
        "index": {"rows": 5000, "MB": 0.81},
    }  # fmt: skip
    (tmp_path / "pages.json").write_text(json.dumps(report))
    text = pages(tmp_path)
    assert "| page | 323 kB, 8.1 ms |" in text
    assert "read at 64% of the rate of JSON alone" in text
    assert "An index of 5,000 readings has 0.8 MB." in text


def test_what_decoders_cost_and_how_much_of_imagecodecs_is_used(lab, tmp_path):
    decoders = importlib.import_module("lab_benchmarks").decoders
    assert "Not measured" in decoders(tmp_path)
    report = {
        "hilum": "9.9", "quick": False, "machine": MACHINE, "imagecodecs": "2026.3", "installed_mb": 82.1,
        "held_mb": 26.8,
        "decoders": [{"syntax": "JPEG-LS", "decoder": "CharLS", "cpu_ms": 81.1, "wall_ms": 154.0, "mb": 3.61}],
    }  # fmt: skip
    (tmp_path / "decoders.json").write_text(json.dumps(report))
    assert "| JPEG-LS | CharLS | 81 | 154 | 3.6 |" in decoders(tmp_path)
    assert "takes 82.1 MB, of which a process that decoded every format holds 26.8 MB" in decoders(tmp_path)


def test_what_a_screening_holds(lab, tmp_path):
    memory = importlib.import_module("lab_benchmarks").screening_memory
    assert "not measured" in memory(tmp_path)
    found = {"driver_mb": 175.2, "reader_mb": 117.5, "run_s": 3.9, "finish_s": 0.2}
    report = {"quick": False, "machine": MACHINE, "1000": found, "20000": {**found, "driver_mb": 175.3}}
    (tmp_path / "screening-memory.json").write_text(json.dumps(report))
    assert "| 1,000 | 175 | 118 | 0.2 |\n| 20,000 | 175 | 118 | 0.2 |" in memory(tmp_path)
