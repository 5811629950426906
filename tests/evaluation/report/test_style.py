import io

import matplotlib as mpl
from PIL import Image

from hilum.evaluation.report.style import grid_of_axes, png_and_svg, styled


def draw():
    with styled():
        figure, axes = grid_of_axes(5)
        axes[0].plot([0, 1], [1, 0])
        axes[0].set_title("a title")
        return png_and_svg(figure)


def test_the_same_figure_has_the_same_bytes_and_no_date():
    first, second = draw(), draw()
    assert first == second
    assert b"date" not in first[1]
    assert b"Matplotlib" not in first[0]


def test_both_files_open():
    png, svg = draw()
    assert Image.open(io.BytesIO(png)).convert("RGB").getextrema() != ((255, 255),) * 3
    assert svg.startswith(b"<?xml")
    assert b"<text" not in svg  # letters are shapes, so that no font is needed


def test_settings_are_as_before():
    before = dict(mpl.rcParams)
    draw()
    assert dict(mpl.rcParams) == before


def test_panels_stand_in_rows_of_four():
    with styled():
        figure, axes = grid_of_axes(5)
        assert len(axes) == 5
        width, height = figure.get_size_inches()
        assert width == 2 * height
        alone, _ = grid_of_axes(1)
        assert alone.get_size_inches()[0] > width / 4
