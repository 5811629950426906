"""The names that somebody who typed another one may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 2


def nearest(word: str, *, among: Iterable[str]) -> tuple[str, ...]:
    """Those of `among`, nearest first and two at most, that look like `word`; case, `-`, `_` and spaces do not matter.

    A name that begins with the word, or with which the word begins, is near however long the rest is.
    """
    known = {_plain(name): name for name in among}
    plain = _plain(word)
    if not plain:
        return ()
    begun = [name for name in known if name.startswith(plain) or (len(name) > _MOST and plain.startswith(name))]
    close = get_close_matches(plain, known, n=_MOST)
    return tuple(known[name] for name in dict.fromkeys([*sorted(begun, key=len), *close]))[:_MOST]


def did_you_mean(word: str, *, among: Iterable[str]) -> str:
    """A question to put behind `no such name`, such as `; did you mean nih?`; empty where nothing is near."""
    found = nearest(word, among=among)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def nearest_words(word: str, *, among: Iterable[str]) -> str:
    """What follows a message that a name is not known: `; the nearest is NAME`, or nothing where none is near."""
    found = nearest(word, among=among)
    return f"; the nearest is {found[0]}" if found else ""


def same_but_for_case(name: str, *, among: Iterable[str]) -> str:
    """The one of `among` that differs from `name` by its case at most; `name` itself where none does."""
    return next((one for one in among if one.casefold() == name.casefold()), name)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
