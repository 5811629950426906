"""The objects of a reading come back as they were kept."""

from pathlib import Path

from hilum.service.store.files import StoredFiles
from hilum.service.store.kept_objects import (
    KeptObject,
    KeptObjects,
    files_of_objects,
    has_objects,
    kept_object,
    kept_objects,
)

JOB = "0" * 32
REPORT = KeptObject(kind="sr", sop_class="1.2", sop_instance="2.25.1", size=2)


def test_what_is_drawn_is_listed_and_given(tmp_path: Path) -> None:
    files = StoredFiles(tmp_path)
    assert kept_objects(files, JOB) is None
    assert not has_objects(files, JOB)
    files.draw(JOB, files_of_objects([(REPORT, b"sr")], refused=""))
    assert kept_objects(files, JOB) == KeptObjects(objects=(REPORT,))
    assert has_objects(files, JOB)
    assert kept_object(files, JOB, kind="sr") == b"sr"
    assert kept_object(files, JOB, kind="pr") is None


def test_a_reason_is_kept_as_well(tmp_path: Path) -> None:
    files = StoredFiles(tmp_path)
    files.draw(JOB, files_of_objects([], refused="because"))
    assert kept_objects(files, JOB) == KeptObjects(refused="because")
    assert not has_objects(files, JOB)
