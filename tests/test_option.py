from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from hilum.option import Option, flag_of, options_of, words_of


@dataclass(frozen=True, kw_only=True)
class Own:
    folds: Annotated[int, Option(help="How many.", least=2)] = 5
    left_out: Annotated[Path | None, Option(help="Which.", flag="--without")] = None
    quick: Annotated[bool, Option(help="No more than needed.")] = False
    jobs: Annotated[int, Option(help="Threads.", decides=False)] = 1


def test_the_words_of_a_command_are_what_was_chosen_and_decides_without_the_folders_of_files() -> None:
    assert words_of(Own()) == []
    chosen = Own(folds=2, left_out=Path("far/a"), quick=True, jobs=8)
    assert words_of(chosen) == ["--folds", "2", "--without", "a", "--quick"]


def test_a_flag_is_the_fields_name_unless_it_is_said() -> None:
    flags = [flag_of(name, option=option) for name, option in options_of(Own).items()]
    assert flags == ["--folds", "--without", "--quick", "--jobs"]
