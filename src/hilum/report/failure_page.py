"""The page of a file that could not be read, in the place of its reading: what failed, and the way on."""

from __future__ import annotations

from hilum.reading_result import FailedReading
from hilum.report import wording
from hilum.report.page import PageWays
from hilum.report.templating import asset, content_security_policy, environment


def render_failure_page(failed: FailedReading, *, ways: PageWays) -> str:
    """The page as HTML text, complete in itself; the same failure and ways give the same text."""
    style = asset("base.css", "page.css")
    return (
        environment()
        .get_template("failure.html.j2")
        .render(
            csp=content_security_policy(style=style, script=""),
            style=style,
            failed=failed,
            name=wording.last_part(failed.name),
            ways=ways,
            words=wording,
        )
    )
