"""What is drawn of a reading: each what its own function draws."""

from fabricate_study_image import read_image, study_image
from hilum.output.pictures import draw_pictures
from hilum.report.overlay import overlay_jpeg
from hilum.report.page import PageWays, render_page
from hilum.report.windowing import thumbnail_png


def test_each_is_what_its_own_function_draws() -> None:
    examination = read_image(study_image())
    ways = PageWays("./index.html", None, None)
    drawn = draw_pictures(examination, cards=(), every_heatmap=True, ways=ways)
    assert drawn.overlay == overlay_jpeg(examination, every_heatmap=True)
    assert drawn.page.decode() == render_page(examination, cards=(), ways=ways)
    assert drawn.thumbnail == thumbnail_png(examination.radiograph.pixels)
    alone = draw_pictures(examination, cards=(), every_heatmap=False)
    assert alone.page.decode() == render_page(examination, cards=())
