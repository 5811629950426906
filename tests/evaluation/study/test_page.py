import re
from dataclasses import replace

import pytest
from markupsafe import escape

from fabricate_study import PROTOCOL, RUN, STUDY, toy_content
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.page import render_study
from hilum.evaluation.study.section import Gallery, Picture, SectionContent
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.tables import study_tables
from hilum.evaluation.study.training_time import TrainingTime

PICTURE = Picture(images=(("_a", b"a", "first"), ("_b", b"b", "second")), title="Mass", lines=("0.4", "<x>.png"))
MORE = SectionContent(
    key="lungs",
    title="Lungs",
    note="How they were drawn.",
    tables=(ReportTable(key="lungs", title="The crops", columns=("what", "n"), rows=(("trusted", 7),)),),
    galleries=(Gallery(title="Flagged", pictures=(PICTURE,), wide=True), Gallery(title="Nothing", pictures=())),
)


def page_of(content: StudyContent, *, study: Study = STUDY, sections: tuple[SectionContent, ...] = ()) -> str:
    tables = study_tables(study, content=content)
    return render_study(study, content=content, tables=tables, figures=(), sections=sections)


def test_the_page_shows_every_table_with_its_protocol(content: StudyContent) -> None:
    page = page_of(content)
    for table in study_tables(STUDY, content=content):
        assert escape(table.title) in page, table.key
    assert page.index("What the paper reports") < page.index("What these images give")
    assert PROTOCOL in page
    assert "5" * 64 in page
    assert "7 of 210" in page
    assert "clustered score: AUROC; percentile by patient: differences of AUROC" in page
    assert page.count('<span class="lack">there are no positives</span>') >= 1


def test_text_is_escaped_and_nothing_comes_from_outside(content: StudyContent) -> None:
    page = page_of(content, sections=(MORE,))
    assert "hilum study toy &lt;b&gt;" in page
    assert "&lt;x&gt;.png" in page
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", page)
    assert "default-src &#39;none&#39;" in page


@pytest.mark.parametrize("smoke", [True, False])
def test_a_smoke_run_and_an_unfinished_one_say_so(smoke: bool) -> None:
    run = replace(RUN, folds_done=4 if smoke else 5)
    page = page_of(toy_content(smoke=smoke, run=run, replicates=50))
    assert ("Test run only; ignore its numbers." in page) is smoke
    assert ("4 of 5 folds." in page) is smoke


def test_how_long_it_trained_stands_beside_its_command() -> None:
    run = replace(RUN, time=TrainingTime(seconds=9000.0, trainings=15))
    assert "<dd>trained in 2.5 hours</dd>" in page_of(toy_content(run=run, replicates=50)).replace("\n", "")
    assert "trained in" not in page_of(toy_content(replicates=50))


def test_a_section_has_its_place_and_an_empty_one_has_none(content: StudyContent) -> None:
    page = page_of(content, sections=(MORE, SectionContent(key="maps", title="Maps", numbers=3)))
    for text in ('<a href="#lungs">Lungs</a>', 'id="lungs"', "How they were drawn.", "The crops", "Flagged"):
        assert text in page
    assert [page.index(f'alt="{words}"') for words in ("first", "second")]
    assert "<strong>Mass</strong><br>0.4<br>" in page
    assert "Nothing" not in page
    assert "Maps" not in page
    assert page.index('id="groups"') < page.index('id="lungs"') < page.index('id="provenance"')


def test_what_a_study_does_not_have_has_no_place() -> None:
    bare = replace(STUDY, published=None, claims=(), pairs=(), groups=())
    page = page_of(toy_content(study=bare, replicates=50), study=bare)
    for place in ("paper", "claims", "tests", "groups"):
        assert f'"#{place}"' not in page
        assert f'id="{place}"' not in page
    assert page == page_of(toy_content(study=bare, replicates=50), study=bare)


def test_of_one_class_its_auroc_is_called_so() -> None:
    content = toy_content(labels=("Mass",), without=(), replicates=50)
    page = page_of(content, study=replace(STUDY, claims=(), published=None))
    assert "<dt>AUROC, both</dt>" in page
    assert "mean AUROC, both" not in page
    assert "classes in the mean" not in page
    assert content.means_in_words({"both": "both"})[0].startswith("AUROC, both: ")


def test_fractions_have_the_tables_digits(content: StudyContent) -> None:
    costs = ReportTable(key="lungs", title="Costs", columns=("network", "MB"), rows=(("small", 8.96),), decimals=1)
    page = page_of(content, sections=(replace(MORE, tables=(costs,)),))
    assert '<td class="right">9.0</td>' in page
