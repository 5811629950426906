import pytest

from hilum.cli.terminal.say_inputs import say_the_rest
from hilum.output.inputs import Inputs, SkippedFile


@pytest.mark.parametrize(
    ("reasons", "line"),
    [
        (["not an image"], "Skipped 1 file: not an image"),
        (["not an image"] * 2, "Skipped 2 files: not an image"),
        (["not an image", "empty", "not an image"], "Skipped 3 files: 2 not an image, 1 empty"),
    ],
)
def test_how_many_were_skipped_and_why(capsys: pytest.CaptureFixture[str], reasons: list[str], line: str) -> None:
    skipped = tuple(SkippedFile(f"{place}.txt", reason) for place, reason in enumerate(reasons))
    say_the_rest(Inputs((), skipped, ()), quiet=False)
    first, *names = capsys.readouterr().err.splitlines()
    assert first.removeprefix("hilum: ") == line
    assert [name.split(":")[-2].strip() for name in names] == [one.name for one in skipped]
    say_the_rest(Inputs((), skipped, ()), quiet=True)
    assert capsys.readouterr().err == ""
