"""The ledger of test looks: every evaluation on a test split is one line of a committed file.

A result that was looked at five times is worth less than one that was looked at once; the ledger says which it is.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hilum.errors import OutputError

LEDGER_NAME = "LEDGER.jsonl"

LedgerValue = str | int | float | bool | list[float] | None
LedgerLine = Mapping[str, LedgerValue]


def append_look(line: LedgerLine, *, ledger: Path) -> None:
    """Add one line to the ledger, written and flushed to the disk in one call.

    Raises `OutputError` where the ledger cannot be written: a look that cannot be recorded is refused.
    """
    text = (json.dumps(dict(line), allow_nan=False) + "\n").encode()
    try:
        descriptor = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, text)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OutputError(
            f"expected to append the look at the test split to {ledger}, came {error.strerror}; make the file writable"
        ) from error


def read_ledger(ledger: Path) -> tuple[dict[str, LedgerValue], ...]:
    """Every look so far, oldest first; empty where there is no ledger."""
    if not ledger.is_file():
        return ()
    return tuple(json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines() if line.strip())


def commit_and_dirty(folder: Path) -> tuple[str | None, bool | None]:
    """The commit that `folder` is at and whether tracked files differ from it; None, None outside a repository."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return commit, bool(status)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
