import pytest

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from hilum.evaluation.comparing.many_models import model_aurocs
from hilum.systems.sdfn.paper import TABLE_1
from hilum.systems.sdfn.predictions import PAIRS
from hilum.systems.sdfn.study import SdfnStudy, StudyRun, make_sdfn_study

RUN = StudyRun(recipe="tiny", folds_done=5, folds=5, split_sha256="0" * 64)


@pytest.fixture(scope="module")
def study() -> SdfnStudy:
    return make_sdfn_study(fabricate_sdfn_predictions(without=("Hernia",)), run=RUN, replicates=100)


def test_classes_stand_in_the_order_of_the_papers_table(study: SdfnStudy) -> None:
    assert [one.label for one in study.aurocs.labels] == list(TABLE_1)


def test_the_order_of_classes_changes_no_number(study: SdfnStudy) -> None:
    plain = model_aurocs(study.predictions.many, pairs=PAIRS, replicates=100)
    assert {one.label: one for one in plain.labels} == {one.label: one for one in study.aurocs.labels}
    assert plain.mean["sdfn"].value == pytest.approx(study.aurocs.mean["sdfn"].value)


def test_every_pair_is_tested_and_every_view_judged(study: SdfnStudy) -> None:
    assert tuple(one.pair for one in study.tests) == PAIRS
    assert [one.view for one in study.views] == ["AP", "PA"]
    assert len(study.claims) == 11


def test_a_class_of_ones_own_goes_last() -> None:
    made = make_sdfn_study(
        fabricate_sdfn_predictions(labels=("Mine", "Nodule", "Mass")), run=RUN, replicates=50
    )  # fmt: skip
    assert [one.label for one in made.aurocs.labels] == ["Mass", "Nodule", "Mine"]


def test_smoke_is_the_predictions(study: SdfnStudy) -> None:
    assert not study.smoke
    marked = fabricate_sdfn_predictions(labels=("Mass",), protocol="out of fold", smoke=True)
    assert make_sdfn_study(marked, run=RUN, replicates=50).smoke
