"""The report in a real browser: nothing fails, nothing is loaded, nothing stands over the edge."""

import re
from dataclasses import replace

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.evaluation.report.subject import DrawnError, Exclusion, Facts, ReportSubject
from hilum.evaluation.report.training_log import TrainingLog
from hilum.evaluation.report.write import write_report
from hilum.report.windowing import encode_png

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

pytestmark = pytest.mark.slow

LABELS = ("Atelectasis", "Effusion", "A label whose name is longer than what a panel or a column likes", "Hernia")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    predictions = fabricate_predictions(patients=40, labels=LABELS)
    truth = np.array(predictions.truth)
    truth[:, 3] = 0.0
    predictions = replace(predictions, truth=truth)
    validation = fabricate_predictions(patients=40, labels=LABELS, split="val", first_patient=900, seed=8)
    grey = encode_png(np.full((200, 300), 128, np.uint8))
    error = DrawnError(
        image="folder/" * 12 + "x.png", label=LABELS[0], kind="miss", probability=0.01, threshold=0.5, plain=grey,
        overlay=grey, whole=grey,
    )  # fmt: skip
    subject = ReportSubject(
        title="A report on " + "x" * 70,
        predictions=predictions,
        judgement=judge(predictions, validation=ValidationPredictions(validation), prevalence=0.05, replicates=100),
        facts=(Facts(title="Data", rows=(("Hash", "a" * 64),)), Facts(title="Training", rows=(("k" * 60, "v" * 120),))),
        filled={"9": "w" * 150},
        exclusions=(Exclusion("i" * 90, "could not be read", "d" * 200),),
        training=(TrainingLog("stage", {"train/loss": ((0.0, 0.9), (1.0, 0.5))}),),
        errors=(error,) * 3,
    )
    return write_report(subject, folder=tmp_path_factory.mktemp("report")).page


@pytest.fixture
def show(browser, report):
    """Open the report; at the end of the test nothing may have failed, and nothing may have been loaded."""
    trouble, contexts = [], []

    def show(**options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda r: trouble.append(r.url) if r.url[:5] not in ("file:", "data:") else None)
        page.goto(report.as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_stands_over_the_edge(show, width, scheme):
    page = show(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_picture_is_drawn_at_a_readable_size(show):
    page = show(viewport={"width": 390, "height": 900})
    sizes = page.locator("img").evaluate_all("(all) => all.map((e) => [e.naturalWidth, e.clientWidth, e.alt])")
    assert all(natural > 0 for natural, _, _ in sizes)
    plots = page.locator(".plot .wide img").evaluate_all("(all) => all.map((e) => e.clientWidth)")
    assert min(plots) > 600  # moved sideways, not shrunk until nobody can read it
    page.locator(".plot .wide").first.evaluate("(e) => { e.scrollLeft = 100 }")
    assert page.locator(".plot .wide").first.evaluate("(e) => e.scrollLeft") == 100


def test_the_contents_lead_to_the_sections(show):
    page = show(viewport={"width": 1280, "height": 900})
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).count() == 1
    page.locator("nav a", has_text="Errors").click()
    page.wait_for_function("window.scrollY > 500")


def test_on_paper_tables_and_figures_stay(show):
    page = show(viewport={"width": 1280, "height": 900})
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("table").first.is_visible()
    assert page.locator(".plot img").first.is_visible()
    background = page.locator("body").evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert re.findall(r"\d+", background)[:3] == ["255", "255", "255"]
