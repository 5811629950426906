"""The tables on pneumonia in children are what the kept studies say; arms of several runs of the shift join."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hilum.evaluation.study.as_json import SCHEMA

Json = dict[str, Any]


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_pneumonia")


def arm(auroc: float) -> Json:
    found: Json = {"auroc": auroc, "auroc_ci": [auroc - 0.01, auroc + 0.01], "inside_lungs_median": 0.5}
    return found | {"copies_disagree": 0.125, "in_the_large_beyond_prevalence": -1.5, "slope": None}


def shift(arms: dict[str, float], *, smoke: bool = False, split: str = "1f") -> Json:
    ways: Json = {way: {name: arm(auroc) for name, auroc in arms.items()} for way in ("picture", "matched", "copies")}
    section = {"n": 40, "positives": 30, "baseline": {"name": "mean gradient", "auroc": 0.25}, **ways}
    told = {"split_sha256": split, "lungs_sha256": "2e", "arms": {name: name for name in arms}, "smoke": smoke}
    told |= {"command": "hilum study pneumonia-shift"}
    sections = {name: section for name in ("plain", "soft", "shifted")}
    return {"schema": SCHEMA, "study": "pneumonia-shift", **told, "sections": sections}


def network(accuracy: float, *, balance: str = "four groupings") -> Json:
    costs = {"parameters": 2_225_153, "megabytes": 9.04, "milliseconds": 17.4}
    told = {"balance": balance, "calibration_in_the_large": 1.25, "sensitivity": None}
    return {"accuracy": accuracy, "accuracy_ci": [0.5, 0.75], **told, **costs}


def networks(*, smoke: bool = False) -> Json:
    claim = {"claim": "it learns", "paper": "yes", "ours": "0.9", "verdict": "holds"}
    pneumonia: Json = {"positives": 30, "auroc": {"imagenet": {"value": 0.875, "value_ci": [0.8, 0.9]}}}
    told = {"smoke": smoke, "folds": 5, "folds_done": 5, "protocol": "cross-validated", "split_sha256": "3c"}
    return {
        "schema": SCHEMA,
        "study": "pneumonia",
        **told,
        "arms": {"imagenet": "MobileNetV2"},
        "bootstrap": {"replicates": 10_000, "seed": 0},
        "ours": {"n": 40, "patients": 35, "labels": {"Pneumonia": pneumonia}},
        "sections": {
            "networks": {"imagenet": network(0.625), "baseline": {"auroc": 0.75}},
            "published": {"claims": [claim]},
        },
    }


def with_synthetic() -> Json:
    """A study of one network more, and of synthetic children."""
    content = networks()
    content["arms"] |= {"features": "pooled features", "smote": "SMOTE"}
    pneumonia = content["ours"]["labels"]["Pneumonia"]
    pneumonia["auroc"] |= {"features": {"value": 0.75}, "smote": {"value": 0.8125}}
    pneumonia["difference"] = {"smote - features": {"value": 0.0625, "value_ci": [0.05, 0.07]}}
    content["sections"]["networks"] |= {name: network(0.75, balance="none") for name in ("features", "smote")}
    changes = {"accuracy": {"difference": -0.25, "difference_ci": [-0.5, 0.125]}, "specificity": {"difference": 0.5}}
    samples = {"learnt_from": 1000, "made": 200, "compared": 150, "distance": 12.25, "of_children": 3.5}
    quality = [samples | {"network": "MobileNetV2"}]
    content["sections"]["synthetic"] = {"changes": {"smote - features": changes}, "quality": quality}
    return content


def written(content: Json, *, folder: Path) -> Path:
    path = folder / "study.json"
    path.write_text(json.dumps(content))
    return path


def test_each_network_and_what_sharpness_tells_have_a_row(script: ModuleType, tmp_path: Path) -> None:
    script.keep(written(networks(), folder=tmp_path), results=tmp_path / "kept")
    said = script.papers(tmp_path / "kept")
    assert "40 images of 35 patients; split `3c`" in said
    assert "30 images with pneumonia" in said
    measured = "0.875 [0.800, 0.900] | 0.625 [0.500, 0.750] | – | – | – | – | +1.250"
    assert f"| MobileNetV2 | four groupings | {measured} | 2.2 M, 9.0, 17 |" in said
    assert "| sharpness alone | – | 0.750 | – |" in said
    assert "| it learns | yes | 0.9 | holds |" in said


def test_a_study_of_more_networks_stands_beside_the_papers_and_tells_what_synthetic_children_change(
    script: ModuleType, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    script.keep(written(networks(), folder=tmp_path), results=kept)
    before = script.papers(kept)
    script.keep(written(with_synthetic(), folder=tmp_path), results=kept)
    said = script.every_network(kept)
    assert script.papers(kept) == before
    assert "| SMOTE | none | 0.812 | 0.750 [0.500, 0.750] |" in said
    assert "| with less without | accuracy | specificity | AUROC |" in said
    row = "-0.250 [-0.500, +0.125] | +0.500 | +0.062 [+0.050, +0.070]"
    assert f"| SMOTE − pooled features | {row} |" in said
    assert "Fréchet distances on features of MobileNetV2" in said
    assert "| 0 | 1,000 | 200 | 150 | 12.2 | 3.5 |" in said


def test_arms_of_a_later_run_stand_beside_those_that_are_kept(script: ModuleType, tmp_path: Path) -> None:
    result = tmp_path / "kept.json"
    script.keep_shift(written(shift({"today": 0.8, "weak": 0.75}), folder=tmp_path), result=result)
    script.keep_shift(written(shift({"today": 0.8, "mixup": 0.85}), folder=tmp_path), result=result)
    once, averaged = script.once(result), script.averaged(result)
    assert once.startswith("Split `1f`. Made by `hilum study pneumonia-shift`.")
    for name in ("today", "weak", "mixup"):
        assert once.count(f"| `{name}` |") == averaged.count(f"| `{name}` |") == 3
    assert "| `mixup` | 0.850 [0.840, 0.860] | – | – | – | – | -1.500 | – | 0.500 |" in once
    assert "| `mixup` | 0.850 [0.840, 0.860] | – | – | – | – | -1.500 | – | 0.125 |" in averaged
    assert once.count("| sharpness alone | 0.250 |") == 3
    assert "`soft`: 40 images, 30 with pneumonia." in once


def test_another_outcome_of_todays_recipe_is_refused_and_other_parts_take_the_place(
    script: ModuleType, tmp_path: Path
) -> None:
    result = tmp_path / "kept.json"
    script.keep_shift(written(shift({"today": 0.8, "weak": 0.75}), folder=tmp_path), result=result)
    before = result.read_text()
    with pytest.raises(SystemExit, match="expected today's recipe as it is kept"):
        script.keep_shift(written(shift({"today": 0.81, "mixup": 0.9}), folder=tmp_path), result=result)
    assert result.read_text() == before
    script.keep_shift(written(shift({"today": 0.81}, split="4d"), folder=tmp_path), result=result)
    assert "`weak`" not in script.once(result)


def test_no_figure_of_a_smoke_run_is_kept(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="a smoke run"):
        script.keep(written(networks(smoke=True), folder=tmp_path), results=tmp_path)
    kept = tmp_path / "kept.json"
    with pytest.raises(SystemExit, match="a smoke run"):
        script.keep_shift(written(shift({"today": 0.8}, smoke=True), folder=tmp_path), result=kept)
    told = (script.papers(tmp_path), script.every_network(tmp_path), script.once(kept), script.averaged(kept))
    assert all(one.startswith("Not measured") for one in told)


def card(*, version: str, split: str = "4d", smoke: bool = False, options: str = "") -> Json:
    row = {"set": "validation", "n": 40, "positives": 30, "auroc": 0.875, "auroc_ci": [0.8, 0.9], "is_test": False}
    command = f"hilum train pneumonia-lungs --data kermany=/home/me/x{options} --out runs/x"
    training = {"command": command, "commit": "ab" * 20, "split_sha256": split, "smoke": smoke}
    looked_at = {**row, "set": "a test, looked at", "is_test": True}
    return {"version": version, "training": training, "labels": [{"results": [row, looked_at]}]}


def test_trainings_stand_side_by_side_with_what_they_set_and_what_validation_says(script, tmp_path) -> None:
    path, result = tmp_path / "card.json", tmp_path / "results" / "kept.json"
    assert script.candidates(result) == "Not measured for this version; `hilum train pneumonia-lungs` does."
    for one in (card(version="3.0.0"), card(version="3.0.0", options=" --set a=1 --set b=2"), card(version="4.0.0")):
        path.write_text(json.dumps(one))
        script.keep_candidate(path, result=result)
    said = script.candidates(result)
    titles = ("version 3.0.0", "version 3.0.0, `--set a=1`, `--set b=2`", "version 4.0.0")
    rows = [f"| {title} | `abababab` | validation | 40 (30) | 0.875 [0.800, 0.900] |" for title in titles]
    assert [line for line in said.splitlines() if "version" in line] == rows
    assert "looked at" not in result.read_text()
    assert "/home/me" not in result.read_text()
    for other, why in ((card(version="5", smoke=True), "a smoke run"), (card(version="5", split="5e"), "came another")):
        path.write_text(json.dumps(other))
        with pytest.raises(SystemExit, match=why):
            script.keep_candidate(path, result=result)
