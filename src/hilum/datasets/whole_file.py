"""Files that appear whole or not at all: written beside their final place, flushed to disk, then renamed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

UNFINISHED_SUFFIX = ".part"
"""How an unfinished file's name ends; a process that was killed may leave some."""


def write_whole_file(path: Path, *, write: Callable[[BinaryIO], None]) -> None:
    """Let `write` fill a file beside `path`, flush it to disk and rename it, in a folder that is there.

    Raises `OSError` where the folder cannot be written or is full; what stood at `path` before then stays.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(6)}{UNFINISHED_SUFFIX}")
    try:
        with unfinished.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
