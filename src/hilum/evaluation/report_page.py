"""The report as one HTML page that works offline, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from hilum.evaluation.checklist import checklist
from hilum.evaluation.report_figures import ReportFigure
from hilum.evaluation.report_subject import ReportSubject
from hilum.evaluation.report_table import ReportTable, cell_text, counted, is_estimate
from hilum.report.templating import asset, content_security_policy, data_uri
from hilum.report.wording import RESEARCH_USE, printable, probability_text


def render_report(subject: ReportSubject, *, tables: Sequence[ReportTable], figures: Sequence[ReportFigure]) -> str:
    """The page as HTML text; the same subject gives the same text, and nothing in it comes from outside."""
    own = files("hilum.evaluation").joinpath("templates", "report.css").read_text(encoding="utf-8")
    style = Markup("{}\n{}").format(asset("base.css"), Markup(own))
    items = checklist(subject.filled)
    return (
        _environment()
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


def _finalize(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hilum.evaluation", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cell": cell_text,
        "png": data_uri,
        "probability": probability_text,
        "counted": counted,
    }
    environment.tests["estimate"] = is_estimate
    return environment
