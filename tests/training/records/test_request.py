from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from hilum.errors import UsageError
from hilum.option import Option
from hilum.training.records.request import StudyRequest, TrainRequest


@dataclass(frozen=True, kw_only=True)
class Own:
    folds: Annotated[int, Option(help="How many.")] = 5


def request(*data: tuple[str, Path]) -> TrainRequest:
    return TrainRequest(name="gate", data=data, out=Path("out"), weights="random", settings=("epochs=2",))


def test_the_one_folder_of_a_systems_releases(tmp_path: Path) -> None:
    assert request(("gate", tmp_path)).only_folder("gate") == tmp_path
    assert request(("", tmp_path)).only_folder() == tmp_path
    with pytest.raises(UsageError, match="there is no folder"):
        request(("gate", tmp_path / "gone")).only_folder("gate")


@pytest.mark.parametrize("names", [[], [""], ["lungs"], ["gate", "gate"], ["gate", ""]])
def test_more_or_other_than_the_one_folder_is_refused(names: list[str]) -> None:
    with pytest.raises(UsageError, match="gate takes --data gate=FOLDER once and nothing else; given"):
        request(*((name, Path("x")) for name in names)).only_folder("gate")


def test_the_command_says_what_decides_a_result() -> None:
    made = request(("gate", Path("a/data"))).provenance(Own(folds=2), data=["Theirs"])
    assert made.command == ("hilum train gate --data gate=a/data --weights random --set epochs=2 --folds 2 --out out")
    assert made.data == ("Theirs",)


def test_a_studys_command_names_no_place_of_this_machine(tmp_path: Path) -> None:
    asked = StudyRequest(
        name="gate", data=(("", tmp_path / "data"),), out=tmp_path, weights=str(tmp_path / "w.safetensors"), smoke=True
    )
    assert asked.provenance(Own()).command == "hilum study gate --data data --weights w.safetensors --smoke"
