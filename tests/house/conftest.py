"""The pages of the documentation, parsed: every test here that asks for `page` runs once a page.

Convention of the pages (CONTRIBUTING.md tells writers the same):

- ```` ```console ```` holds commands after `$ ` (continued after `> `) and what they print; both are checked, and `...`
  stands for any text. A command that exits with another code than 0 fails the page.
- ```` ```python ```` is executed; the blocks of a page share one namespace and one working folder with its commands.
- A block that cannot run says so: ```` ```console no-run: REASON ````. Every other language is for reading only.
"""

import importlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
EXECUTABLE = ("console", "python")
READ_ONLY = ("text", "json", "make", "toml", "yaml")

_FENCE = re.compile(r"^ *```(?P<language>[a-z]*) *(?P<info>.*)$")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_HEADING = re.compile(r"^#+ +(.*?) *#*$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """One fenced block: where it starts, its language, why it does not run (None where it runs), its text."""

    line: int
    language: str
    no_run: str | None
    text: str


@dataclass(frozen=True)
class Page:
    """One Markdown page: its blocks, and its prose without them."""

    path: Path
    blocks: tuple[Block, ...]
    prose: str

    @property
    def runs(self) -> tuple[Block, ...]:
        """The blocks that are executed, in order."""
        return tuple(block for block in self.blocks if block.language in EXECUTABLE and block.no_run is None)

    @property
    def code_spans(self) -> list[str]:
        """Every `inline code` of the prose."""
        return _INLINE.findall(self.prose)

    @property
    def links(self) -> list[str]:
        """Every link and picture of the prose."""
        return _LINK.findall(_INLINE.sub("", self.prose))

    @property
    def anchors(self) -> set[str]:
        """The anchors that GitHub makes of the headings."""
        headings = [match[1] for line in self.prose.splitlines() if (match := _HEADING.match(line))]
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def parse_page(path: Path) -> Page:
    """The page at `path`; a fence that never closes, or one without a language, is an error."""
    blocks: list[Block] = []
    prose: list[str] = []
    opened: tuple[int, str, str | None] | None = None
    body: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is None and fence is None:
            prose.append(line)
        elif opened is None:
            assert fence is not None
            info = fence["info"]
            reason = info.removeprefix("no-run:").strip() if info.startswith("no-run:") else None
            if not fence["language"] or (info and not reason):
                raise ValueError(
                    f"{path.name}:{number}: a fence needs a language, and then nothing or 'no-run: REASON'"
                )
            opened, body = (number, fence["language"], reason), []
        elif fence is not None and not fence["language"]:
            blocks.append(Block(*opened, "\n".join(body)))
            opened = None
        else:
            body.append(line)
    if opened is not None:
        raise ValueError(f"{path.name}:{opened[0]}: this fence is never closed")
    return Page(path, tuple(blocks), "\n".join(prose))


def all_pages() -> list[Path]:
    """README and its neighbours, then everything under docs/."""
    top = [ROOT / name for name in TOP_PAGES if (ROOT / name).exists()]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a page, named by its path."""
    if "page" in metafunc.fixturenames:
        paths = all_pages()
        names = [path.relative_to(ROOT).as_posix() for path in paths]
        metafunc.parametrize("page", [parse_page(path) for path in paths], ids=names)


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def docs_script(root: Path) -> Callable[[str], ModuleType]:
    """Imports a script of docs/ by its name, with its neighbours beside it."""

    def load(name: str) -> ModuleType:
        sys.path.insert(0, str(root / "docs"))
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(str(root / "docs"))

    return load
