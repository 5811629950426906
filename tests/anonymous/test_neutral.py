"""Results under a neutral name hold nothing that leads back to a file or a patient."""

import json

import numpy as np
import pytest

from fabricate_dicom import dicom_bytes
from hilum.anonymous.neutral import neutral_examination, neutral_failure
from hilum.errors import DecodeError
from hilum.imaging.decode import decode
from hilum.reading.reader import Reader
from hilum.reading_result import FailedReading
from hilum.report.reading_json import failure_to_json, reading_to_json

NAME = "/scans/clements/Clements.dcm"


@pytest.fixture(scope="module")
def examination():
    pixels = np.tile(np.linspace(0, 4000, 96, dtype=np.uint16), (80, 1))
    data = dicom_bytes(pixels, bits=12, StudyDate="20240131")
    with Reader() as reader:
        return reader.examine(data, name=NAME)


def test_no_name_path_or_uid_is_left_in_the_json(examination):
    before = json.dumps(reading_to_json(examination.reading))
    assert all(word in before for word in ("Clements", "1.2.3.4"))
    neutral = neutral_examination(examination, name="image-0011")
    after = json.dumps(reading_to_json(neutral.reading))
    for word in ("lements", "scans", "1.2.3", "Phantom^Nobody", "PHANTOM-ID", "20240131"):
        assert word not in after, word
    assert neutral.radiograph.source == neutral.reading.source
    assert neutral.reading.source.sha256 == examination.reading.source.sha256


def test_the_findings_are_those_of_the_picture_as_it_came(examination):
    neutral = neutral_examination(examination, name="image-0011").reading
    before = examination.reading
    assert neutral.findings == before.findings
    assert neutral.gate == before.gate
    assert neutral.warnings[:-1] == before.warnings
    assert "burned-in text" in neutral.warnings[-1]


def test_where_no_picture_is_shown_no_text_is_looked_for(examination):
    neutral = neutral_examination(examination, name="image-0011", shown=False)
    assert neutral.radiograph.pixels is examination.radiograph.pixels
    assert not any("burned-in" in warning for warning in neutral.reading.warnings)
    assert any("burned-in" in warning for warning in neutral_examination(examination, name="a").reading.warnings)


def test_a_failure_no_longer_names_its_file():
    failed = FailedReading(NAME, "damaged", f"{NAME}: the file ends early; copy it again", "0.1.0", "0" * 64)
    neutral = neutral_failure(failed, name="image-unreadable")
    assert "lements" not in json.dumps(failure_to_json(neutral))
    assert neutral.message == "image-unreadable: the file ends early; copy it again"


@pytest.mark.parametrize("file", ["DOE  JOHN.dcm", "DOE\u202fJOHN.dcm", "DOE\tJOHN.dcm", " DOE JOHN.dcm", "DOE  " * 40])
@pytest.mark.parametrize("folder", ["", "/scans/", "/scans/ward  7/" + "DOE JANE/" * 110, "./scans//"])
def test_a_failure_to_decode_names_its_file_in_no_form(folder: str, file: str) -> None:
    was = folder + file
    with pytest.raises(DecodeError) as raised:
        decode(b"no image", name=was)
    neutral = neutral_failure(FailedReading(was, "decode", str(raised.value), "0.1.0", "0" * 64), name="image-0")
    assert not any(word in neutral.message for word in ("DOE", "JOHN", "JANE", "ward", "scans"))
    assert neutral.message.startswith("image-0")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("/a  b/Doe.zip/in/J  D.png: it is encrypted", "image-0: it is encrypted"),
        ("/a b/Doe.zip/in/J D.png: it is encrypted", "image-0: it is encrypted"),
        ("/a b/Doe.zip: the ZIP archive is truncated", "image-0: the ZIP archive is truncated"),
        ("a defect (OSError: '/a  b/Doe.zip/in/J  D.png')", "a defect (OSError: 'image-0')"),
        ("x" * 980 + "/a b/Doe.zip/in/J D.", "x" * 980 + "image-0"),
        ("/a  b/Doe.zip: cannot be read", "image-0: cannot be read"),
    ],
)
def test_every_form_of_a_name_in_a_message_is_replaced(message: str, told: str) -> None:
    failed = FailedReading("/a  b/Doe.zip/in/J  D.png", "decode", message, "0.1.0", "0" * 64)
    assert neutral_failure(failed, name="image-0").message == told


def test_a_file_whose_name_is_blank_keeps_its_message() -> None:
    failed = FailedReading(" ", "decode", ": the file ends early", "0.1.0", "0" * 64)
    assert neutral_failure(failed, name="image-0").message == ": the file ends early"
