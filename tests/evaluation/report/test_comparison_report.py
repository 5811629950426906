import csv
import json
import re
from html import unescape

import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.comparison_json import comparison_json
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.comparing.model_points import stated_points
from hilum.evaluation.comparing.words import comparison_words
from hilum.evaluation.report.comparison_report import write_comparison_report

LABELS = ("Mass", "Nodule")


def _compared(*, labels=LABELS, margin=None, decided=False, names=("old", "new", "third"), smoke=False):
    models = same_images(
        {name: fabricate_predictions(labels=labels, strength=1 - 0.3 * place) for place, name in enumerate(names)}
    )
    if smoke:
        object.__setattr__(models.predictions[0], "smoke", True)
    points = {name: stated_points({"": 0.5}, labels=labels) for name in names} if decided else None
    return models, compare(models, points=points, margin=margin, replicates=100)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    models, result = _compared(margin=0.05, decided=True)
    page = write_comparison_report(result, models=models, folder=folder, band_replicates=10)
    return result, folder, page.read_text()


def test_one_file_that_loads_nothing(written):
    _, folder, page = written
    assert (folder / "comparison.html").is_file()
    assert "default-src 'none'; img-src data:" in unescape(page)
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert page.count("<img ") == 4


def test_the_page_says_what_is_shown_on_whom(written):
    result, _, page = written
    text = unescape(page)
    for words in (*comparison_words(result), *result.notes, result.split_sha256, "made-up patients, one split"):
        assert words in text
    for heading in ("What is shown", "Sensitivity and specificity, paired", "Against the margin of 0.05"):
        assert heading in text
    assert "stated thresholds" in text


def test_the_numbers_lie_beside_the_page(written):
    result, folder, _ = written
    assert json.loads((folder / "comparison.json").read_text()) == json.loads(json.dumps(comparison_json(result)))
    rows = list(csv.DictReader((folder / "tables" / "differences.csv").open()))
    assert len(rows) == 2 * 2 + 2
    first = result.labels[0].pairs[0].auroc.estimate
    assert [float(rows[0][name]) for name in ("AUROC", "AUROC_low", "AUROC_high")] == [first.value, *first.interval]
    decisions = list(csv.DictReader((folder / "tables" / "paired_decisions.csv").open()))
    table = result.labels[0].pairs[0].sensitivity.table
    assert int(decisions[0]["first alone right"]) == table.first_only
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".png", ".svg"}


def test_what_was_not_asked_for_is_not_there(tmp_path):
    models, result = _compared(labels=("Mass",), names=("old", "new"))
    page = unescape(write_comparison_report(result, models=models, folder=tmp_path, band_replicates=10).read_text())
    for words in ("margin", "Decisions", "t-test", "Test run only", "no value"):
        assert words not in page.partition("</style>")[2]
    assert not (tmp_path / "tables" / "paired_t.csv").exists()


def test_an_earlier_report_is_replaced(tmp_path):
    models, result = _compared(margin=0.05, decided=True)
    write_comparison_report(result, models=models, folder=tmp_path, band_replicates=10)
    models, result = _compared()
    write_comparison_report(result, models=models, folder=tmp_path, band_replicates=10)
    assert not (tmp_path / "tables" / "margin.csv").exists()
    assert not (tmp_path / "figures" / "decision_differences.png").exists()


def test_a_smoke_run_and_a_hostile_name(tmp_path):
    models, result = _compared(names=("<script>alert(1)</script>", "new"), smoke=True)
    page = write_comparison_report(result, models=models, folder=tmp_path, band_replicates=10).read_text()
    assert "<strong>Test run only; ignore its numbers.</strong>" in page
    assert "<script>alert" not in page


def test_the_same_comparison_gives_the_same_bytes(tmp_path):
    models, result = _compared()
    pages = [
        write_comparison_report(result, models=models, folder=tmp_path / name, band_replicates=10).read_bytes()
        for name in ("a", "b")
    ]
    assert pages[0] == pages[1]
