"""Every figure of the SDFN study is the one that it had before all studies had one mechanism.

`study_of_old.json` is the `study.json` that the study's own code of then made of the same fabricated predictions.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from fabricate_study import fabricate_arms
from hilum.evaluation.bundles.run_folder import RunFile
from hilum.evaluation.study.as_json import study_json
from hilum.evaluation.study.content import StudyContent, StudyRun
from hilum.evaluation.study.read import study_content
from hilum.systems.sdfn.lung_cases import LungSurvey
from hilum.systems.sdfn.pictures import lungs_section
from hilum.systems.sdfn.study import SDFN

RUN = StudyRun(
    file=RunFile(
        smoke=False, recipe="tiny", split_sha256="5" * 64, command="hilum study sdfn", commit="abc",
        environment={"torch": "2.6"}, settings={"seed": 3}, stage_splits={f"fold {k}": "5" for k in range(5)},
    ),
    folds_done=5, calibrations=210, not_calibrated=7,
)  # fmt: skip
SURVEY = LungSurvey(
    bundle="toy-lungs 1.0.0", bundle_sha256="0" * 64, images=200, untrusted=5, flags={"mirrored": 3}, flagged=()
)
STRENGTH = {"whole": 0.7, "lung": 0.75, "sdfn": 0.85}

Json = dict[str, Any]


@pytest.fixture(scope="module")
def content() -> StudyContent:
    predictions = fabricate_arms(strength=STRENGTH, without=("Hernia",))
    return study_content(SDFN, predictions=predictions, run=RUN, replicates=100)


@pytest.fixture(scope="module")
def old() -> Json:
    found: Json = json.loads(Path(__file__).with_name("study_of_old.json").read_text(encoding="utf-8"))
    return found


def as_it_was(new: Json) -> Json:
    """The new object under the old keys: groups were a list of views, and the lungs no section."""
    views = [{"view": name, **group} for name, group in new["groups"]["view"].items()]
    gone = ("study", "title", "arms", "groups", "sections", "hilum", "schema")
    kept = {name: value for name, value in new.items() if name not in gone}
    return {"schema": "hilum.sdfn-study/1", **kept, "lungs": new["sections"]["lungs"], "views": views}


def to_rounding(found: Any) -> Any:
    """The same with numbers that equal what differs in the last digits, as other processors' sums do."""
    match found:
        case dict():
            return {name: to_rounding(one) for name, one in found.items()}
        case list():
            return [to_rounding(one) for one in found]
        case float():
            return pytest.approx(found, rel=1e-9, abs=1e-12)
        case _:
            return found


def test_every_figure_is_the_one_it_was(content: StudyContent, old: Json) -> None:
    new = study_json(SDFN, content=content, sections=(lungs_section(SURVEY, cases=()),))
    assert set(new["groups"]) == {"view"}
    assert as_it_was(json.loads(json.dumps(new))) == to_rounding(old)


def test_the_papers_numbers_bear_out_every_claim_it_makes(content: StudyContent) -> None:
    results = {one.key: one for one in content.claims}
    assert len(results) == 11
    assert all(one.paper_holds for one in results.values())
    assert results["lung-nodule"].paper == "0.759 against 0.744: +0.015"
    assert results["lung-mass"].paper.endswith("+0.016")
    assert results["whole-emphysema"].paper.endswith("+0.003")
    assert results["sdfn-over-whole"].paper == "14 of 14"
    assert results["sdfn-over-lung"].paper == "13 of 14, not Hernia"
    assert results["t-sdfn-over-whole"].paper.startswith("t 6.16, p 3e-05")
    assert results["t-sdfn-over-lung"].paper.startswith("t 5.37, p 1e-04")
