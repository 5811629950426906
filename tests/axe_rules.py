"""What axe-core objects to in a page that a browser shows; a test that asks skips where axe-core is not installed."""

from importlib.resources import files
from importlib.util import find_spec

import pytest

EVERY_RULE = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]


def axe_script():
    for package in ("axe_playwright_python", "axe_core_python"):
        if find_spec(package) is not None:
            return files(package).joinpath("axe.min.js").read_text(encoding="utf-8")
    pytest.skip("axe-core is not installed: pip install axe-playwright-python")


def violations(page):
    """What axe-core objects to, of any weight, in the page as it stands."""
    page.evaluate(axe_script())
    found = page.evaluate(
        "async (tags) => (await axe.run(document, { runOnly: { type: 'tag', values: tags } })).violations", EVERY_RULE
    )
    return [(one["id"], one["impact"], [node["html"][:120] for node in one["nodes"]]) for one in found]
