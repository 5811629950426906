import csv
import io
from dataclasses import replace

import pytest

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.evaluation.report.table import ReportTable, table_csv
from hilum.statistics.estimate import Estimate
from hilum.systems.sdfn.predictions import SdfnPredictions
from hilum.systems.sdfn.study import LungCounts, SdfnStudy, StudyRun, make_sdfn_study
from hilum.systems.sdfn.tables import p_text, sdfn_tables

RUN = StudyRun(
    recipe="tiny",
    folds_done=5,
    folds=5,
    split_sha256="0" * 64,
    lungs=LungCounts(images=200, untrusted=5, flags={"mirrored": 3}, bundle="toy-lungs 1.0.0"),
)


@pytest.fixture(scope="module")
def study() -> SdfnStudy:
    return make_sdfn_study(fabricate_sdfn_predictions(without=("Hernia",)), run=RUN, replicates=100)


@pytest.fixture(scope="module")
def tables(study: SdfnStudy) -> dict[str, ReportTable]:
    return {table.key: table for table in sdfn_tables(study)}


def row(table: ReportTable, name: str) -> tuple[object, ...]:
    return next(each for each in table.rows if each[0] == name)


def test_the_papers_table_and_ours_are_two_with_their_protocol_in_each_heading(tables, study) -> None:
    paper, ours = tables["paper"], tables["ours"]
    assert "official split, 25,596 test images" in paper.title
    assert f"5 folds by patient, {study.aurocs.n:,} images" in ours.title
    assert study.protocol in ours.note
    assert row(paper, "Mass") == ("Mass", 0.693, 0.777, 0.821, 0.791, 0.807, 0.815)
    assert row(paper, "mean of 14 classes")[-3:] == (0.802, 0.804, 0.815)


def test_ours_has_intervals_counts_and_marks_what_lacks_an_outcome(tables, study) -> None:
    mass = row(tables["ours"], "Mass")
    judged = study.aurocs.label("Mass")
    assert mass == ("Mass", judged.n, judged.positives, *(judged.auroc[n] for n in ("whole", "lung", "sdfn")))
    assert row(tables["ours"], "Hernia")[3] == "there are no positives"
    assert row(tables["ours"], "mean of 13 classes")[-1] == study.aurocs.mean["sdfn"]
    assert "Not in the mean: Hernia: it lacks an outcome" in tables["ours"].note


def test_the_t_test_stands_beside_the_papers_own(tables) -> None:
    found = row(tables["paired_t"], "SDFN − whole image")
    assert found[1:4] == ("6.16", "3e-05", 13)
    assert row(tables["paired_t"], "SDFN − lung crop")[1] == "5.37"


def test_every_class_has_both_tests(tables, study) -> None:
    for first, second in (("sdfn", "whole"), ("sdfn", "lung"), ("lung", "whole")):
        table = tables[f"tests_{first}_{second}"]
        assert len(table.rows) == 13
        tests = next(one for one in study.tests if one.pair == (first, second))
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
    assert rows[-1][0] == "mean of 13 classes"
    assert rows[-1][2:5] == pytest.approx([sum(column) / 13 for column in columns[2:5]])


def test_views_name_what_has_too_few_positives(tables) -> None:
    assert "Hernia" in tables["views"].note
    assert all(cells[3] is None or cells[3] >= 20 for cells in tables["views"].rows)


def test_the_share_of_whole_images_among_the_crops(tables) -> None:
    assert row(tables["lungs"], "lungs not trusted: the whole image is the crop")[1:] == (5, "2.5%")


def test_as_csv_every_estimate_has_its_bounds(tables) -> None:
    rows = list(csv.DictReader(io.StringIO(table_csv(tables["ours"]).decode())))
    assert {"SDFN", "SDFN_low", "SDFN_high"} <= set(rows[0])
    assert float(rows[0]["SDFN_low"]) <= float(rows[0]["SDFN"]) <= float(rows[0]["SDFN_high"])


def test_a_study_without_views_or_lungs_has_no_such_table() -> None:
    made = fabricate_sdfn_predictions(labels=("Mass", "Nodule"))
    plain = SdfnPredictions(*(replace(one, view=None) for one in (made.whole, made.lung, made.sdfn)))
    keys = {table.key for table in sdfn_tables(make_sdfn_study(plain, run=replace(RUN, lungs=None), replicates=50))}
    assert not {"views", "lungs"} & keys


@pytest.mark.parametrize(("p", "text"), [(None, None), (0.0123, "0.012"), (0.00004, "4e-05"), (1.0, "1.000")])
def test_p_values(p: float | None, text: str | None) -> None:
    assert p_text(p) == text
