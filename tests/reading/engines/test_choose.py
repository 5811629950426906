"""What `auto` takes: the fastest that passed, by enough; found once and kept."""

from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle
from hilum.reading.engines import choose
from hilum.reading.engines.choose import choice_of, choose_engine
from hilum.reading.engines.processor import Processor
from hilum.reading.engines.trial import Trial

USUAL = Trial("onnxruntime", "1", 0.0, 100.0, 10.0)


@pytest.mark.parametrize(
    ("others", "taken", "why"),
    [
        ((Trial("openvino", "1", 1e-6, 150.0, 8.0),), "openvino", "1.50 times as fast as onnxruntime"),
        ((Trial("openvino", "1", 1e-6, 105.0, 8.0),), "onnxruntime", "less than the 1.1 times"),
        ((Trial("openvino", "1", 1e-6, 50.0, 8.0),), "onnxruntime", "no other engine that passed"),
        ((Trial("openvino-bf16", "1", 0.5, problem="failed its self-test"),), "onnxruntime", "no other engine"),
        (
            (Trial("openvino", "1", 1e-6, 150.0, 8.0), Trial("openvino-bf16", "1", 0.01, 300.0, 4.0)),
            "openvino-bf16",
            "3.00 times as fast",
        ),
    ],
)
def test_the_fastest_that_passed_is_taken_where_it_is_worth_it(others: tuple[Trial, ...], taken: str, why: str) -> None:
    choice = choice_of((USUAL, *others))
    assert choice.engine == taken
    assert why in choice.why


def test_without_a_trial_of_the_default_nothing_else_is_taken() -> None:
    failed = Trial("onnxruntime", problem="failed")
    assert choice_of((failed, Trial("openvino", "1", 0.0, 900.0, 1.0))).engine == "onnxruntime"


def test_what_was_found_is_kept_for_the_same_bundles_processor_and_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def pretend(name: str, **_: object) -> Trial:
        tried.append(name)
        return USUAL if name == "onnxruntime" else Trial("openvino", "1", 0.0, 200.0, 5.0)

    monkeypatch.setattr(choose, "try_engine", pretend)
    monkeypatch.setattr(choose, "ENGINES", {"onnxruntime": None, "openvino": None})
    toy, other = ToyBundle().write(tmp_path / "toy"), ToyBundle(operating_point=0.7).write(tmp_path / "other")
    cache = tmp_path / "cache"
    first = choose_engine([toy], threads=2, cache=cache)
    assert first.engine == "openvino"
    assert choose_engine([toy], threads=2, cache=cache) == first
    assert len(tried) == 2
    choose_engine([other], threads=2, cache=cache)
    choose_engine([toy], threads=1, cache=cache)
    choose_engine([toy], threads=2, cache=cache, again=True)
    assert len(tried) == 8
    monkeypatch.setattr(choose, "this_processor", lambda: Processor("another", frozenset()))
    choose_engine([toy], threads=2, cache=cache)
    assert len(tried) == 10
    for path in (cache / "engines").iterdir():
        path.write_text("{")
    assert choose_engine([toy], threads=2, cache=cache) == first
    assert len(tried) == 12


def test_a_cache_that_cannot_be_written_costs_no_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "ENGINES", {"onnxruntime": None})
    monkeypatch.setattr(choose, "try_engine", lambda name, **_: USUAL)
    (tmp_path / "file").touch()
    toy = ToyBundle().write(tmp_path / "toy")
    assert choose_engine([toy], threads=1, cache=tmp_path / "file").engine == "onnxruntime"
