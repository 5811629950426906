from typing import Any

from fabricate_study import STUDY
from hilum.evaluation.study.as_json import study_json
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.interval_sentence import interval_sentence

BOOTSTRAP = {"by": "patient", "replicates": 10_000, "level": 0.95, "seed": 2}


def made(method: str, name: str = "value") -> dict[str, Any]:
    return {name: 0.8, f"{name}_ci": [0.7, 0.9], f"{name}_ci_method": method}


def test_each_method_is_named_with_what_it_is_of_and_arms_are_not() -> None:
    found = {
        "bootstrap": BOOTSTRAP,
        "arms": {"f1": "A loss", "other": "Another"},
        "ours": {
            "labels": {
                "Hernia": {"undefined": "there are no positives"},
                "Mass": {
                    "auroc": {"f1": made("clustered score"), "other": made("clustered score")},
                    "difference": {"f1 - other": made("percentile by patient")},
                },
            },
            "mean_auroc": {"other": made("clustered logit (Obuchowski)")},
        },
        "claims": [made("MOVER", "difference"), {"difference": None}],
        "sections": {"networks": {"f1": {**made("clustered Wilson", "sensitivity"), **made("MOVER", "auroc_lowered")}}},
    }
    assert interval_sentence(found) == (
        "Intervals: 95%, the patient is the unit; clustered score: AUROC; percentile by patient: differences of AUROC; "
        "clustered logit (Obuchowski): mean AUROC; MOVER: claims, AUROC lowered; clustered Wilson: sensitivity; drawn "
        "ones from 10,000 bootstrap replicates that draw patients, seed 2"
    )


def test_replicates_are_told_of_where_there_are_any() -> None:
    found = {"bootstrap": BOOTSTRAP, "ours": {"auroc": made("clustered score")}}
    assert interval_sentence(found) == "Intervals: 95%, the patient is the unit; clustered score: AUROC"
    old = {"bootstrap": BOOTSTRAP, "ours": {"auroc": {"value": 0.8, "value_ci": [0.7, 0.9]}}}
    assert interval_sentence(old) == "Intervals: 95%, 10,000 bootstrap replicates that draw patients"


def test_a_study_names_the_methods_of_its_own_estimates(content: StudyContent) -> None:
    text = interval_sentence(study_json(STUDY, content=content))
    assert "clustered score: AUROC" in text
    assert "percentile by patient: differences of AUROC, differences of mean AUROC" in text
    assert "clustered logit (Obuchowski): mean AUROC" in text


def test_of_one_class_no_mean_is_told_of() -> None:
    ours = {
        "labels": {"Mass": {"auroc": {"one": made("clustered score")}}},
        "mean_auroc": {"one": made("clustered score")},
    }
    text = interval_sentence({"bootstrap": BOOTSTRAP, "arms": ["one"], "ours": ours})
    assert text == "Intervals: 95%, the patient is the unit; clustered score: AUROC"
