"""The name that was probably meant, for the line that refuses another one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, whatever its case; None where none is like it."""
    by_fold = {one.casefold(): one for one in known}
    found = get_close_matches(name.casefold(), by_fold, n=1)
    return by_fold[found[0]] if found else None


def nearest_words(name: str, known: Iterable[str]) -> str:
    """`; the nearest is NAME`, or nothing: what follows a message that a name is not known."""
    found = nearest(name, known)
    return "" if found is None else f"; the nearest is {found}"


def same_but_for_case(name: str, known: Iterable[str]) -> str:
    """The known name that differs from `name` by its case at most; `name` itself where none does."""
    return next((one for one in known if one.casefold() == name.casefold()), name)
