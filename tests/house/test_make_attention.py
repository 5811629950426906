"""The tables on two looks are what the kept study says, and no smoke run's figure gets there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from fabricate_study import PROTOCOL, RUN, fabricate_arms
from hilum.evaluation.study.as_json import study_json_bytes
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import study_content
from hilum.systems.attention.pairs import NetworkPair
from hilum.systems.attention.study import attention_study

PAIR = NetworkPair("mobilenet_v2", "mobilenet_v2")
STUDY = attention_study((PAIR,), name="attention-local")


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_attention")


def written(folder: Path, *, smoke: bool = False) -> tuple[StudyContent, Path]:
    strength = {PAIR.arm("whole"): 0.7, PAIR.arm("crop"): 0.6, PAIR.arm("fused"): 0.85}
    arms = fabricate_arms(strength=strength, smoke=smoke, without=("Hernia",))
    content = study_content(STUDY, predictions=arms, run=replace(RUN, folds_done=5), replicates=100)
    folder.mkdir(exist_ok=True)
    (folder / "study.json").write_bytes(study_json_bytes(STUDY, content=content))
    return content, folder / "study.json"


def test_what_is_kept_is_shown(script: ModuleType, tmp_path: Path) -> None:
    content, path = written(tmp_path)
    result = tmp_path / "results" / "attention-local.json"
    script.keep(path, result=result)
    assert "settings" not in result.read_text()
    shown, short = script.ours(result), script.means(result)
    mean = content.aurocs.mean[PAIR.arm("fused")]
    apart = content.aurocs.mean_difference[PAIR.arm("fused"), PAIR.arm("whole")]
    for text in (shown, short):
        assert f"Protocol: {PROTOCOL}" in text
        assert f"{mean.value:.3f} [{mean.interval[0]:.3f}, {mean.interval[1]:.3f}]" in text
        assert f"{apart.value:+.3f} [{apart.interval[0]:+.3f}, {apart.interval[1]:+.3f}]" in text
    assert "both looks − whole picture" in shown
    assert "**mean of 13** (without Hernia)" in shown


def test_a_smoke_run_is_refused_and_without_a_study_the_page_says_so(script: ModuleType, tmp_path: Path) -> None:
    _, path = written(tmp_path, smoke=True)
    with pytest.raises(SystemExit, match="a smoke run"):
        script.keep(path, result=tmp_path / "none.json")
    assert script.ours(tmp_path / "none.json") == script.means(tmp_path / "none.json") == script.NOT_MEASURED
