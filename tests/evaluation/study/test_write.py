"""What a study writes, and the page in a real browser: nothing fails, is loaded, or stands over the edge."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fabricate_study import RUN, STUDY, toy_content
from hilum.errors import OutputError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import Gallery, Picture, SectionContent
from hilum.evaluation.study.write import write_study
from hilum.output.lock import FolderLock
from hilum.report.windowing import encode_png

FILE = RUN.file.model_copy(update={"command": "x" * 200, "environment": {"k" * 50: "v" * 90}})
LONG = replace(RUN, folds_done=4, file=FILE)


def pictures(content: StudyContent) -> SectionContent:
    png = encode_png(np.full((90, 120), 90, np.uint8))
    pair = Picture(
        images=(("_mass_a", png, "a"), ("_mass_b", png, "b")), title="Mass", lines=("folder/" * 15 + "x.png",)
    )
    wide = Picture(images=(("", encode_png(np.zeros((256, 1036), np.uint8)), "c"),), lines=(f"{content.aurocs.n}",))
    galleries = (Gallery(title="Pairs", pictures=(pair,) * 4), Gallery(title="Cases", pictures=(wide,) * 2, wide=True))
    table = ReportTable(key="shown", title="Shown", columns=("what", "n"), rows=(("pairs", 4), ("cases", 2)))
    return SectionContent(key="pictures", title="Pictures", tables=(table,), galleries=galleries, numbers=[4, 2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    study = replace(STUDY, sections=(pictures,))
    content = toy_content(study=study, run=LONG, replicates=50)
    assert write_study(study, content=content, folder=folder, band_replicates=20) == folder / "study.html"
    return folder


def test_every_file_is_there(folder: Path) -> None:
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert names == {"study.json", "study.html", "tables", "figures", "predictions", "pictures"}
    numbers = json.loads((folder / "study.json").read_text())
    assert (numbers["folds_done"], numbers["sections"]) == (4, {"pictures": [4, 2]})
    assert {path.name for path in (folder / "pictures").iterdir()} == {
        *(f"{n:03d}_mass_{which}.png" for n in range(1, 5) for which in "ab"), "005.png", "006.png",
    }  # fmt: skip
    for path in (folder / "figures").iterdir():
        assert path.read_bytes()[:5] == (b"\x89PNG\r" if path.suffix == ".png" else b"<?xml")
    for path in (folder / "tables").iterdir():
        assert len(path.read_text().splitlines()) > 2
    assert read_predictions(folder / "predictions" / "both.parquet").cross_validated


def test_a_folder_that_another_process_holds_is_left_alone(folder: Path) -> None:
    before = (folder / "study.html").stat().st_mtime_ns
    with FolderLock(folder), pytest.raises(OutputError, match="Another hilum process"):
        write_study(STUDY, content=toy_content(replicates=50), folder=folder, band_replicates=5)
    assert (folder / "study.html").stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser(browser: Any, folder: Path, width: int, scheme: str) -> None:
    trouble: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda r: trouble.append(r.url) if r.url[:5] not in ("file:", "data:") else None)
    page.goto((folder / "study.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    drawn = page.locator("img").evaluate_all("(all) => all.map((e) => e.naturalWidth)")
    assert len(drawn) == 2 + 8 + 2
    assert min(drawn) > 0
    cut = page.locator(".strip").evaluate_all(
        "(all) => all.filter((e) => [...e.children].some((i) => i.getBoundingClientRect().right > "
        "e.getBoundingClientRect().right + 1 || i.getBoundingClientRect().top > e.getBoundingClientRect().top + 1))"
    )
    assert not cut, "the images of a picture stand side by side, and none is cut off"
    for link in page.locator("nav a").all():
        assert page.locator(str(link.get_attribute("href"))).count() == 1
    context.close()
    assert trouble == []
