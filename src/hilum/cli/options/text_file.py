"""A short text in a file that an option names: a password, tokens."""

from __future__ import annotations

from pathlib import Path

from hilum.errors import FileAccessError


def text_of(path: Path) -> str:
    """What stands in the file, without space around it. Raises `FileAccessError` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise FileAccessError(f"{path} cannot be read ({reason}); check its path and permissions") from error
