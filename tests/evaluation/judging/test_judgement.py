"""Where nothing tells patients apart, no table, figure or page says "by patient"."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from fabricate_predictions import fabricate_predictions
from hilum.cli.terminal.judgement_table import judgement_tables
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.judgement_json import judgement_json
from hilum.evaluation.predictions.predictions_file import read_predictions, write_predictions
from hilum.evaluation.report.subject import ReportSubject
from hilum.evaluation.report.write import write_report


@pytest.fixture(scope="module")
def by_image():
    made = fabricate_predictions(patients=40)
    return replace(made, patient=made.image, patients_known=False)


@pytest.fixture(scope="module")
def judgement(by_image):
    return judge(by_image, replicates=200)


def printed(judgement):
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(judgement_tables(judgement))
    return console.export_text()


def test_the_file_says_so_and_keeps_it(by_image, tmp_path):
    write_predictions(by_image, path=tmp_path / "p.parquet")
    assert not read_predictions(tmp_path / "p.parquet").patients_known
    write_predictions(replace(by_image, patients_known=True), path=tmp_path / "q.parquet")
    assert read_predictions(tmp_path / "q.parquet").patients_known


def test_the_terminal_and_the_json_say_images(by_image, judgement):
    text = " ".join(printed(judgement).split())
    assert f"{by_image.n} images of unknown patients" in text
    assert "by image" in text
    assert "by patient" not in text
    assert judgement_json(judgement)["patients_known"] is False
    assert judgement_json(judgement)["bootstrap"]["by"] == "image"
    known = " ".join(printed(judge(replace(by_image, patients_known=True), replicates=200)).split())
    assert "by patient" in known


def test_the_report_says_images(by_image, judgement, tmp_path):
    subject = ReportSubject(title="t", judgement=judgement, predictions=by_image)
    page = write_report(subject, folder=tmp_path / "report").page.read_text()
    assert "by patient" not in page
    assert "by image" in page
    assert json.loads((tmp_path / "report" / "report.json").read_text())["judgement"]["patients_known"] is False
