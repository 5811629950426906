import re
from dataclasses import replace

import pytest
from markupsafe import escape

from fabricate_sdfn_predictions import PROTOCOL, fabricate_sdfn_predictions
from hilum.systems.sdfn.page import render_sdfn_page
from hilum.systems.sdfn.study import SdfnStudy, StudyRun, make_sdfn_study
from hilum.systems.sdfn.tables import sdfn_tables

RUN = StudyRun(
    recipe="tiny", folds_done=5, folds=5, split_sha256="5" * 64, command="hilum study sdfn <b>", commit="abc",
    environment={"torch": "2.6"}, settings={"seed": 3}, calibrations=210, not_calibrated=7,
)  # fmt: skip


@pytest.fixture(scope="module")
def study() -> SdfnStudy:
    return make_sdfn_study(fabricate_sdfn_predictions(without=("Hernia",)), run=RUN, replicates=50)


def page_of(study: SdfnStudy) -> str:
    return render_sdfn_page(study, tables=sdfn_tables(study), figures=())


def test_the_page_shows_every_table_with_its_protocol(study: SdfnStudy) -> None:
    page = page_of(study)
    for table in sdfn_tables(study):
        assert escape(table.title) in page, table.key
    assert page.index("What the paper reports") < page.index("What these images give")
    assert PROTOCOL in page
    assert "5" * 64 in page
    assert "7 of 210" in page
    assert page.count('<span class="lack">there are no positives</span>') >= 1


def test_text_is_escaped_and_nothing_comes_from_outside(study: SdfnStudy) -> None:
    page = page_of(study)
    assert "hilum study sdfn &lt;b&gt;" in page
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", page)
    assert "default-src &#39;none&#39;" in page


def test_a_smoke_run_and_an_unfinished_one_say_so(study: SdfnStudy) -> None:
    assert "Smoke run." not in page_of(study)
    assert "4 of 5 folds." not in page_of(study)
    smoke = make_sdfn_study(
        fabricate_sdfn_predictions(protocol=f"SMOKE {PROTOCOL}", smoke=True),
        run=replace(RUN, folds_done=4),
        replicates=50,
    )
    page = page_of(smoke)
    assert "Smoke run." in page
    assert "4 of 5 folds." in page
    assert "Ours (SMOKE, no result; 5 folds by patient" in page


def test_without_pictures_there_is_no_room_for_them(study: SdfnStudy) -> None:
    page = page_of(study)
    assert 'id="heatmaps"' not in page
    assert 'id="lungs"' not in page
    assert page == page_of(study)
