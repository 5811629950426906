import csv
import html
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from fabricate_predictions import fabricate_predictions
from hilum.errors import OutputError
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.evaluation.report.subject import Exclusion, Facts, ReportSubject
from hilum.evaluation.report.training_log import TrainingLog
from hilum.evaluation.report.write import write_report

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Checks that tags close in order, and collects addresses, ids and table cells."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.addresses, self.ids, self.images, self.text = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.addresses += [values[name] for name in ("src", "href", "action", "data", "srcset") if name in values]
        self.ids += [values["id"]] if "id" in values else []
        assert "style" not in values, "the page's policy refuses styles of single elements"
        assert not [name for name in values if name.startswith("on")]
        if tag == "img":
            assert values["alt"]
            self.images.append(values)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parse(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def subject():
    predictions = fabricate_predictions(patients=30, labels=("Atelectasis", "Effusion"))
    validation = fabricate_predictions(patients=30, split="val", first_patient=900, seed=8)
    return ReportSubject(
        title="A title with <b> & marks",
        predictions=predictions,
        judgement=judge(predictions, validation=ValidationPredictions(validation), replicates=100),
        facts=(Facts(title="Data", rows=(("Part", "test"),)), Facts(title="Model", rows=(("Bundle", "x" * 90),))),
        filled={"9": "resize"},
        exclusions=(Exclusion("a<b>.png", "could not be read", "torn"),),
        training=(TrainingLog("stage", {"train/loss": ((0.0, 0.9), (1.0, 0.5))}),),
        ledger="This look is a line of LEDGER.jsonl.",
    )


@pytest.fixture(scope="module")
def written(subject, tmp_path_factory):
    return write_report(subject, folder=tmp_path_factory.mktemp("report"))


def test_the_page_is_whole_and_holds_everything_itself(written):
    page = parse(written.page)
    outside = [a for a in page.addresses if not a.startswith(("data:image/png;base64,", "#"))]
    assert outside == []
    assert re.search(r"https?:|url\(|@import", re.sub(r"data:[^\"]*", "", written.page.read_text())) is None
    assert {a[1:] for a in page.addresses if a.startswith("#")} <= set(page.ids)
    assert "default-src 'none'" in html.unescape(written.page.read_text())


def test_what_a_reviewer_looks_for_is_there(written, subject):
    text = " ".join(" ".join(parse(written.page).text).split())
    judgement = subject.judgement
    for expected in (
        judgement.protocol, judgement.split_sha256, "100 bootstrap replicates that draw patients", "could not be read",
        f"{judgement.whole.mean_auroc.value:.3f}", "Prevalence shift", "age band", "a<b>.png", "LEDGER.jsonl",
        "A title with <b> & marks", "For the authors to fill", "Training curves", "Research use, not a medical device",
    ):  # fmt: skip
        assert expected in text, expected
    one = judgement.whole.labels[0]
    low, high = one.auroc.interval
    assert f"{one.auroc.value:.3f} {low:.3f} to {high:.3f}" in text


def test_what_only_the_authors_know_is_folded_where_little_is_filled(written, subject, tmp_path):
    """Of anybody's predictions a file tells nothing: the list of forty topics without a text hid the report."""
    bare = replace(subject, filled={}, exclusions=None)
    page = write_report(bare, folder=tmp_path).page.read_text()
    assert "<details><summary>For the authors to fill (40 items)</summary>" in page
    assert "over 1 labels" not in page


def test_every_figure_is_a_png_and_an_svg_and_stands_on_the_page(written):
    folder = written.page.parent / "figures"
    names = {path.stem for path in folder.iterdir()}
    assert names == {"roc", "precision_recall", "reliability", "confusion", "decision_curve", "subgroups", "training"}
    for name in names:
        picture = Image.open(folder / f"{name}.png").convert("L")
        assert picture.getextrema()[0] < 100, f"{name} is blank"
        root = ET.parse(folder / f"{name}.svg").getroot()
        assert root.tag.endswith("svg")
        assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 10
    assert len(parse(written.page).images) == len(names)


def test_tables_as_csv_and_the_judgement_as_json(written, subject):
    folder = written.page.parent
    rows = list(csv.DictReader(io.StringIO((folder / "tables" / "labels.csv").read_text())))
    assert float(rows[0]["AUROC"]) == subject.judgement.whole.labels[0].auroc.value
    assert (folder / "tables" / "exclusions.csv").read_text().splitlines()[1] == "a<b>.png,could not be read,torn"
    content = json.loads((folder / "report.json").read_text())
    assert content["schema"] == "hilum.report/1"
    assert content["smoke"] is False
    assert content["judgement"]["mean_auroc"] == subject.judgement.whole.mean_auroc.value
    assert content["judgement"]["split_sha256"] == subject.predictions.split_sha256
    assert content["exclusions"] == {"could not be read": 1}
    filled = {item["claim_2024"]: item["filled"] for item in content["checklist"]}
    assert (filled["9"], filled["44"]) == ("resize", None)


def test_the_same_subject_gives_the_same_bytes(written, subject, tmp_path):
    again = write_report(subject, folder=tmp_path)
    for one, other in zip(written.files, again.files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_predictions_alone_have_a_report_too(tmp_path):
    predictions = replace(
        fabricate_predictions(patients=20, labels=("Effusion",)), age_years=None, sex=None, view=None, source=None
    )
    report = write_report(
        ReportSubject(title="x", predictions=predictions, judgement=judge(predictions, replicates=100)), folder=tmp_path
    )
    text = " ".join(parse(report.page).text)
    assert "Exclusions are not known" in text
    assert "Decisions" not in text
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {
        "roc", "precision_recall", "reliability", "decision_curve"
    }  # fmt: skip


def test_a_smoke_run_is_marked(subject, tmp_path):
    predictions = replace(subject.predictions, protocol="SMOKE made-up", smoke=True)
    smoke = replace(subject, predictions=predictions, judgement=judge(predictions, replicates=100), training=())
    report = write_report(smoke, folder=tmp_path)
    assert "enter no results table" in " ".join(parse(report.page).text)
    assert json.loads((tmp_path / "report.json").read_text())["smoke"] is True


def test_figures_of_an_earlier_report_do_not_stay(subject, tmp_path):
    write_report(subject, folder=tmp_path)
    (tmp_path / "figures" / "notes.txt").write_text("mine")
    write_report(replace(subject, training=()), folder=tmp_path)
    left = {path.name for path in (tmp_path / "figures").iterdir()}
    assert "training.png" not in left
    assert {"roc.png", "notes.txt"} <= left


def test_a_folder_that_cannot_be_written_is_an_error(subject, tmp_path):
    (tmp_path / "report").write_text("a file")
    with pytest.raises(OutputError, match="report"):
        write_report(subject, folder=tmp_path / "report")
