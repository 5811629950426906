import hashlib
import io
import json
import os
import threading
from types import SimpleNamespace

import pytest

from hilum.errors import UsageError
from hilum.output.folder import OutputFolder
from hilum.output.inputs import InputFile
from hilum.output.layout import READINGS
from hilum.output.neutral_files import is_neutral, neutral_files, records_of_one_kind
from hilum.output.resume import sha256_of


def neutral(files):
    return neutral_files(files, max_bytes=1000)


def test_names_are_hashes_and_do_not_change_with_what_lies_beside(tmp_path):
    files = []
    for name, data in (("anna.png", b"a"), ("bert.png", b"b"), ("copy-of-anna.png", b"a")):
        (tmp_path / name).write_bytes(data)
        files.append(InputFile(str(tmp_path / name), f"ward/{name}"))
    first, second = (f"image-{hashlib.sha256(data).hexdigest()[:12]}" for data in (b"a", b"b"))
    assert [each.relative for each in neutral(files)] == [first, second, f"{first}-2"]
    assert [each.relative for each in neutral(files[1:])] == [second, first]
    assert [each.name for each in neutral(files)] == [each.name for each in files]


def test_a_file_is_hashed_once_for_its_name_and_for_going_on(tmp_path):
    (tmp_path / "anna.png").write_bytes(b"a")
    (named,) = neutral([InputFile(str(tmp_path / "anna.png"), "anna.png")])
    (tmp_path / "anna.png").unlink()
    assert sha256_of(named) == named.sha256 == hashlib.sha256(b"a").hexdigest()


def test_files_that_cannot_be_read_are_numbered(tmp_path):
    absent = [InputFile(str(tmp_path / name), name) for name in ("anna.png", "bert.png")]
    assert [each.relative for each in neutral(absent)] == ["image-unreadable", "image-unreadable-2"]


def test_standard_input_and_pipes_are_named_by_bytes_that_are_taken_once(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a")))
    pipe = tmp_path / "anna.png"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"b",))
    writer.start()
    named = neutral([InputFile("-", "stdin"), InputFile(str(pipe), "anna.png")])
    writer.join()
    assert [each.data for each in named] == [b"a", b"b"]
    assert [each.relative for each in named] == [
        f"image-{hashlib.sha256(data).hexdigest()[:12]}" for data in (b"a", b"b")
    ]


def test_of_what_is_too_large_one_byte_more_than_allowed_is_taken(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(bytes(2000))))
    (named,) = neutral([InputFile("-", "stdin")])
    assert (named.relative, len(named.data), named.sha256) == ("image-unreadable", 1001, None)


def test_a_pipe_is_not_emptied_for_its_hash(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert sha256_of(InputFile(str(tmp_path / "pipe"), "pipe")) is None
    assert sha256_of(InputFile("-", "stdin")) is None


def record(relative, *, name=None):
    return {"relative_path": relative, "source": {"name": relative if name is None else name}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (record("image-0123456789ab"), True),
        (record("image-0123456789ab-2"), True),
        (record("image-unreadable-3"), True),
        (record("image-0001.png"), False),
        (record("image-0123456789ab.png"), False),
        (record("image-0123456789ab", name="ward/image-0123456789ab"), False),
        (record("image-0123456789AB"), False),
    ],
)
def test_a_neutral_name_is_a_hash_and_that_of_the_source(found, expected):
    assert is_neutral(found) is expected


def test_named_and_anonymous_results_never_meet_in_a_folder(tmp_path):
    with OutputFolder(tmp_path / "out") as folder:
        for anonymous in (True, False):
            list(records_of_one_kind(folder, anonymous=anonymous))
        for found, anonymous, said in (
            (record("image-0123456789ab"), True, "holds anonymous results; name another folder"),
            (record("image-0001.png"), False, "name an empty folder for anonymous ones"),
        ):
            (folder.path / READINGS).write_text(json.dumps(found) + "\n")
            list(records_of_one_kind(folder, anonymous=anonymous))
            with pytest.raises(UsageError, match=said):
                list(records_of_one_kind(folder, anonymous=not anonymous))
