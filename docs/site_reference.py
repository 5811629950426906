"""Hooks of mkdocs: what the pages of docs need to become a site, and one page more.

That page has every public name of hilum, with its signature and its whole docstring. The names are those of the stub
beside `hilum/__init__.py`; mkdocstrings reads the rest from the sources. It exists on the site alone, where
search finds it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

STUB = Path(__file__).resolve().parents[1] / "src" / "hilum" / "__init__.pyi"
HEAD = "# Every public name, from its docstring\n\nEach is imported from `hilum`, as in `from hilum import Reader`.\n\n"


def on_files(files: Files, *, config: Any) -> Files:
    """Add the page to what is built."""
    content = HEAD + directives(STUB.read_text(encoding="utf-8"))
    files.append(File.generated(config, "reference/api.md", content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page without the reasons, after the language of a block, why a test does not run it."""
    return re.sub(r"^( *```[a-z]+) no-run: .*$", r"\1", markdown, flags=re.MULTILINE)


def directives(stub: str) -> str:
    """One directive of mkdocstrings a name of the stub, in order of names."""
    places = {
        alias.name: f"hilum.{node.module}.{alias.name}"
        for node in ast.parse(stub).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name != "__version__"
    }
    return "\n".join(f"::: {places[name]}\n" for name in sorted(places, key=str.lower))
