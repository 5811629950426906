"""From how many patients on an interval is given, and from how many on it holds what it says.

The counts are of patients, not of images: forty images of four patients are four facts.
"""

from __future__ import annotations

LEAST_PATIENTS = 5
"""With fewer ill or fewer well patients there is no interval and no operating point."""

HOLDS_FROM = 15
"""With fewer ill or fewer well patients an interval is marked: in simulations it covered less than 95%."""


def too_few_patients(*, ill: int, well: int, what: str = "an interval") -> str | None:
    """Why nothing but the value itself can be said of so few patients; None where there are enough.

    `ill` patients have a positive image, `well` ones a negative image.
    """
    if min(ill, well) >= LEAST_PATIENTS:
        return None
    count, kind = (ill, "with a positive image") if ill < LEAST_PATIENTS else (well, "with a negative image")
    return f"only {_counted(count)} {kind}; {what} needs {LEAST_PATIENTS}"


def few_patients(*, ill: int, well: int) -> str | None:
    """The mark beside an interval from few patients; None where there are enough."""
    if min(ill, well) >= HOLDS_FROM:
        return None
    count, kind = (ill, "with a positive image") if ill < HOLDS_FROM else (well, "with a negative image")
    return f"only {_counted(count)} {kind}: the interval may be too narrow"


def _counted(patients: int) -> str:
    return f"{patients} patient" if patients == 1 else f"{patients} patients"
