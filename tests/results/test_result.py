"""A result answers by name, gives arrays of native size, tables, pictures and files."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import hilum
from fabricate_bundle import ToyBundle, any_picture_called
from fabricate_dark_lungs import CASES, COLUMNS, LEFT, RIGHT, ROWS, chest
from fabricate_lungs import write_lung_bundle
from hilum.errors import MissingPartError, OutputError, UsageError
from hilum.report.legend_text import drawn_text
from hilum.report.schema import reading_schema
from hilum.results import optional
from hilum.results.notebook import SIDE_PX
from hilum.results.reader import Reader
from hilum.results.result import Result

GREY = chest(*CASES["two lungs"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def reader(folder: Path) -> Reader:
    toy = ToyBundle(scope=any_picture_called("chest")).write(folder / "toy")
    return Reader(models=[write_lung_bundle(folder / "lungs"), toy], settings=hilum.ReaderSettings(heatmaps="all"))


@pytest.fixture(scope="module")
def result(reader: Reader) -> Result:
    return reader.examine(GREY, name="<b>chest</b>.png")


def test_it_is_an_examination_that_answers_by_name(result: Result) -> None:
    assert isinstance(result, hilum.Examination)
    assert result.findings["Pneumonia"] is result.reading.findings[0]
    assert result.findings["toy", "Pneumonia"].positive is True
    assert (result.name, result.gate, result.warnings) == (
        "<b>chest</b>.png", result.reading.gate, result.reading.warnings
    )  # fmt: skip
    assert repr(result) == f"Result('<b>chest</b>.png': {result.headline})"
    assert "Pneumonia flagged" in result.headline


def test_the_heatmap_is_of_native_size_and_in_its_place(result: Result) -> None:
    """The toy's contribution of a cell is gain * its brightness / 16, and stands at the centre of the cell."""
    heatmap = result.heatmap("Pneumonia")
    assert (heatmap.shape, heatmap.dtype) == (GREY.shape, np.float32)
    cells = GREY.reshape(4, ROWS // 4, 4, COLUMNS // 4).mean(axis=(1, 3)) / 255 * 8 / 16
    at = heatmap[ROWS // 8 :: ROWS // 4, COLUMNS // 8 :: COLUMNS // 4]
    np.testing.assert_allclose(at, cells, atol=0.01)


def test_a_heatmap_that_was_not_made(folder: Path) -> None:
    toy = ToyBundle(name="dim", operating_point=0.9999).write(folder / "dim")
    result = Reader(models=[toy]).examine(GREY)
    with pytest.raises(UsageError, match=r"There is no heatmap of Pneumonia\. Read with .*heatmaps='all'"):
        result.heatmap("Pneumonia")
    with pytest.raises(UsageError, match=r"no finding Pneumona\. Did you mean Pneumonia"):
        result.heatmap("Pneumona")


def test_the_lungs_are_masks_where_they_are(result: Result, folder: Path) -> None:
    masks = result.lung_masks()
    assert masks is not None
    for mask, place in ((masks.right, RIGHT), (masks.left, LEFT)):
        drawn = np.zeros(GREY.shape, bool)
        drawn[place] = True
        assert mask.shape == GREY.shape
        assert 2 * (mask & drawn).sum() / (mask.sum() + drawn.sum()) > 0.95
    assert (masks.trusted, masks.heart, masks.definition) == (True, None, "whole")
    assert repr(masks) == f"LungMasks({ROWS} × {COLUMNS}, whole, no heart, trusted)"
    assert result.lungs is not None
    assert "array" not in repr(replace(result.lungs, heart=np.ones((2, 2), np.float32)))
    without = Reader(models=[ToyBundle(name="alone").write(folder / "alone")]).examine(GREY)
    assert without.lung_masks() is None


def test_json(result: Result) -> None:
    assert json.loads(result.to_json(indent=2)) == result.to_dict() == hilum.reading_to_json(result.reading)
    jsonschema.validate(result.to_dict(), reading_schema())
    assert "\n" not in result.to_json()


def test_a_table_has_one_row_a_finding(result: Result) -> None:
    table = result.to_df()
    assert list(table["finding"]) == ["Pneumonia"]
    assert table["probability"][0] == result.findings["Pneumonia"].probability
    assert bool(table["positive"][0]) is True


def test_it_shows_itself_in_a_notebook_and_escapes_what_others_wrote(result: Result) -> None:
    html = result._repr_html_()
    assert "&lt;b&gt;chest&lt;/b&gt;.png" in html
    assert "<b>chest" not in html
    assert "data:image/png;base64," in html
    assert "http" not in html
    assert "Pneumonia flagged" in html
    assert "Research use, not a medical device" in html
    assert "Heatmap of Pneumonia. Blue: " in html
    assert "Green: lungs" in html
    assert f'width="{SIDE_PX * COLUMNS // max(ROWS, COLUMNS)}"' in html  # a small picture is enlarged
    assert all(warning.split()[0] in html for warning in result.warnings)


def test_a_plot_counts_native_pixels(result: Result) -> None:
    axes = result.plot("Pneumonia")
    (image,) = axes.images
    assert image.get_extent() == [0, COLUMNS, ROWS, 0]
    assert axes.get_title() == result.headline
    assert [said.get_text() for said in axes.texts] == [drawn_text(result, drawn=frozenset({("toy", "Pneumonia")}))]
    picture = np.asarray(image.get_array())
    assert (picture.max(axis=2) > picture.min(axis=2)).mean() > 0.5  # the heatmap's colours
    assert result.plot(ax=axes) is axes
    with pytest.raises(UsageError, match="no finding"):
        result.plot("Fracture")


def test_it_saves_what_hilum_read_writes(result: Result, reader: Reader, tmp_path: Path) -> None:
    page = result.save(tmp_path / "out")
    assert page == tmp_path / "out" / "b.png.html"
    assert page.is_file()
    second = result.save(tmp_path / "out", name="second.png")
    assert second == tmp_path / "out" / "second.png.html"
    again = reader.examine(255 - GREY).save(tmp_path / "out", name="second.png")
    assert again == second
    lines = [json.loads(line) for line in (tmp_path / "out" / "readings.jsonl").read_text().splitlines()]
    assert [line["relative_path"] for line in lines] == [page.name.removesuffix(".html"), "second.png"]
    assert lines[1]["source"]["name"] == "<array>"  # the later reading took the place of the earlier
    assert "second.png" in (tmp_path / "out" / "index.html").read_text()
    with Image.open(tmp_path / "out" / "second.png.overlay.jpg") as overlay:
        assert overlay.size[1] >= ROWS


def test_it_takes_the_place_of_no_other_file_of_its_name(reader: Reader, tmp_path: Path) -> None:
    files = [tmp_path / name / "IM1.png" for name in ("one", "two")]
    for file, grey in zip(files, (GREY, 255 - GREY), strict=True):
        file.parent.mkdir()
        Image.fromarray(grey).save(file)
    page = reader.examine(files[0]).save(tmp_path / "out")
    kept = page.read_bytes()
    with pytest.raises(OutputError, match=r"out holds the results of another file of this name, .*one/IM1\.png, which"):
        reader.examine(files[1]).save(tmp_path / "out")
    assert page.read_bytes() == kept
    Image.fromarray(255 - GREY).save(files[0])
    assert reader.examine(files[0]).save(tmp_path / "out").read_bytes() != kept


def test_a_library_that_is_not_there_is_named_with_its_command(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingPartError, match=r"a plot needs matplotlib, which is not installed. Run: pip"):
        result.plot()
    for name in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPartError, match="a table needs pandas or polars"):
        result.to_df()
    assert optional.import_first("no_such_module", "json", purpose="a test") is json


def test_asking_loads_no_optional_library() -> None:
    code = "import sys, hilum; hilum.Result, hilum.read; print({'matplotlib', 'pandas', 'polars'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
