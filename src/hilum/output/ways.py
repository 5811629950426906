"""The ways from a page of an output folder to its index and to the pages before and after it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from hilum.output.layout import INDEX, output_paths
from hilum.report.page import PageWays


@dataclass(frozen=True, slots=True)
class PageOrder:
    """The images of a folder in their order; each has a page, also one that could not be read."""

    relatives: tuple[str, ...] = ()
    places: Mapping[str, int] | None = None

    @staticmethod
    def of(relatives: Iterable[str]) -> PageOrder:
        """The order of images by their paths within the folder (POSIX, with their suffix)."""
        listed = tuple(relatives)
        return PageOrder(listed, {relative: place for place, relative in enumerate(listed)})

    def ways(self, relative: str) -> PageWays:
        """From the page of the image at `relative`; of one that is not in the order, to the index alone."""
        place = (self.places or {}).get(relative)
        before = None if place in (None, 0) else self.relatives[place - 1]
        after = None if place is None or place + 1 >= len(self.relatives) else self.relatives[place + 1]
        page = output_paths(relative).page
        return PageWays(
            _address(INDEX, page=page),
            None if before is None else _address(output_paths(before).page, page=page),
            None if after is None else _address(output_paths(after).page, page=page),
        )


ALONE = PageOrder()
"""No order: every page leads to the index alone."""


def _address(to: str, *, page: str) -> str:
    """The address of a file of the folder as seen from `page`, whatever both are called."""
    path = posixpath.relpath(to, posixpath.dirname(page) or ".")
    return (
        quote(path.encode("utf-8", "surrogateescape"))
        if path.startswith("../")
        else f"./{quote(path.encode('utf-8', 'surrogateescape'))}"
    )
