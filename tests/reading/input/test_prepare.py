"""One file's failure is that file's, with a kind that says whose fault it was."""

import io

import numpy as np
import pytest
from PIL import Image

from hilum.errors import DecodeError, InternalError, LimitError
from hilum.imaging.pixels.limits import Limits
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.reading.input import prepare as prepare_module
from hilum.reading.input.prepare import Prepared, Unreadable, prepare

SPEC = PreprocessSpec(steps=(Resize(height=8, width=8, rule="stretch"),), mean=(0.5,), std=(0.5,))


def png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.arange(600, dtype=np.uint8).reshape(20, 30) % 251).save(stream, "PNG")
    return stream.getvalue()


def prepared(data: bytes) -> Prepared | Unreadable:
    return prepare(data, name="made.png", frame=None, limits=Limits(), specs=(SPEC,))


def test_a_picture_is_prepared_for_every_specification() -> None:
    result = prepared(png())
    assert isinstance(result, Prepared)
    assert result.inputs[SPEC].array.shape == (1, 8, 8)


def test_a_corrupt_file_is_the_files_fault() -> None:
    result = prepared(png()[:40])
    assert isinstance(result, Unreadable)
    assert isinstance(result.error, DecodeError)


@pytest.mark.parametrize(
    ("raised", "kind"), [(ZeroDivisionError("by zero"), InternalError), (MemoryError(), LimitError)]
)
def test_a_defect_is_ours_and_keeps_its_cause(
    raised: BaseException, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise raised

    monkeypatch.setattr(prepare_module, "preprocess", broken)
    result = prepared(png())
    assert isinstance(result, Unreadable)
    assert isinstance(result.error, kind)
    if kind is InternalError:
        assert result.error.__cause__ is raised
        assert "ZeroDivisionError: by zero" in str(result.error)
