"""The index of an output folder: one page with every file, what became of it, and the way to its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hilum.reading_result import FailedReading, Reading
from hilum.report import wording
from hilum.report.headline import percent_text
from hilum.report.templating import asset, content_security_policy, environment
from hilum.report.urgency import FILTERS, NO_JUDGEMENT, SORT_WORDS, Urgency


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One file of the folder.

    `page_href` and `json_href` are paths relative to the index, with `/` between folders and unquoted, or None where
    there is no such file. `thumbnail` is a small picture as the address of an image, or None.
    """

    name: str
    page_href: str | None
    json_href: str | None
    thumbnail: str | None
    result: Reading | FailedReading


class _Texts:
    """Sentences that many rows share, each held once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        return self._places.setdefault(wording.printable(text), len(self._places))

    def all(self) -> list[str]:
        return list(self._places)


def render_index(entries: Iterable[IndexEntry], *, csv: str | None = None) -> str:
    """The index as HTML text: a table, the most urgent first, that is searched, filtered and sorted in the browser.

    Rows stand in the page as data and are drawn as they come into view, so that thousands open at once. `csv` is the
    name of the same as a table beside the index, or None.
    """
    texts = _Texts()
    found = [(Urgency.of(entry.result), entry) for entry in entries]
    ordered = sorted(found, key=lambda one: -one[0].value)
    rows = [_row(entry, urgency=urgency, texts=texts) for urgency, entry in ordered]
    style, script = asset("base.css", "index.css"), asset("index.js")
    counts = [(one, sum(urgency.is_among(one) for urgency, _ in found)) for one in FILTERS]
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            csp=content_security_policy(style=style, script=script),
            style=style,
            script=script,
            content={"texts": texts.all(), "rows": rows},
            filters=[(name, bit, count) for (name, bit), count in counts if count],
            total=len(rows),
            failed=sum(isinstance(entry.result, FailedReading) for _, entry in found),
            order=f"{SORT_WORDS}. {NO_JUDGEMENT}",
            csv=csv,
            words=wording,
        )
    )


def _row(entry: IndexEntry, *, urgency: Urgency, texts: _Texts) -> list[Any]:
    """Name, page, JSON, thumbnail, result, tone, bits of the filters, probability, why it is there, what is small.

    The last is the probability in per cent, as every report shows it.
    """
    result, strongest = entry.result, urgency.strongest
    return [
        wording.printable(entry.name),
        _relative(entry.page_href),
        _relative(entry.json_href),
        entry.thumbnail or 0,
        texts.place(urgency.rank),
        texts.place(urgency.tone),
        urgency.bits,
        round(strongest, 4),
        texts.place(urgency.why),
        texts.place("" if isinstance(result, FailedReading) else _small(result)),
        texts.place("" if strongest < 0 else percent_text(strongest)),
    ]


def _small(reading: Reading) -> str:
    """What stands small below the words: what the picture is, warnings, and what the user says."""
    said = [wording.gate_title(reading.gate)]
    if reading.warnings:
        said.append(f"{len(reading.warnings)} warning{'' if len(reading.warnings) == 1 else 's'}")
    if reading.stated:
        said.append(f"stated by the user: {reading.stated.in_words()}")
    return " · ".join(said)


def _relative(path: str | None) -> str | int:
    """A path as an address that stays in the folder, whatever the file is called; 0 where there is none."""
    return 0 if path is None else f"./{quote(path.encode('utf-8', 'surrogateescape'))}"
