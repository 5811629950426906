"""What docstrings and comments of the sources name in backticks exists: files, and names as Python writes them.

A word alone may be anything, such as a column of somebody's table. What has an underscore or a dot within is a name: it
stands in the code, as a name or in a text, or in `OF_OTHERS`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from user_texts import SOURCES

ROOT = SOURCES.parents[1]
OF_OTHERS = frozenset(
    {
        "tf_efficientnet_lite0", "boostnet_labeldata",  # of other projects and releases
        "y_true", "y_score", "X_prob", "HEAD_loss", "HEAD_mean_auroc",  # made of parts
        "MEMBER.optimizer.learning_rate", "HILUM_READ_OUT", "HILUM_TRAIN_OUT",
        "z_l",  # of formulas
    }
)  # fmt: skip
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PYTHON_FILE = re.compile(r"[\w./]*[a-z_]\.py")
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(\))?")
FILE_ENDINGS = (".bin", ".csv", ".jpg", ".json", ".jsonl", ".onnx", ".png", ".safetensors", ".toml", ".txt", ".TXT")


def docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every text that stands as a statement of its own."""
    blocks: list[ast.AST] = [tree]
    while blocks:
        for child in ast.iter_child_nodes(blocks.pop()):
            if isinstance(child, ast.Expr):
                if isinstance(child.value, ast.Constant) and isinstance(child.value.value, str):
                    yield child.value
            elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                blocks.append(child)


def parted(source: str) -> tuple[list[tuple[int, str]], set[str]]:
    """What is in backticks in docstrings and comments, each with its line, and the words of the code beside them."""
    lines, spans = source.split("\n"), []
    for node in docstrings(ast.parse(source)):
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        spans += [(first + 1 + n, s) for n, line in enumerate(lines[first:last]) for s in SPAN.findall(line)]
        lines[first:last] = [""] * (last - first)
    for number, line in enumerate(lines):
        lines[number], _, comment = line.partition("#")
        spans += [(number + 1, span) for span in SPAN.findall(comment)]
    return spans, set(re.findall(r"\w+", "\n".join(lines)))


@cache
def files() -> frozenset[str]:
    """The names of all Python files of the project."""
    folders = ("src", "tests", "docs", "benchmarks")
    return frozenset(path.name for folder in folders for path in (ROOT / folder).rglob("*.py"))


def is_missing(span: str, *, words: set[str]) -> bool:
    """Whether `span` is the name of a file or of something in Python, and there is none."""
    if PYTHON_FILE.fullmatch(span):
        known = (ROOT / span).is_file() if "/" in span else span in files()
        return not (known or any(path.is_file() for path in SOURCES.rglob(span)))
    if not NAME.fullmatch(span) or not set(span) & set("_.") or span in OF_OTHERS or span.endswith(FILE_ENDINGS):
        return False
    if span.startswith("_") and any(word.endswith(span) for word in words):
        return False  # how a family of names ends
    return not set(re.findall(r"\w+", span)) <= words


def test_what_docstrings_and_comments_name_exists() -> None:
    found, words = [], set()
    for path in sorted(SOURCES.rglob("*.py")):
        spans, own = parted(path.read_text(encoding="utf-8"))
        words |= own | set(path.relative_to(SOURCES.parent).with_suffix("").parts)
        found += [(f"{path.relative_to(ROOT)}:{line}", span) for line, span in spans]
    assert len(found) > 1000, "the spans are found"
    missing = [f"{where}: `{span}` exists nowhere" for where, span in found if is_missing(span, words=words)]
    assert not missing, "\n".join(missing)


def test_the_check_finds_what_is_missing_and_nothing_else() -> None:
    source = '"""Of `some.py`, `is_there` and `one`."""\nis_there = 1  # not `is_gone`\n"""As `module.is_there`."""\n'
    spans, words = parted(source)
    assert spans == [(1, "some.py"), (1, "is_there"), (1, "one"), (3, "module.is_there"), (2, "is_gone")]
    assert words == {"is_there", "1"}
    assert [span for _, span in spans if is_missing(span, words=words | {"module"})] == ["some.py", "is_gone"]
    assert not is_missing("_there", words=words)
    assert not is_missing("tests/house/test_source_names.py", words=words)
    assert is_missing("tests/test_source_names.py", words=words)
