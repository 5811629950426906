"""Jinja templates of the HTML reports: everything escaped, everything inside one file, nothing from outside.

Styles and scripts are written into the page and named by hash in its Content-Security-Policy, so a browser runs these
and nothing else, and loads nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from hilum.report.wording import printable


def _finalize(value: object) -> object:
    """Plain text loses control characters and lone surrogates; markup of our own stays."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def environment(package: str = "hilum.report") -> jinja2.Environment:
    """The environment of the templates of a package: autoescape, and an undefined name is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def asset(*names: str) -> Markup:
    """Our own style sheets or scripts, joined, as they stand inside the page."""
    folder = files("hilum.report").joinpath("templates")
    return Markup("\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names))


def content_security_policy(*, style: str, script: str) -> str:
    """The policy under which only these two inline blocks work, and images only from inside the page."""
    return (
        f"default-src 'none'; img-src data:; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def data_uri(picture: bytes, *, mime: str = "image/png") -> str:
    """A picture as the address of an image."""
    return f"data:{mime};base64,{base64.b64encode(picture).decode('ascii')}"


def _source(block: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(block.encode()).digest()).decode('ascii')}'"
