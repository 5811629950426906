import json
from dataclasses import replace

import pytest

from hilum.errors import OutputError
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.study.as_json import read_study_json
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.section_study import SectionStudy, write_section_study
from hilum.output.lock import FolderLock
from hilum.statistics.estimate import Estimate

TABLE = ReportTable(
    key="shown",
    title="What was found",
    columns=("arm", "AUROC"),
    rows=(("<plain>", Estimate(0.9, (0.8, 0.95))),),
    note="By patient.",
)
STUDY = SectionStudy(
    name="toy",
    title="A toy study",
    protocol="100 images, by patient",
    smoke=False,
    sections=(
        SectionContent(key="one", title="First part", tables=(TABLE,), numbers={"n": 100}),
        SectionContent(key="empty", title="Nothing here"),
    ),
    facts=(Facts(title="The study", rows=(("Command", "hilum study toy"),)),),
    told={"split_sha256": "ab" * 32},
)


def test_the_page_shows_sections_and_facts_and_the_numbers_lie_beside_it(tmp_path):
    page = write_section_study(STUDY, folder=tmp_path).read_text()
    for said in ("A toy study", "100 images, by patient", "What was found", "&lt;plain&gt;", "0.800 to 0.950", "toy"):
        assert said in page
    assert "Nothing here" not in page, "an empty section is left out"
    assert "Test run only" not in page
    found = read_study_json(tmp_path / "study.json", study="toy")
    assert found["sections"] == {"one": {"n": 100}}
    assert (found["protocol"], found["split_sha256"]) == ("100 images, by patient", "ab" * 32)
    assert (tmp_path / "tables" / "shown.csv").read_text().splitlines() == [
        "arm,AUROC,AUROC_low,AUROC_high",
        "<plain>,0.9,0.8,0.95",
    ]


def test_a_smoke_run_says_so(tmp_path):
    page = write_section_study(replace(STUDY, smoke=True), folder=tmp_path).read_text()
    assert "Test run only" in page
    assert json.loads((tmp_path / "study.json").read_text())["smoke"] is True


def test_a_folder_that_another_process_holds_is_refused(tmp_path):
    with FolderLock(tmp_path), pytest.raises(OutputError):
        write_section_study(STUDY, folder=tmp_path)
