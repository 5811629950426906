"""What files are called when results are saved."""

import pytest

from hilum.errors import OutputError
from hilum.output.render import RenderSettings
from hilum.reading_result import FailedReading
from hilum.results.save import name_in_folder, save_all


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scans/chest.dcm", "chest.dcm"),
        ("C:\\scans\\chest.dcm", "chest.dcm"),
        ("../../etc/..", "radiograph-image"),
        ("<array>", "array"),
        ("index", "index-image"),
        ("a:b?.png", "ab.png"),
        ("", "radiograph-image"),
    ],
)
def test_names_are_safe_and_short(name: str, expected: str) -> None:
    assert name_in_folder(name) == expected


def test_a_failure_stands_in_the_journal(tmp_path) -> None:
    failed = FailedReading("broken.png", "decode", "broken.png: no picture", "0", "0" * 64)
    assert save_all([("broken.png", failed, RenderSettings((), every_heatmap=False))], folder=tmp_path) == ()
    assert "no picture" in (tmp_path / "failures.jsonl").read_text()


def test_a_folder_that_is_a_file(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        save_all([], folder=tmp_path / "file")
