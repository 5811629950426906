"""What a radiograph may be given as, what it is called, and what is said of anything else."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from fabricate_bundle import ToyBundle
from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked, picture_bytes
from hilum.errors import FileAccessError, HilumError, LimitError, UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.reading.input.sources import is_source, source_bytes, source_name
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import Examination, FailedReading
from hilum.stated import Stated

GREY = marked()
PNG = picture_bytes(GREY, "PNG")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    bundle = ToyBundle().write(tmp_path_factory.mktemp("models") / "toy")
    return Reader(models=[bundle], settings=ReaderSettings(limits=Limits(max_bytes=100_000)))


def test_all_ways_lead_to_the_same_logit(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    path.write_bytes(PNG)
    dicom = pydicom.dcmread(io.BytesIO(dicom_bytes(GREY, WindowCenter="128", WindowWidth="256")))
    with path.open("rb") as file:
        sources = [path, str(path), PNG, io.BytesIO(PNG), file, GREY, Image.open(path), dicom]
        assert all(map(is_source, sources))
        logits = [reader.read(source).findings["Pneumonia"].logit for source in sources]
    assert logits == pytest.approx([logits[0]] * len(sources), abs=1e-4)


def test_what_they_are_called(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    path.write_bytes(PNG)
    with path.open("rb") as file:
        assert source_name(file) == str(path)
    assert source_name(Image.open(path)) == str(path)
    assert source_name(path) == str(path)
    assert source_name(GREY, name="mine") == "mine"
    named = [source_name(one) for one in (PNG, GREY, Image.fromarray(GREY), io.BytesIO(PNG), pydicom.Dataset())]
    assert named == ["<bytes>", "<array>", "<image>", "<file>", "<dataset>"]


def test_a_path_of_another_class(reader: Reader, tmp_path: Path) -> None:
    class Place:
        def __fspath__(self) -> str:
            return str(tmp_path / "one.png")

    (tmp_path / "one.png").write_bytes(PNG)
    assert reader.read(Place()).findings[0].logit == reader.read(PNG).findings[0].logit


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (io.StringIO("text"), UsageError, "gives str, not bytes. Open it with mode 'rb'"),
        (io.BytesIO(b"x" * 100_001), LimitError, "over the limit of 100,000"),
        (np.zeros((4, 4)), UsageError, "value_range"),
    ],
)
def test_a_source_that_cannot_be_read(reader: Reader, source: object, error: type[HilumError], message: str) -> None:
    with pytest.raises(error, match=message):
        reader.read(source)


def test_a_closed_file() -> None:
    file = io.BytesIO(PNG)
    file.close()
    with pytest.raises(FileAccessError, match="mine: the file cannot be read"):
        source_bytes(file, name="mine", limits=Limits())


def test_a_range_is_for_arrays(reader: Reader) -> None:
    with pytest.raises(UsageError, match="value_range is for arrays"):
        reader.read(PNG, value_range=(0, 255))


@pytest.mark.parametrize("thing", [None, 3, [PNG], {"a": PNG}, object()])
def test_what_is_no_source(reader: Reader, thing: object) -> None:
    assert not is_source(thing)
    with pytest.raises(UsageError, match=f"A source must be a path, .* not {type(thing).__name__}. Give several"):
        reader.read(thing)


def test_many_in_memory_with_a_statement_for_those_that_can_have_one(reader: Reader) -> None:
    stated = {PNG: Stated(age_years=3)}
    found = list(reader.examine_many([GREY, PNG, np.zeros((4, 4))], stated=stated))
    assert [one.reading.stated.age_years for one in found if isinstance(one, Examination)] == [None, 3]
    assert isinstance(found[2], FailedReading)
    assert found[2].kind == "usage"


def test_a_closed_reader_says_so(tmp_path: Path) -> None:
    with Reader(models=[ToyBundle().write(tmp_path / "toy")]) as reader:
        assert reader.read(PNG).findings
    reader.close()
    with pytest.raises(UsageError, match="This reader is closed"):
        reader.read(PNG)
    with pytest.raises(UsageError, match="This reader is closed"):
        next(iter(reader.examine_many([PNG])))
