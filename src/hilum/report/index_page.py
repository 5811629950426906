"""The index of an output folder: one page with every file, what became of it, and the way to its page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from hilum.reading_result import FailedReading, Reading
from hilum.report import wording
from hilum.report.counts import Counts
from hilum.report.headline import headline
from hilum.report.templating import asset, content_security_policy, data_uri, environment


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One file of the folder.

    `page_href` and `json_href` are paths relative to the index, with `/` between folders and unquoted, or None where
    there is no such file. `thumbnail_png` is a small picture as PNG (`report.thumbnail`), or None.
    """

    name: str
    page_href: str | None
    json_href: str | None
    thumbnail_png: bytes | None
    result: Reading | FailedReading


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    page: str | None
    json: str | None
    thumbnail: str | None
    status: str
    tone: str
    gate: str
    words: str
    strongest: float
    probability: str
    warnings: int
    stated: str = ""


def render_index(entries: Iterable[IndexEntry]) -> str:
    """The index as HTML text: counts, and a table that sorts and filters in the browser; entries keep their order."""
    counts = Counts()
    rows: list[_Row] = []
    for entry in entries:
        counts = counts.plus(entry.result)
        rows.append(_row(entry))
    style, script = asset("base.css", "index.css"), asset("index.js")
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            csp=content_security_policy(style=style, script=script),
            style=style,
            script=script,
            rows=rows,
            counts=_count_words(counts),
            total=len(rows),
            statuses=sorted({row.status for row in rows}),
            words=wording,
        )
    )


def _count_words(counts: Counts) -> Sequence[tuple[int, str]]:
    return (
        (counts.read, "read"),
        (counts.positive, "with a positive finding"),
        (counts.undecided, "not decided"),
        (counts.refused, "refused at the gate"),
        (counts.unsure, "unsure at the gate"),
        (counts.failed, "failed"),
    )


def _row(entry: IndexEntry) -> _Row:
    result = entry.result
    links = _relative(entry.page_href), _relative(entry.json_href)
    thumbnail = None if entry.thumbnail_png is None else data_uri(entry.thumbnail_png)
    if isinstance(result, FailedReading):
        words = f"{result.kind}: {result.message}"
        return _Row(entry.name, *links, thumbnail, "failed", "positive", "", words, -1.0, "", 0)
    status, tone = _status(result)
    strongest = max((one.probability for one in result.findings if one.positive is not None), default=-1.0)
    return _Row(
        entry.name,
        *links,
        thumbnail,
        status,
        tone,
        wording.gate_title(result.gate),
        headline(result),
        strongest,
        wording.probability_text(strongest) if strongest >= 0.0 else "",
        len(result.warnings),
        result.stated.in_words(),
    )


def _status(reading: Reading) -> tuple[str, str]:
    """One word for the whole reading, and the tone of its chip."""
    if not reading.findings:
        return reading.gate.status, "caution"
    decisions = [finding.positive for finding in reading.findings]
    if any(decisions):
        return "positive", "positive"
    return ("not decided", "undecided") if None in decisions else ("negative", "negative")


def _relative(path: str | None) -> str | None:
    """A path as an address that stays in the folder, whatever the file is called."""
    return None if path is None else f"./{quote(path.encode('utf-8', 'surrogateescape'))}"
