"""The Jinja environment of every page of evaluation: everything escaped, and an undefined name is an error."""

from __future__ import annotations

from functools import cache

import jinja2
from markupsafe import Markup

from hilum.evaluation.report.table import cell_remarks, cell_text, counted, is_estimate
from hilum.report.templating import data_uri
from hilum.report.wording import printable, probability_text


def _finalize(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def page_environment() -> jinja2.Environment:
    """Templates of `hilum.evaluation`, with the filters that tables, figures and pictures need."""
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
        "remarks": cell_remarks,
    }
    environment.tests["estimate"] = is_estimate
    return environment
