import hashlib
import json

import pytest

from hilum.errors import UsageError
from hilum.output.folder import OutputFolder
from hilum.output.inputs import InputFile
from hilum.output.layout import READINGS
from hilum.output.neutral_files import neutral_files, refuse_named_results
from hilum.output.resume import sha256_of


def test_names_are_hashes_and_do_not_change_with_what_lies_beside(tmp_path):
    files = []
    for name, data in (("anna.png", b"a"), ("bert.png", b"b"), ("copy-of-anna.png", b"a")):
        (tmp_path / name).write_bytes(data)
        files.append(InputFile(str(tmp_path / name), f"ward/{name}"))
    first, second = (f"image-{hashlib.sha256(data).hexdigest()[:12]}" for data in (b"a", b"b"))
    assert [each.relative for each in neutral_files(files)] == [first, second, f"{first}-2"]
    assert [each.relative for each in neutral_files(files[1:])] == [second, first]
    assert [each.name for each in neutral_files(files)] == [each.name for each in files]


def test_a_file_is_hashed_once_for_its_name_and_for_going_on(tmp_path):
    (tmp_path / "anna.png").write_bytes(b"a")
    (named,) = neutral_files([InputFile(str(tmp_path / "anna.png"), "anna.png")])
    (tmp_path / "anna.png").unlink()
    assert sha256_of(named) == named.sha256 == hashlib.sha256(b"a").hexdigest()


def test_files_that_cannot_be_read_are_numbered(tmp_path):
    absent = [InputFile(str(tmp_path / name), name) for name in ("anna.png", "bert.png")]
    assert [each.relative for each in neutral_files(absent)] == ["image-unreadable", "image-unreadable-2"]


def test_a_folder_with_named_results_takes_no_anonymous_ones(tmp_path):
    with OutputFolder(tmp_path / "out") as folder:
        refuse_named_results(folder)
        (folder.path / READINGS).write_text(json.dumps({"relative_path": "image-0011"}) + "\n")
        refuse_named_results(folder)
        (folder.path / READINGS).write_text(json.dumps({"relative_path": "anna.png"}) + "\n")
        with pytest.raises(UsageError, match="empty folder"):
            refuse_named_results(folder)
