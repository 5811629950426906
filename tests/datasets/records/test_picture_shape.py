"""How large a picture is, from its header or, where that does not tell, from its pixels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.records import picture_shape
from hilum.datasets.records.picture_shape import shape_of
from hilum.datasets.records.record import Record


def record(path: Path) -> Record:
    return Record(
        path=path, image=path.name, patient="one", source="any", official=None, labels={}, stratum="", sha256="0" * 64
    )


def picture(path: Path, **options: object) -> Record:
    grey = np.linspace(0, 255, 24 * 16).astype(np.uint8).reshape(24, 16)
    Image.fromarray(grey).save(path, **options)
    return record(path)


def test_a_plain_file_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_shape, "decode", None)
    assert shape_of(picture(tmp_path / "chest.png")) == (24, 16)


def test_a_picture_that_decoding_turns_has_the_shape_that_it_then_has(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert shape_of(picture(tmp_path / "turned.jpg", exif=exif)) == (16, 24)


def test_what_is_no_plain_file_is_decoded(tmp_path: Path) -> None:
    assert shape_of(picture(tmp_path / "chest.tif")) == (24, 16)
