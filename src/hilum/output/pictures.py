"""What is drawn of a reading, for a folder and for the service alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hilum.bundle.card import Card
from hilum.profile import NOT_TIMED, Timer
from hilum.reading_result import Examination
from hilum.report.overlay import overlay_jpeg
from hilum.report.page import PageWays, render_page
from hilum.report.windowing import thumbnail_png


@dataclass(frozen=True, slots=True)
class Pictures:
    """`overlay` is a JPEG, `page` HTML in UTF-8, `thumbnail` a PNG."""

    overlay: bytes
    page: bytes
    thumbnail: bytes


def draw_pictures(
    examination: Examination,
    *,
    cards: Sequence[Card],
    every_heatmap: bool,
    ways: PageWays | None = None,
    timer: Timer = NOT_TIMED,
) -> Pictures:
    """All of them; `every_heatmap` draws those of negative findings too, and `ways` leads to other pages."""
    with timer.part("page"):
        page = render_page(examination, cards=cards, ways=ways)
    with timer.part("overlay"):
        overlay = overlay_jpeg(examination, every_heatmap=every_heatmap)
    with timer.part("thumbnail"):
        thumbnail = thumbnail_png(examination.radiograph.pixels)
    return Pictures(overlay=overlay, page=page.encode("utf-8", "replace"), thumbnail=thumbnail)
