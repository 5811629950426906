"""What the SDFN study writes, and the page in a real browser: nothing fails, is loaded, or stands over the edge."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_sdfn_predictions import fabricate_sdfn_predictions
from fabricate_two_maps import two_maps
from hilum.report.windowing import encode_png
from hilum.systems.sdfn.heatmaps import draw_pair
from hilum.systems.sdfn.lung_cases import LungCase
from hilum.systems.sdfn.page import StudyPictures
from hilum.systems.sdfn.study import LungCounts, StudyRun, make_sdfn_study
from hilum.systems.sdfn.write_study import write_sdfn_study

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
RUN = StudyRun(
    recipe="tiny", folds_done=4, folds=5, split_sha256="5" * 64, command="x" * 200, environment={"k" * 50: "v" * 90},
    lungs=LungCounts(images=90, untrusted=3, flags={"more than two regions": 3}, bundle="toy-lungs 1.0.0"),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    study = make_sdfn_study(fabricate_sdfn_predictions(without=("Hernia",)), run=RUN, replicates=50)
    pixels = np.full((90, 120), 0.4, np.float32)
    pair = draw_pair(replace(two_maps(1), image="folder/" * 15 + "x.png"), pixels=pixels)
    case = LungCase(image="y.png", trusted=False, flags=("no lung",), png=encode_png(np.zeros((256, 1036), np.uint8)))
    pictures = StudyPictures(heatmaps=(pair,) * 3, boxed=(replace(pair, boxes=2),), cases=(case,) * 2, flagged=9)
    assert write_sdfn_study(study, folder=folder, pictures=pictures, band_replicates=20) == folder / "study.html"
    return folder


def test_every_file_is_there(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "study.json", "study.html", "tables", "figures", "heatmaps", "flagged",
    }  # fmt: skip
    assert json.loads((folder / "study.json").read_text())["folds_done"] == 4
    assert len(list((folder / "heatmaps").iterdir())) == 8
    assert {path.name for path in (folder / "flagged").iterdir()} == {"001.png", "002.png"}
    for path in (folder / "figures").iterdir():
        assert path.read_bytes()[:5] == (b"\x89PNG\r" if path.suffix == ".png" else b"<?xml")
    for path in (folder / "tables").iterdir():
        assert len(path.read_text().splitlines()) > 2


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser(folder: Path, width: int, scheme: str) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    trouble: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda r: trouble.append(r.url) if r.url[:5] not in ("file:", "data:") else None)
        page.goto((folder / "study.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        drawn = page.locator("img").evaluate_all("(all) => all.map((e) => e.naturalWidth)")
        assert len(drawn) == 2 + 8 + 2
        assert min(drawn) > 0
        for link in page.locator("nav a").all():
            assert page.locator(str(link.get_attribute("href"))).count() == 1
        browser.close()
    assert trouble == []
