import hashlib
import os
import sqlite3
import subprocess
import sys
import time

import pytest

from fabricate_kermany import fabricate_kermany
from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.hash_memory import MEMORY_NAME, SETTLED_NS, HashMemory, remembered_hashes
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import OutputError


@pytest.fixture
def settled(monkeypatch):
    """Let the clock run ahead, so that the files of a test have been left alone for long."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10 * SETTLED_NS)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.usefixtures("settled")
def test_a_second_run_reads_no_file(tmp_path):
    paths = [tmp_path / f"{index}.png" for index in range(5)]
    for path in paths:
        path.write_bytes(path.name.encode())
    with remembered_hashes(tmp_path / "memory") as memory:
        assert [file_sha256(path) for path in paths] == [sha256(path) for path in paths]
        assert memory.hashed == 5
    with remembered_hashes(tmp_path / "memory") as memory:
        assert [file_sha256(path) for path in paths] == [sha256(path) for path in paths]
        assert memory.hashed == 0


@pytest.mark.usefixtures("settled")
def test_an_adapter_remembers_within_the_context_and_only_there(tmp_path):
    release = fabricate_kermany(tmp_path / "kermany", train=2, test=1)
    outside = read_kermany(release)
    with remembered_hashes(tmp_path / "memory") as memory:
        assert read_kermany(release) == outside
    assert memory.hashed == len(outside)
    with remembered_hashes(tmp_path / "memory") as memory:
        assert read_kermany(release) == outside
        assert memory.hashed == 0


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("keep_times", [False, True])
def test_other_bytes_of_the_same_length_are_seen_even_with_the_old_times(tmp_path, keep_times):
    path = tmp_path / "a.png"
    path.write_bytes(b"before")
    with remembered_hashes(tmp_path / "memory"):
        file_sha256(path)
    old = path.stat()
    path.write_bytes(b"behind")
    if keep_times:
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    with remembered_hashes(tmp_path / "memory"):
        assert file_sha256(path) == hashlib.sha256(b"behind").hexdigest()


def test_a_file_written_just_now_is_not_remembered(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"new")
    for _ in range(2):
        with remembered_hashes(tmp_path / "memory") as memory:
            file_sha256(path)
        assert memory.hashed == 1


@pytest.mark.usefixtures("settled")
def test_what_was_hashed_before_an_error_is_remembered(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"sound")

    def read_until_it_breaks():
        with remembered_hashes(tmp_path / "memory"):
            file_sha256(path)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_until_it_breaks()
    with remembered_hashes(tmp_path / "memory") as memory:
        file_sha256(path)
    assert memory.hashed == 0


def test_a_memory_that_is_no_database_is_named(tmp_path):
    (tmp_path / MEMORY_NAME).write_bytes(b"this is no database" * 100)
    with pytest.raises(OutputError, match=f"{MEMORY_NAME}.*Remove the file"), remembered_hashes(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="--cache"), remembered_hashes(tmp_path / "taken"):
        pass


@pytest.mark.usefixtures("settled")
def test_two_processes_remember_at_once(tmp_path):
    for index in range(200):
        (tmp_path / f"{index}.png").write_bytes(str(index).encode())
    code = (
        "import sys, time; from pathlib import Path; now = time.time_ns; time.time_ns = lambda: now() + 10**11\n"
        "from hilum.datasets.records.files import file_sha256\n"
        "from hilum.datasets.records.hash_memory import remembered_hashes\n"
        "with remembered_hashes(Path(sys.argv[1]) / 'memory') as memory:\n"
        "    for path in sorted(Path(sys.argv[1]).glob('*.png')): file_sha256(path); memory.save()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(writer.communicate(timeout=120)[1], writer.returncode) for writer in writers] == [("", 0)] * 2
    with sqlite3.connect(tmp_path / "memory" / MEMORY_NAME) as database:
        rows = database.execute("SELECT path, sha256 FROM hashes").fetchall()
    assert len(rows) == 200
    assert all(sha256(tmp_path / path) == digest for path, digest in rows)


@pytest.mark.usefixtures("settled")
def test_a_file_that_grows_while_it_is_read_is_not_remembered(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"short")

    class Growing(type(path)):
        def read_bytes(self):
            data = super().read_bytes()
            with self.open("ab") as file:
                file.write(b"er")
            return data

    with remembered_hashes(tmp_path / "memory") as memory:
        assert isinstance(memory, HashMemory)
        memory.sha256(Growing(path))
    with remembered_hashes(tmp_path / "memory") as memory:
        assert file_sha256(path) == hashlib.sha256(b"shorter").hexdigest()
        assert memory.hashed == 1
