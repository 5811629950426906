"""Names of files come from hashes and ids alone; nothing else becomes a path."""

import pytest

from hilum.errors import OutputError, UsageError
from hilum.service.store.files import StoredFiles
from hilum.service.store.store import Store

JOB = "0" * 32


@pytest.mark.parametrize(
    "name", ["../x.html", "/etc/passwd", "page", "a/b.html", "..", ".x.html", "Ä.html", "x.html\n", ""]
)
def test_a_drawn_file_cannot_lie_elsewhere(sqlite_store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="no file of the service"):
        sqlite_store.files.drawn(JOB, name)


@pytest.mark.parametrize("job_id", ["../" + "0" * 29, "0" * 31, "", "A" * 32, "0" * 31 + "/"])
def test_an_id_is_hexadecimal(sqlite_store: Store, job_id: str) -> None:
    with pytest.raises(UsageError):
        sqlite_store.files.drawn(job_id, "page.html")
    with pytest.raises(UsageError):
        sqlite_store.files.read_bytes(job_id)


def test_drawn_files_are_replaced_and_dropped(sqlite_store: Store) -> None:
    files = sqlite_store.files
    files.draw(JOB, {"page.html": b"1", "overlay.png": b"2"})
    files.draw(JOB, {"page.html": b"3"})
    assert [files.drawn(JOB, name) for name in ("page.html", "overlay.png", "absent.png")] == [b"3", b"2", None]
    assert files.drawn_jobs() == {JOB}
    files.drop_drawn(JOB)
    assert files.drawn(JOB, "page.html") is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bytes").write_text("in the way")
    with pytest.raises(OutputError):
        StoredFiles(tmp_path).put_aside(b"x")
