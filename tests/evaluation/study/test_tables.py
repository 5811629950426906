import csv
import io
from dataclasses import replace

import pytest

from fabricate_study import PUBLISHED, RUN, STUDY, fabricate_arms, toy_content
from hilum.evaluation.report.table import ReportTable, table_csv
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.read import study_content
from hilum.evaluation.study.tables import p_text, study_tables
from hilum.statistics.estimate import Estimate


@pytest.fixture(scope="module")
def tables(content: StudyContent) -> dict[str, ReportTable]:
    return {table.key: table for table in study_tables(STUDY, content=content)}


def row(table: ReportTable, name: str) -> tuple[object, ...]:
    return next(each for each in table.rows if each[0] == name)


def test_the_papers_table_and_ours_are_two_with_their_protocol_in_each_heading(tables, content) -> None:
    paper, ours = tables["paper"], tables["ours"]
    assert "made up, 100 test images" in paper.title
    assert f"5 folds by patient, {content.aurocs.n:,} images" in ours.title
    assert content.protocol in ours.note
    assert row(paper, "Hernia") == ("Hernia", None, 0.902, 0.912, 0.911)
    assert row(paper, "mean of 3 classes")[-3:] == (0.812, 0.826, 0.830)


def test_ours_has_intervals_counts_and_marks_what_lacks_an_outcome(tables, content) -> None:
    judged = content.aurocs.label("Mass")
    arms = (judged.auroc[arm] for arm in ("plain", "crop", "both"))
    assert row(tables["ours"], "Mass") == ("Mass", judged.n, judged.positives, *arms)
    assert row(tables["ours"], "Hernia")[3] == "there are no positives"
    assert row(tables["ours"], "mean of 3 classes")[-1] == content.aurocs.mean["both"]
    assert "Not in the mean: Hernia: it lacks an outcome" in tables["ours"].note


def test_the_t_test_stands_beside_the_papers_own(tables) -> None:
    assert row(tables["paired_t"], "both − plain picture")[1:4] == ("3.93", "0.059", 3)


def test_every_class_has_both_tests(tables, content) -> None:
    for tests in content.tests:
        table = tables[f"tests_{tests.pair[0]}_{tests.pair[1]}"]
        assert len(table.rows) == 3
        mass = next(one for one in tests.labels if one.label == "Mass")
        shown = row(table, "Mass")
        assert shown[1] == mass.difference
        assert shown[2:4] == (p_text(mass.bootstrap_p), p_text(mass.bootstrap_p_holm))
        assert isinstance(shown[4], Estimate)
        assert shown[4].value == mass.delong.difference
        assert shown[-1] == 5


def test_within_folds_is_the_mean_of_the_classes(tables) -> None:
    rows = tables["tests_within_folds"].rows
    columns = list(zip(*rows[:-1], strict=True))
    assert rows[-1][0] == "mean of 3 classes"
    assert rows[-1][2:5] == pytest.approx([sum(column) / 3 for column in columns[2:5]])


def test_groups_name_what_has_too_few_positives(tables) -> None:
    assert "Hernia" in tables["by_view"].note
    assert all(cells[3] is None or cells[3] >= 20 for cells in tables["by_view"].rows)


def test_as_csv_every_estimate_has_its_bounds(tables) -> None:
    rows = list(csv.DictReader(io.StringIO(table_csv(tables["ours"]).decode())))
    assert {"both", "both_low", "both_high"} <= set(rows[0])
    assert float(rows[0]["both_low"]) <= float(rows[0]["both"]) <= float(rows[0]["both_high"])


def test_what_a_study_does_not_have_has_no_table() -> None:
    bare = replace(STUDY, published=None, claims=(), pairs=())
    arms = {name: replace(one, view=None) for name, one in fabricate_arms(labels=("Mass", "Nodule")).items()}
    found = study_content(bare, predictions=arms, run=RUN, replicates=50)
    assert [table.key for table in study_tables(bare, content=found)] == ["ours"]


def test_only_the_arms_shown_closely_are_compared_class_by_class(content) -> None:
    study = replace(STUDY, closely=("plain", "both"))
    same = dict(zip(content.predictions.models, content.predictions.predictions, strict=True))
    found = study_content(study, predictions=same, run=RUN, replicates=50)
    tables = {table.key: table for table in study_tables(study, content=found)}
    assert tables["ours"].columns[3:] == ("plain picture", "crop alone", "both")
    assert tables["differences"].columns[2:] == ("both − plain picture",)
    assert tables["by_view"].columns[4:] == ("plain picture", "both", "both − plain picture")
    assert tables["tests_within_folds"].columns[2:-1] == ("plain picture", "both")
    assert [key for key in tables if key.startswith("tests_both")] == ["tests_both_plain"]
    assert len(tables["paired_t"].rows) == 3, "every pair"
    assert len(tables["claims"].rows) == len(STUDY.claims)
    of_all = {row[:2]: row for row in table_of(content, "by_view").rows}
    for row in tables["by_view"].rows:
        if isinstance(row[4], Estimate):
            assert row[4].value == of_all[row[:2]][4].value


def table_of(content: StudyContent, key: str) -> ReportTable:
    return next(table for table in study_tables(STUDY, content=content) if table.key == key)


def test_a_smoke_run_says_so_in_its_headings() -> None:
    titles = [table.title for table in study_tables(STUDY, content=toy_content(smoke=True, replicates=50))]
    assert sum("SMOKE, no result; 5 folds" in title for title in titles) == 3


@pytest.mark.parametrize(("p", "text"), [(None, None), (0.0123, "0.012"), (0.00004, "4e-05"), (1.0, "1.000")])
def test_p_values(p: float | None, text: str | None) -> None:
    assert p_text(p) == text


def test_of_one_class_there_is_no_mean_and_no_t_test_over_classes() -> None:
    content = toy_content(labels=("Mass",), without=(), replicates=50)
    published = replace(PUBLISHED, rows={"Mass": PUBLISHED.rows["Mass"]}, means=PUBLISHED.rows["Mass"])
    one_class = replace(STUDY, published=published, claims=(), groups=("view",))
    tables = {table.key: table for table in study_tables(one_class, content=content)}
    assert "paired_t" not in tables
    for key in ("paper", "ours", "differences", "tests_within_folds", "by_view"):
        assert tables[key].rows, key
        assert not any("mean" in str(cell) for each in tables[key].rows for cell in each[:2]), key
    assert "mean" not in tables["ours"].note
    assert tables["ours"].title.endswith("AUROC")


def test_the_papers_table_has_the_digits_that_it_prints(content: StudyContent) -> None:
    tables = study_tables(replace(STUDY, published=replace(PUBLISHED, decimals=2)), content=content)
    assert {table.key: table.decimals for table in tables}["paper"] == 2
