"""What cells of somebody's table say of age, sex and view, and which of them are not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hilum.errors import UsageError
from hilum.radiograph import Sex, View
from hilum.stated import VIEW_HELP, parse_age, parse_sex, parse_view, says_nothing


@dataclass(frozen=True, slots=True)
class _Kind:
    parse: Callable[[str], object]
    how: str
    """How a cell is written."""


_KINDS: Mapping[str, _Kind] = {
    "age": _Kind(parse_age, "40, 45Y, 6M, 3W or 10D"),
    "sex": _Kind(parse_sex, "F, M or O"),
    "view": _Kind(parse_view, VIEW_HELP),
}


def age_in(text: str) -> float | None:
    """The age in years, 0 to 120; None where nothing is said or understood."""
    return None if _is_unknown("age", text) else parse_age(text)


def sex_in(text: str) -> Sex:
    """The sex; `unknown` where nothing is said or understood."""
    return "unknown" if _is_unknown("sex", text) else parse_sex(text)


def view_in(text: str) -> View:
    """The view; `unknown` where nothing is said or understood."""
    return "unknown" if _is_unknown("view", text) else parse_view(text)


def group_in(text: str | None, *, parse: Callable[[str], str]) -> str | None:
    """The group of a sex or view by hilum's name (`pa` is `PA`), else by its own word in small letters; None unsaid.

    A word that hilum does not know, such as `frontal`, still tells groups apart.
    """
    if text is None or says_nothing(text):
        return None
    try:
        return parse(text)
    except UsageError:
        return text.strip().casefold()


def not_understood(kind: str, texts: Iterable[str], *, where: str) -> str | None:
    """A caution on the cells of this kind (age, sex or view) that count as unknown; None where there are none.

    `where` names the column and its file.
    """
    found = [text for text in texts if not says_nothing(text) and _is_unknown(kind, text)]
    if not found:
        return None
    what = f"1 cell is not understood and counts as unknown: {found[0]!r}"
    if len(found) > 1:
        what = f"{len(found):,} cells are not understood and count as unknown, such as {found[0]!r}"
    return f"caution: write {_KINDS[kind].how} in {where}: {what}"


def _is_unknown(kind: str, text: str) -> bool:
    try:
        _KINDS[kind].parse(text)
    except UsageError:
        return True
    return False
