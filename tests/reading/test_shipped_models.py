"""Which of the models that ship decides on a plain picture, whose patient has an age that is said, or none."""

from pathlib import Path

import pytest

from hilum.phantom.examples import write_examples
from hilum.reading.reader import Reader
from hilum.stated import Stated

READER = Reader()


@pytest.fixture(scope="module")
def chest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom's chest as a PNG, which says nothing of its patient."""
    folder = tmp_path_factory.mktemp("phantoms")
    write_examples(folder)
    return folder / "phantom-chest-healthy.png"


@pytest.mark.parametrize(
    ("age", "decides"), [(40.0, "chest-adult"), (3.0, "pneumonia-paediatric"), (10.0, None), (None, None)]
)
def test_the_stated_age_says_who_decides(chest: Path, age: float | None, decides: str | None) -> None:
    reading = READER.read(chest, stated=Stated(age_years=age, view="PA" if age == 40.0 else "AP"))
    assert {one.model for one in reading.findings if one.positive is not None} == ({decides} if decides else set())
    assert reading.gate.status == "accepted"


def test_of_the_adults_fourteen_findings_five_are_decided_and_nine_say_why_not(chest: Path) -> None:
    findings = READER.read(chest, stated=Stated(age_years=40.0, view="PA")).findings
    assert {one.name for one in findings if one.positive is not None} == {
        "Cardiomegaly", "Edema", "Effusion", "Emphysema", "Fibrosis",
    }  # fmt: skip
    assert len(findings) == 14
    assert {one.not_decided.code for one in findings if one.not_decided is not None} == {"not reliable"}
