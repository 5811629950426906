"""How every page of a study or a report is made: all is escaped, and an undefined name is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from hilum.evaluation.report.table import cell_remarks, cell_text, counted, is_estimate
from hilum.report.templating import asset, content_security_policy, data_uri, environment
from hilum.report.wording import RESEARCH_USE, probability_text


@cache
def page_environment() -> jinja2.Environment:
    """Templates of `hilum.evaluation`, with the filters that tables, figures and pictures need."""
    pages = environment("hilum.evaluation")
    pages.filters |= {
        "cell": cell_text,
        "png": data_uri,
        "probability": probability_text,
        "counted": counted,
        "remarks": cell_remarks,
    }
    pages.tests["estimate"] = is_estimate
    return pages


def render_page(template: str, *, content: Mapping[str, object], styles: Sequence[str] = ("report.css",)) -> str:
    """A page as HTML text: the same content gives the same text, and nothing in it comes from outside or runs."""
    folder = files("hilum.evaluation").joinpath("templates")
    own = "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in styles)
    style = Markup("{}\n{}").format(asset("base.css"), Markup(own))
    csp = content_security_policy(style=style, script="")
    page = page_environment().get_template(template)
    return page.render(csp=csp, style=style, research_use=RESEARCH_USE, **content)
