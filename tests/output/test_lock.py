"""One process holds an output folder; the lock dies with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from hilum.errors import OutputError
from hilum.output.lock import FolderLock

HOLD = """
import sys
from pathlib import Path
from hilum.output.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def hold_elsewhere(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_process_is_refused_until_the_first_dies(tmp_path: Path) -> None:
    process = hold_elsewhere(tmp_path)
    try:
        with pytest.raises(OutputError, match="Another hilum process is writing into") as caught:
            FolderLock(tmp_path)
        assert "\n" not in str(caught.value)
    finally:
        process.kill()  # no chance to clean up
        process.communicate()
    FolderLock(tmp_path).close()


def test_same_process_cannot_hold_it_twice_but_again_after_release(tmp_path: Path) -> None:
    with FolderLock(tmp_path) as lock:
        with pytest.raises(OutputError):
            FolderLock(tmp_path)
        lock.close()
        FolderLock(tmp_path).close()


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Cannot write"):
        FolderLock(tmp_path / "absent")
