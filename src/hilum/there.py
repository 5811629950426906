"""Whether a file or a folder is there, by its name; where the system will not say, it is not.

A name that is too long and a folder that may not be searched make pathlib raise, so that one name among many ends a
run. What is not there fails where it is opened, with the reason and the file's name.
"""

from __future__ import annotations

import contextlib
from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether a file is there, or a link to one."""
    with contextlib.suppress(OSError):
        return path.is_file()
    return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there, or a link to one."""
    with contextlib.suppress(OSError):
        return path.is_dir()
    return False


def is_there(path: Path) -> bool:
    """Whether anything is there but a link that leads nowhere."""
    with contextlib.suppress(OSError):
        return path.exists()
    return False
