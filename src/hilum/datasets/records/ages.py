"""Ages as releases write them, cleaned: `58`, `058Y`, `010M`, `004D`; what cannot be an age becomes None."""

from __future__ import annotations

import re

_AGE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[YMWD]?)", re.IGNORECASE)
_UNITS_PER_YEAR = {"": 1.0, "Y": 1.0, "M": 12.0, "W": 365.25 / 7, "D": 365.25}
_OLDEST_YEARS = 120.0


def clean_age(text: str) -> float | None:
    """The age in years within 0 to 120, or None where `text` is empty, no age, or impossible (414, as in NIH's)."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        return None
    years = float(match["number"]) / _UNITS_PER_YEAR[match["unit"].upper()]
    return years if years <= _OLDEST_YEARS else None


def was_cleaned(text: str) -> bool:
    """Whether `text` says an age that `clean_age` threw away; a mark for unknown (`?`, `N/A`, `Y`) says none."""
    return any(letter.isdigit() for letter in text) and clean_age(text) is None
