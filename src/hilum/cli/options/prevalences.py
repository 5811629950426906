"""Prevalences as the command line states them: `0.05` for every label, `Effusion=0.05` for one."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.errors import UsageError


def stated_prevalences(words: Sequence[str]) -> tuple[float | None, dict[str, float]]:
    """The prevalence for every label, if one is stated, and those of single labels, as shares in (0, 1).

    Raises `UsageError` for a share that is no number or out of range, and for one stated twice.
    """
    every: float | None = None
    named: dict[str, float] = {}
    for word in words:
        name, equals, text = word.rpartition("=")
        share = _share(text, word=word)
        if (equals and name in named) or (not equals and every is not None):
            raise UsageError(f"{word!r} states a prevalence a second time; say each once")
        if equals:
            named[name] = share
        else:
            every = share
    return every, named


def _share(text: str, *, word: str) -> float:
    try:
        share = float(text)
    except ValueError as error:
        raise UsageError(f"{word!r} is no prevalence; say 0.05 for every label, or Effusion=0.05 for one") from error
    if not 0.0 < share < 1.0:
        raise UsageError(f"A prevalence lies between 0 and 1; {share:g} does not")
    return share
