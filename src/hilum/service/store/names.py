"""Words from outside, before they are kept: names of files without folders, and text that stays on its line."""

from __future__ import annotations

import unicodedata

_LONGEST_NAME = 200
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Categories of Unicode: control and format characters (those that reorder text are among them), and what is none."""


def tame_name(name: str) -> str:
    """A file's name without folders, control characters and what reorders text; at most 200 characters."""
    return _seen(name.replace("\\", "/").rpartition("/")[2]).strip()[:_LONGEST_NAME] or "unnamed"


def tame_text(text: str) -> str:
    """Words on one line, with single spaces, without control characters and what reorders text."""
    return " ".join(_seen(" ".join(text.split())).split())


def _seen(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each) not in _UNSEEN)
