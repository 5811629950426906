import json
from pathlib import Path

import pytest

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.errors import DataError
from hilum.systems.sdfn.study import LungCounts, SdfnStudy, StudyRun, make_sdfn_study
from hilum.systems.sdfn.study_json import read_sdfn_json, sdfn_json, write_sdfn_json

LUNGS = LungCounts(images=100, untrusted=4, flags={"mirrored": 3}, bundle="toy-lungs 1.0.0")
RUN = StudyRun(
    recipe="tiny", folds_done=4, folds=5, split_sha256="0" * 64, lungs=LUNGS, calibrations=9, not_calibrated=2
)


@pytest.fixture(scope="module")
def study() -> SdfnStudy:
    return make_sdfn_study(fabricate_sdfn_predictions(without=("Hernia",)), run=RUN, replicates=100)


def test_the_numbers_are_the_studys(study: SdfnStudy) -> None:
    found = sdfn_json(study)
    mass = study.aurocs.label("Mass")
    written = found["ours"]["labels"]["Mass"]
    assert written["auroc"]["sdfn"] == {
        "value": mass.auroc["sdfn"].value,
        "value_ci": list(mass.auroc["sdfn"].interval or ()),
        "value_ci_method": "clustered score",
    }
    assert written["difference"]["sdfn - whole"]["value"] == mass.difference["sdfn", "whole"].value
    assert found["ours"]["labels"]["Hernia"] == {
        "n": study.predictions.whole.n, "positives": 0, "undefined": "there are no positives",
    }  # fmt: skip
    assert found["ours"]["classes_above"]["sdfn - whole"]["of"] == 13
    assert found["tests"]["sdfn - lung"]["paired_t"]["classes"] == 13
    assert (found["folds_done"], found["calibrations"], found["not_calibrated"]) == (4, 9, 2)
    assert found["lungs"] == {"images": 100, "untrusted": 4, "flags": {"mirrored": 3}, "bundle": "toy-lungs 1.0.0"}


def test_written_whole_and_read_back(study: SdfnStudy, tmp_path: Path) -> None:
    path = write_sdfn_json(study, folder=tmp_path)
    assert read_sdfn_json(path) == json.loads(json.dumps(sdfn_json(study)))
    text = path.read_text()
    assert "NaN" not in text
    assert not any(image in text or patient in text for image, patient in zip(
        study.predictions.whole.image, study.predictions.whole.patient, strict=True
    ))  # fmt: skip


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "hilum.judgement/1"}', "[1]"])
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "study.json").write_text(content)
    with pytest.raises(DataError, match="hilum study sdfn"):
        read_sdfn_json(tmp_path / "study.json")
    with pytest.raises(DataError, match="hilum study sdfn"):
        read_sdfn_json(tmp_path / "none.json")
