"""The output folder: what is there of an image, and what is taken away."""

from pathlib import Path

import pytest

from hilum.output.folder import OutputFolder

LONG = "a" * 250
"""A name whose JSON can be written, and neither its overlay nor its DICOM objects."""


def test_outputs_whose_names_are_too_long_are_not_there(tmp_path: Path) -> None:
    with OutputFolder(tmp_path) as folder:
        assert not folder.has_outputs(LONG, pictures=False)
        (tmp_path / f"{LONG}.json").touch()
        assert folder.has_outputs(LONG, pictures=False)
        assert not folder.has_outputs(LONG)
        assert not folder.has_outputs(LONG, pictures=False, objects=True)


@pytest.mark.parametrize("name", [LONG, "b" * 400])
def test_what_has_too_long_a_name_needs_no_removing(tmp_path: Path, name: str) -> None:
    with OutputFolder(tmp_path) as folder:
        if name == LONG:
            (tmp_path / f"{name}.json").touch()
        folder.remove_outputs(name)
        assert [path.name for path in tmp_path.glob("*.json")] == []
