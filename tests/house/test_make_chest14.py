"""The local demonstration's table is what the kept evaluation says, and no smoke run's figure gets there."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LABELS = {
    "Mass": {"n": 403, "positives": 17, "auroc": 0.708, "auroc_ci": [0.581, 0.828], "ap": 0.153,
             "ap_ci": [0.051, 0.33], "brier": 0.04},
    "Hernia": {"n": 403, "positives": 0, "auroc": None, "auroc_ci": None, "ap": None, "ap_ci": None, "brier": 0.0},
}  # fmt: skip
JUDGED = {
    "n": 403, "patients": 332, "mean_auroc": 0.708, "mean_auroc_ci": [0.581, 0.828], "mean_labels": ["Mass"],
    "protocol": "by patient; judged: validation", "split_sha256": "ab" * 32,
    "bootstrap": {"by": "patient", "replicates": 10000, "level": 0.95, "seed": 0}, "subgroups": [], "labels": LABELS,
}  # fmt: skip


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_chest14")


def report(folder: Path, **fields: Any) -> Path:
    path = folder / "report.json"
    path.write_text(json.dumps({"smoke": False, "judgement": JUDGED, "facts": {"Data": ["a name"]}, **fields}))
    return path


def test_only_figures_are_kept_and_each_is_shown_with_its_interval(script: ModuleType, tmp_path: Path) -> None:
    result = tmp_path / "results" / "kept.json"
    script.keep(report(tmp_path), result=result)
    assert "facts" not in json.loads(result.read_text())
    assert "brier" not in result.read_text()
    shown = script.ours(result)
    assert "| Mass | 403 (17) | 0.708 [0.581, 0.828] | 0.153 [0.051, 0.330] |" in shown
    assert "| Hernia | 403 (0) | one outcome only | one outcome only |" in shown
    assert "**mean of 1**" in shown
    assert "Protocol: by patient; judged: validation. 403 images of 332 patients" in shown
    assert script.ours(tmp_path / "none.json") == script.NOT_MEASURED


def test_methods_that_the_report_names_are_kept_and_told(script: ModuleType, tmp_path: Path) -> None:
    result = tmp_path / "kept.json"
    labels = {"Mass": {**LABELS["Mass"], "auroc_ci_method": "clustered score", "ap_ci_method": "jackknife"}}
    script.keep(report(tmp_path, judgement={**JUDGED, "labels": labels}), result=result)
    assert "clustered score: AUROC; jackknife: average precision. Calibration" in script.ours(result)
    script.keep(report(tmp_path), result=result)
    assert "Intervals: 95%, 10,000 bootstrap replicates that draw patients." in script.ours(result)


@pytest.mark.parametrize("fields", [{"smoke": True}, {"smoke": None}, {"judgement": None}])
def test_a_smoke_run_and_what_is_no_evaluation_are_not_kept(
    script: ModuleType, tmp_path: Path, fields: dict[str, Any]
) -> None:
    result = tmp_path / "kept.json"
    with pytest.raises(SystemExit, match="no smoke run"):
        script.keep(report(tmp_path, **fields), result=result)
    assert not result.exists()
