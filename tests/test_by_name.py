"""Findings answer by place and by name, and say in one line what there is where a name is not there."""

from dataclasses import dataclass

import pytest

from hilum.by_name import ByName
from hilum.errors import UsageError


@dataclass(frozen=True)
class Said:
    model: str
    name: str
    positive: bool | None = None


EDEMA, MASS = Said("adults", "Edema", False), Said("adults", "Mass")
ADULTS, CHILDREN = Said("adults", "Pneumonia"), Said("children", "Pneumonia", True)
FOUND = ByName((EDEMA, MASS, ADULTS, CHILDREN))


def test_it_is_a_tuple() -> None:
    assert FOUND == (EDEMA, MASS, ADULTS, CHILDREN)
    assert FOUND[0] is FOUND[-4] is EDEMA
    assert isinstance(FOUND[1:], ByName)
    assert FOUND[1:]["Mass"] is MASS


def test_by_name() -> None:
    assert FOUND["Edema"] is EDEMA
    assert FOUND.names == ("Edema", "Mass", "Pneumonia")


def test_of_several_the_one_that_is_decided() -> None:
    assert FOUND["Pneumonia"] is CHILDREN
    assert FOUND["adults", "Pneumonia"] is ADULTS


@pytest.mark.parametrize(
    ("found", "key", "message"),
    [
        (FOUND, "pneumonai", r"no finding pneumonai\. Did you mean Pneumonia\?"),
        (FOUND, "Fracture", r"no finding Fracture\. Found: Edema, Mass, Pneumonia"),
        (FOUND, ("children", "Mass"), r"no finding Mass of the model children\. Found: .*Pneumonia \(children\)"),
        (FOUND[2:3] + FOUND[2:3], "Pneumonia", r"2 models look for Pneumonia: adults, adults\. Name one"),
        (ByName[Said](), "Mass", "nothing was looked for in this radiograph"),
    ],
)
def test_a_name_that_means_none_or_several(found: tuple[Said, ...], key: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        _ = ByName(found)[key]
