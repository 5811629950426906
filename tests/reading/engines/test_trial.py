"""Trials of engines: right ones are timed, wrong and absent ones say why they cannot be taken."""

import sys
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle
from hilum.bundle.load import Bundle
from hilum.reading.engines import openvino_engine, trial
from hilum.reading.engines.processor import Processor
from hilum.reading.engines.trial import try_engine


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return ToyBundle().write(tmp_path / "toy")


def test_an_engine_that_passes_is_timed(bundle: Bundle) -> None:
    found = try_engine("onnxruntime", bundles=[bundle], threads=1)
    assert found.problem is None
    assert found.difference == 0
    assert found.images_per_s is not None
    assert found.latency_ms is not None
    assert found.images_per_s > 0 < found.latency_ms


def test_an_engine_that_is_wrong_is_not_timed(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "largest_difference", lambda bundle, *, engine: 0.5)
    found = try_engine("onnxruntime", bundles=[bundle], threads=1)
    assert found.problem == "failed its self-test: off by 0.5, allowed 0.001"
    assert found.images_per_s is None


def test_an_engine_that_is_absent_says_how_to_install_it(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    found = try_engine("openvino", bundles=[bundle], threads=1)
    assert "pip install" in (found.problem or "")


def test_no_bfloat16_without_a_processor_for_it(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino", reason="the optional engine openvino is not installed")
    monkeypatch.setattr(openvino_engine, "this_processor", lambda: Processor("old", frozenset({"avx2"})))
    found = try_engine("openvino-bf16", bundles=[bundle], threads=1)
    assert "this processor has no bfloat16" in (found.problem or "")
