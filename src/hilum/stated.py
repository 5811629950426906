"""What the user says of a picture that its file may not say: age, sex, view, type, and that the rest is in scope.

A statement is kept apart from what the file says. Where both speak, the statement is used, and the contradiction is
warned of.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import get_args

from hilum.errors import UsageError
from hilum.findings import XRAY_TYPES
from hilum.radiograph import OLDEST_YEARS, UNITS_PER_YEAR, VIEWS, Patient, Radiograph, Sex, View

_AGE = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([DWMY]?)", re.ASCII)
_SEXES: dict[str, Sex] = {"F": "F", "FEMALE": "F", "M": "M", "MALE": "M", "O": "O", "OTHER": "O"}
_NOTHING_SAID = frozenset({"", "-", "?", "N/A", "NA", "NAN", "NONE", "NULL", "UNKNOWN"})
VIEW_HELP = "PA, AP, LL (any lateral), oblique, decubitus or other"
"""How a view is said."""
_YES_OR_NO = {"YES": True, "TRUE": True, "1": True, "NO": False, "FALSE": False, "0": False}


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user says of one picture; None or `unknown` where nothing is said.

    `age_years` is in years, 0 to 120. `xray_type` is read as, whatever the gate says. `assume_scope` has a model decide
    as though what nobody tells (age, view, type) were in its scope; what is known to be outside stays outside. False
    forbids what a more general statement allows.

    Raises `UsageError` for a value outside its range.
    """

    age_years: float | None = None
    sex: Sex = "unknown"
    view: View = "unknown"
    xray_type: str | None = None
    assume_scope: bool | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.assume_scope, bool | None):
            raise UsageError(f"assume_scope must be True, False or None, not {self.assume_scope!r}")
        if not isinstance(self.age_years, Real | None):
            raise UsageError(f"An age must be a number of years, not {self.age_years!r}")
        if self.age_years is not None and not 0.0 <= self.age_years <= OLDEST_YEARS:
            raise UsageError(f"An age must be 0 to {OLDEST_YEARS:g} years, not {self.age_years:g}")
        if self.sex not in get_args(Sex):
            raise UsageError(f"Unknown sex {self.sex!r}. Use one of: {', '.join(get_args(Sex))}")
        if self.view not in get_args(View):
            raise UsageError(f"Unknown view {self.view!r}. Use one of: {', '.join(get_args(View))}")
        if self.xray_type is not None and self.xray_type not in XRAY_TYPES:
            raise UsageError(f"Unknown type of X-ray {self.xray_type!r}. Use one of: {', '.join(XRAY_TYPES)}")

    def __bool__(self) -> bool:
        """Whether anything is said that a reading could be another for."""
        return bool(self.in_words())

    @property
    def assumes_scope(self) -> bool:
        """Whether models are to decide as though what nobody tells were in their scope."""
        return self.assume_scope is True

    def over(self, general: Stated) -> Stated:
        """This statement, filled up from a more general one where it says nothing."""
        empty = [field.name for field in fields(self) if getattr(self, field.name) == field.default]
        return replace(self, **{name: getattr(general, name) for name in empty})

    def with_age_at_most(self, oldest_years: float | None) -> Stated:
        """The same, with a higher age told as `oldest_years`; None leaves every age as it is."""
        if oldest_years is None or self.age_years is None or self.age_years <= oldest_years:
            return self
        return replace(self, age_years=oldest_years)

    def in_words(self) -> str:
        """For example `age 40 years, view PA`; empty where nothing is said."""
        said = [] if self.age_years is None else [f"age {age_text(self.age_years)}"]
        said += [] if self.sex == "unknown" else [f"sex {self.sex}"]
        said += [] if self.view == "unknown" else [f"view {self.view}"]
        said += [] if self.xray_type is None else [f"type {self.xray_type}"]
        said += ["unknown values are assumed to be in the model's scope"] if self.assumes_scope else []
        return ", ".join(said)


NOTHING_STATED = Stated()


def age_text(years: float) -> str:
    """An age in words: in years from two years on, in months or days below.

    What is not completed is not said, or a patient would look older than a model's limit that they do not reach.
    """
    if years >= 2.0:
        parts = 100 if years < 10.0 else 10
        return f"{math.floor(years * parts + 1e-9) / parts:g} years"
    months = math.floor(years * 12.0 + 1e-9)
    if months >= 1:
        return f"{months} month{'' if months == 1 else 's'}"
    days = math.floor(years * 365.25 + 1e-9)
    return f"{days} day{'' if days == 1 else 's'}"


def says_nothing(text: str) -> bool:
    """Whether a cell of a table is empty, or how tables write that a value is not known."""
    return text.strip().upper() in _NOTHING_SAID


def parse_age(text: str) -> float:
    """The age in years of `40`, `40.5`, `45Y`, `6M` (months), `3W` (weeks) or `10D` (days).

    Raises `UsageError` for anything else, and for an age that nobody reaches.
    """
    match = _AGE.fullmatch(text.strip().upper())
    years = math.inf if match is None else float(match[1]) / UNITS_PER_YEAR[match[2] or "Y"]
    if years > OLDEST_YEARS:
        raise UsageError(f"Not an age: {text!r}. Write it like 40, 45Y, 6M, 3W or 10D (at most 120 years)")
    return years


def parse_sex(text: str) -> Sex:
    """The sex of `F`, `M`, `O` or the word. Raises `UsageError` for anything else."""
    sex = sex_in(text)
    if sex == "unknown":
        raise UsageError(f"Not a sex: {text!r}. Use F, M or O")
    return sex


def sex_in(text: str) -> Sex:
    """The sex that a cell of a table says, as `F`, `M`, `O` or the word; unknown where it says anything else."""
    return _SEXES.get(text.strip().upper(), "unknown")


def parse_view(text: str) -> View:
    """The view of `PA`, `AP`, `LL` (any lateral), `oblique`, `decubitus` or `other`.

    Raises `UsageError` for anything else.
    """
    view = VIEWS.get(text.strip().upper())
    if view is None:
        raise UsageError(f"Not a view: {text!r}. Use {VIEW_HELP}")
    return view


def parse_yes_or_no(text: str) -> bool:
    """The truth of `yes` or `no`. Raises `UsageError` for anything else."""
    answer = _YES_OR_NO.get(text.strip().upper())
    if answer is None:
        raise UsageError(f"Not yes or no: {text!r}. Write yes or no")
    return answer


def with_stated(radiograph: Radiograph, *, stated: Stated) -> Radiograph:
    """The radiograph as it is judged: what the user says stands in the place of what the file says."""
    if not stated:
        return radiograph
    told = radiograph.patient or Patient(None, "unknown")
    patient = Patient(
        told.age_years if stated.age_years is None else stated.age_years,
        told.sex if stated.sex == "unknown" else stated.sex,
    )
    view = radiograph.view if stated.view == "unknown" else stated.view
    return replace(radiograph, patient=patient, view=view)


def contradictions(radiograph: Radiograph, *, stated: Stated) -> tuple[str, ...]:
    """One warning for each thing that the user and the file say differently; ages are compared in completed years."""
    told = radiograph.patient or Patient(None, "unknown")
    found = []
    ages = (stated.age_years, told.age_years)
    if None not in ages and len({math.floor(age) for age in ages if age is not None}) > 1:
        found.append(("age", *(age_text(age) for age in ages if age is not None)))
    if stated.sex != "unknown" and told.sex not in ("unknown", stated.sex):
        found.append(("sex", stated.sex, told.sex))
    if stated.view != "unknown" and radiograph.view not in ("unknown", stated.view):
        found.append(("view", stated.view, radiograph.view))
    return tuple(
        f"you said {what} {said}, the file says {what} {filed}: {said} was used" for what, said, filed in found
    )
