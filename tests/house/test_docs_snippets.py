"""Every executable block of the documentation runs, in order, and prints what the page says it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def commands_and_outputs(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output that the page shows for it."""
    pairs: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            pairs.append((line[2:], []))
        elif line.startswith("> ") and pairs and not pairs[-1][1]:
            pairs[-1] = (f"{pairs[-1][0]}\n{line[2:]}", [])
        elif pairs:
            pairs[-1][1].append(line)
        else:
            raise ValueError(f"a console block starts with a command after '$ ', not with {line!r}")
    return [(command, "\n".join(output).strip()) for command, output in pairs]


def matches(shown: str, printed: str) -> bool:
    """Whether the output is what the page shows: spaces count as one, and `...` stands for any text."""
    parts = [re.escape(" ".join(part.split())) for part in shown.split("...")]
    return (
        re.fullmatch(r"\s*" + r"[\s\S]*?".join(rf"\s*{part}\s*" for part in parts), " ".join(printed.split()))
        is not None
    )


def run_console(text: str, *, folder: Path) -> None:
    """Run each command in bash, with this interpreter's `hilum` first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    for command, shown in commands_and_outputs(text):
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, f"$ {command}\n{result.stdout}"
        if shown:
            assert matches(shown, result.stdout), f"$ {command}\nshown:\n{shown}\nprinted:\n{result.stdout}"


def test_snippets_run(page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in page.runs:
        where = f"{page.path.name}:{block.line}"
        if block.language == "python":
            exec(compile("\n" * block.line + block.text, where, "exec"), namespace)
        else:
            run_console(block.text, folder=tmp_path)


def test_what_does_not_run_says_why(page: Any) -> None:
    for block in page.blocks:
        assert block.language in ("console", "python", "text", "json", "make", "toml", "yaml"), (page.path.name, block)
        if block.no_run is not None:
            assert block.language in ("console", "python"), f"{page.path.name}:{block.line}: it would not run anyway"
            assert len(block.no_run.split()) >= 3, f"{page.path.name}:{block.line}: give the reason in words"


def test_the_pages_hold_enough_that_runs(root: Path) -> None:
    """A convention that every page opts out of would check nothing."""
    pages = [*(root / "docs").rglob("*.md"), root / "README.md"]
    runnable = sum(
        len(re.findall(r"^```(?:python|console) *$", page.read_text(encoding="utf-8"), re.M)) for page in pages
    )
    assert runnable >= 10


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("read 3 files", "read  3\nfiles\n", True),
        ("read ... files", "read 3 good files", True),
        ("read 3 files", "read 4 files", False),
        ("read 3 files", "read 3 files, 1 failed", False),
        ("...", "anything at all", True),
    ],
)
def test_how_output_is_compared(shown: str, printed: str, expected: bool) -> None:
    assert matches(shown, printed) is expected


def test_a_failing_command_fails_its_page(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="false"):
        run_console("$ false", folder=tmp_path)
