"""What the pages name exists: links, commands, flags, make targets, files and Python objects."""

import functools
import importlib
import re
import shlex
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from hilum.cli.main import app
from hilum.report.schema import reading_schema

FLAG = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
KEYS = {f"hilum.{key}" for key in (*reading_schema()["$defs"]["hilum"]["properties"], "toml")}
"""Keys of a reading's JSON, and the file of settings, that look like Python names."""
WORD = re.compile(r"[a-z][a-z0-9-]*")
OWN_RECIPE = "FILE.py"
"""What `hilum train --help` lists for a file of one's own."""


@functools.cache
def help_of(*path: str) -> str:
    """What `hilum PATH --help` prints; in this process, since there are dozens."""
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    result = runner.invoke(app, [*path, "--help"], prog_name="hilum")
    assert result.exit_code == 0, f"hilum {' '.join(path)} --help: {result.output}"
    return result.output


def commands_of(*path: str) -> set[str]:
    """The commands that the help of `hilum PATH` lists."""
    text = help_of(*path)
    _, found, listing = text.partition("Commands")
    return set(re.findall(r"^[│| ]*([a-z][a-z0-9-]+|FILE\.py)(?= {2,})", listing, re.M)) if found else set()


def check_command(words: list[str], *, where: str) -> None:
    """Follow `words` (what stands after `hilum`) down the tree of commands and look every flag up."""
    path: tuple[str, ...] = ()
    for word in words:
        listed = commands_of(*path)
        if word.endswith(".py") and OWN_RECIPE in listed:
            path = (*path, word)
            break
        if not listed or not WORD.fullmatch(word):
            break
        assert word in listed, f"{where}: 'hilum {' '.join((*path, word))}' is no command; there are {sorted(listed)}"
        path = (*path, word)
    flags = {word.partition("=")[0] for word in words if FLAG.fullmatch(word.partition("=")[0])}
    known = set(FLAG.findall(help_of(*path)))
    assert flags <= known, f"{where}: hilum {' '.join(path)} has no {sorted(flags - known)}"


def hilum_calls(page: Any) -> list[list[str]]:
    """The words after every `hilum` in console blocks and inline code."""
    lines = [span for span in page.code_spans if span.startswith("hilum ")]
    for block in page.blocks:
        if block.language == "console":
            text = block.text.replace("\\\n> ", " ")
            lines += [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    commands = [words for line in lines for words in simple_commands(line.replace("…", " "))]
    return [words[1:] for words in commands if Path(words[0]).name == "hilum"]


def simple_commands(line: str) -> list[list[str]]:
    """The words of each simple command of a shell line, without assignments before it and without redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    redirected = False
    for word in lexer:
        if set(word) <= set("<>"):
            redirected = True
        elif set(word) <= set("|&;()"):
            commands.append([])
        elif redirected or (not commands[-1] and re.match(r"\w+=", word)):
            redirected = False
        else:
            commands[-1].append(word)
    return [words for words in commands if words]


def test_commands_exist(page: Any) -> None:
    for words in hilum_calls(page):
        check_command(words, where=page.path.name)


def test_lone_flags_exist(page: Any) -> None:
    names = commands_of()
    known = set(FLAG.findall(help_of()))
    for name in names:
        known |= set(FLAG.findall(help_of(name)))
        for inner in commands_of(name):
            known |= set(FLAG.findall(help_of(name, inner)))
    flags = {FLAG.match(span)[0] for span in page.code_spans if span.startswith("--")}  # type: ignore[index]
    assert flags <= known, f"{page.path.name}: no command has {sorted(flags - known)}"


def test_links_resolve(page: Any) -> None:
    from_headings = {page.path: page.anchors}
    for link in page.links:
        if link.startswith(("https://", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = (page.path.parent / file).resolve() if file else page.path
        assert target.exists(), f"{page.path.name}: {link} leads nowhere"
        if anchor and target.suffix == ".md":
            if target not in from_headings:
                from_headings[target] = type(page)(target, (), target.read_text(encoding="utf-8")).anchors
            assert anchor in from_headings[target], f"{page.path.name}: {link} has no such heading"


def test_make_targets_exist(page: Any, root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.M))
    calls = [span for span in page.code_spans if span.startswith("make ")]
    for block in page.blocks:
        calls += [line[2:] for line in block.text.splitlines() if line.startswith("$ make ")]
    named = {word for call in calls for words in simple_commands(call) for word in words[1:] if WORD.fullmatch(word)}
    assert named <= targets, f"{page.path.name}: the Makefile has no {sorted(named - targets)}"


def test_files_exist(page: Any, root: Path) -> None:
    for span in page.code_spans:
        if re.fullmatch(r"(src|tests|docs|benchmarks|\.ci)/[\w./-]+", span):
            assert (root / span).exists(), f"{page.path.name}: {span} does not exist"


def test_python_names_exist(page: Any) -> None:
    for span in page.code_spans:
        if not re.fullmatch(r"hilum(\.\w+)+", span) or span in KEYS:
            continue
        parts = span.split(".")
        target: Any = importlib.import_module("hilum")
        for index, part in enumerate(parts[1:], start=2):
            if not hasattr(target, part):
                importlib.import_module(".".join(parts[:index]))
            target = getattr(target, part)


def test_how_a_shell_line_is_split() -> None:
    line = 'A=1 hilum read "a;b" --json < x.png | jq .findings || echo "exit code $?"'
    assert simple_commands(line) == [
        ["hilum", "read", "a;b", "--json"], ["jq", ".findings"], ["echo", "exit code $?"],
    ]  # fmt: skip


def test_a_wrong_flag_is_found() -> None:
    """The check itself: a flag and a command that do not exist are refused."""
    for words in (["read", "x.png", "--no-such-flag"], ["no-such-command"]):
        try:
            check_command(words, where="test")
        except AssertionError:
            continue
        raise ValueError(f"{words} passed")


def test_every_page_is_reached(root: Path) -> None:
    """Every page of docs/ stands in the index, so that a reader can find it."""
    index = (root / "docs" / "index.md").read_text(encoding="utf-8")
    for path in (root / "docs").rglob("*.md"):
        name = path.relative_to(root / "docs").as_posix()
        assert name == "index.md" or f"]({name})" in index, f"docs/index.md does not link {name}"
