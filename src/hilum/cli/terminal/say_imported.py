"""What `hilum models import` says when a bundle is made."""

from __future__ import annotations

import shlex
from pathlib import Path

from hilum.cli.terminal.say import say


def say_imported(*, file: Path, folder: Path, sha256: str, is_known: bool | None) -> None:
    """The file's hash, whether it is the known one (None: none is), and how to read with the bundle."""
    known = {
        None: "; none is known to compare it with",
        True: ", as known",
        False: ", which is NOT the one known for this file",
    }[is_known]
    say(f"{file} has SHA-256 {sha256}{known}")
    say(f"Wrote {folder}; read with it: hilum read --model {shlex.quote(str(folder))} FILE")
