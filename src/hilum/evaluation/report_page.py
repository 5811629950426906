"""The report as one HTML page that works offline, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from markupsafe import Markup

from hilum.evaluation.checklist import checklist
from hilum.evaluation.report_figures import ReportFigure
from hilum.evaluation.report_subject import ReportSubject
from hilum.evaluation.report_table import ReportTable
from hilum.evaluation.templating import page_environment
from hilum.report.templating import asset, content_security_policy
from hilum.report.wording import RESEARCH_USE


def render_report(subject: ReportSubject, *, tables: Sequence[ReportTable], figures: Sequence[ReportFigure]) -> str:
    """The page as HTML text; the same subject gives the same text, and nothing in it comes from outside."""
    own = files("hilum.evaluation").joinpath("templates", "report.css").read_text(encoding="utf-8")
    style = Markup("{}\n{}").format(asset("base.css"), Markup(own))
    items = checklist(subject.filled)
    return (
        page_environment()
        .get_template("report.html.j2")
        .render(
            csp=content_security_policy(style=style, script=""),
            style=style,
            subject=subject,
            judgement=subject.judgement,
            whole=subject.judgement.whole,
            tables={table.key: table for table in tables},
            figures={figure.key: figure for figure in figures},
            filled=[item for item in items if item.filled is not None],
            for_authors=[item for item in items if item.filled is None],
            research_use=RESEARCH_USE,
        )
    )
