"""The service as a whole: one process holds its folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hilum.errors import OutputError
from hilum.service.store.store import hold_store, open_store

HOLDER = """
import sys, time
from pathlib import Path
from hilum.service.store.store import hold_store
with hold_store(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="kills a process as Linux and macOS do")
def test_one_process_holds_a_folder_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match=r"Another hilum serve or hilum listen uses .*--folder"):
            hold_store(folder)
        open_store(folder).close()  # a reader process, or a look at what waits, needs no hold
        holder.kill()
    hold_store(folder).close()


def test_the_folder_is_for_this_user_alone(tmp_path: Path) -> None:
    with hold_store(tmp_path / "store"):
        assert (tmp_path / "store").stat().st_mode & 0o077 == 0 or os.name == "nt"
