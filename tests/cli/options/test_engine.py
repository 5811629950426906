"""`--engine auto` and `hilum doctor --benchmark`: what is taken, and why, in words."""

from pathlib import Path
from typing import Any

import pytest

from hilum.cli import doctor
from hilum.cli.options import engine
from hilum.reading.engines.choose import Choice
from hilum.reading.engines.trial import Trial

CHOICE = Choice(
    "onnxruntime",
    "no other engine that passed its self-test is faster than onnxruntime",
    (
        Trial("onnxruntime", "1.32.0", 0.0, 40.25, 31.4),
        Trial("openvino-bf16", problem="this processor has no bfloat16 of its own"),
    ),
)


def test_auto_says_what_it_takes_and_why_and_reads(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def choose(bundles: Any, **more: Any) -> Choice:
        asked.append([bundle.card.name for bundle in bundles])
        return CHOICE

    monkeypatch.setattr(engine, "choose_engine", choose)
    words = ("read", write_png(tmp_path / "x.png"), "--model", toy, "--no-gate", "--no-lungs", "--json")
    done = hilum(*words, "--engine", "auto")
    assert done.exit_code == 0, done.stderr
    assert "engine: onnxruntime; no other engine that passed its self-test" in done.stderr
    assert asked == [["toy"]]
    assert hilum(*words).stdout.split('"timings_ms"')[0] == done.stdout.split('"timings_ms"')[0]
    assert len(asked) == 1


def test_the_benchmark_shows_every_engine_and_what_auto_takes(hilum: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "choose_engine", lambda bundles, **more: CHOICE)
    done = hilum("doctor", "--benchmark")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("processor: ")
    assert lines[2].split() == ["engine", "precision", "images/s", "one", "image", "off", "by", "at", "most"]
    assert lines[3].split() == ["onnxruntime", "1.32.0", "float32", "40.2", "31", "ms", "0.0e+00"]
    assert lines[4].endswith("this processor has no bfloat16 of its own")
    assert lines[5] == f"--engine auto takes onnxruntime: {CHOICE.why}"
