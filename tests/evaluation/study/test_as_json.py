import json
from pathlib import Path

import pytest

from fabricate_study import STUDY
from hilum.errors import DataError
from hilum.evaluation.study.as_json import read_study_json, study_json, study_json_bytes
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import SectionContent


def test_the_numbers_are_the_studys(content: StudyContent) -> None:
    section = SectionContent(key="lungs", title="Lungs", numbers={"untrusted": 4})
    found = study_json(STUDY, content=content, sections=(section, SectionContent(key="maps", title="Maps")))
    mass = content.aurocs.label("Mass")
    written = found["ours"]["labels"]["Mass"]
    assert written["auroc"]["both"] == {
        "value": mass.auroc["both"].value,
        "value_ci": list(mass.auroc["both"].interval or ()),
        "value_ci_method": "clustered score",
    }
    assert written["difference"]["both - plain"]["value"] == mass.difference["both", "plain"].value
    assert found["ours"]["labels"]["Hernia"] == {
        "n": content.predictions.first.n, "positives": 0, "undefined": "there are no positives",
    }  # fmt: skip
    assert found["ours"]["classes_above"]["both - plain"]["of"] == 3
    assert found["tests"]["both - crop"]["paired_t"]["classes"] == 3
    assert (found["folds_done"], found["calibrations"], found["not_calibrated"]) == (5, 210, 7)
    assert found["sections"] == {"lungs": {"untrusted": 4}}
    assert found["paper"]["auroc"]["Hernia"] == {"early": None, "plain": 0.902, "crop": 0.912, "both": 0.911}


def test_read_back_and_nobody_is_named(content: StudyContent, tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    path.write_bytes(study_json_bytes(STUDY, content=content))
    assert read_study_json(path, study="toy") == json.loads(json.dumps(study_json(STUDY, content=content)))
    text, first = path.read_text(), content.predictions.first
    assert "NaN" not in text
    assert not any(image in text or patient in text for image, patient in zip(first.image, first.patient, strict=True))
    with pytest.raises(DataError, match=r"holds hilum.study/1 of toy, not hilum.study/1 of other"):
        read_study_json(path, study="other")


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "hilum.sdfn-study/1"}', "[1]", '"x"'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(DataError, match="hilum study toy"):
        read_study_json(tmp_path / "study.json", study="toy")
    with pytest.raises(DataError, match="hilum study toy"):
        read_study_json(tmp_path / "none.json", study="toy")
