"""Reader processes: killed ones are replaced, and every file that was accepted is read."""

import multiprocessing
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from fabricate_service import grey_png, toy_plan
from hilum.bundle.load import Bundle
from hilum.errors import UsageError
from hilum.service.readers.plan import ReaderPlan
from hilum.service.readers.pool import ReaderPool
from hilum.service.store.job import Upload
from hilum.service.store.store import Store, open_store
from wait_for import wait_for

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills processes as Linux and macOS do")


until = partial(wait_for, seconds=120.0)


@pytest.fixture
def real_store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


def send(store: Store, count: int, **picture: int) -> list[str]:
    upload = Upload(name="a.png", origin="rest")
    return [
        store.queue.accept(grey_png(mark=mark, **picture), upload=upload, settings_sha256="s").job.id
        for mark in range(count)
    ]


def test_a_killed_reader_is_replaced_and_no_file_is_lost(real_store: Store, bundle: Bundle) -> None:
    ids = send(real_store, 20, rows=1200, columns=1000)
    with ReaderPool(toy_plan(real_store, bundle=bundle), count=1, queue=real_store.queue) as pool:
        until(lambda: real_store.readings.counts()["leased"])
        (reader,) = multiprocessing.active_children()
        reader.kill()
        until(lambda: pool.deaths == 1)
        until(lambda: real_store.queue.waiting() == 0)
        assert pool.ready == 1
    jobs = [real_store.readings.get(job_id) for job_id in ids]
    assert {job.state for job in jobs if job} == {"done"}
    assert sorted(job.attempt for job in jobs if job)[-2:] in ([1, 2], [1, 1])


def test_a_file_beyond_a_limit_fails_alone(real_store: Store, bundle: Bundle) -> None:
    """8,000 x 8,000 pixels take 244 MiB as numbers alone, and more than one such array is needed."""
    plan = toy_plan(real_store, bundle=bundle, memory_bytes=300 * 1024**2)
    large, small = send(real_store, 1, rows=8000, columns=8000) + send(real_store, 1)
    with ReaderPool(plan, count=1, queue=real_store.queue):
        until(lambda: real_store.queue.waiting() == 0)
    refused, read = real_store.readings.get(large), real_store.readings.get(small)
    assert refused is not None
    assert read is not None
    assert (refused.state, read.state) == ("failed", "done")
    assert (refused.failure_kind, refused.failure) == (
        "limit",
        "reading it needs more memory than a reader process may use",
    )


SERVER = """
import multiprocessing, sys, time
from pathlib import Path
from hilum.service.readers.plan import ReaderPlan
from hilum.service.readers.pool import ReaderPool
from hilum.service.store.store import open_store
if __name__ == "__main__":
    store = open_store(Path(sys.argv[1]))
    plan = ReaderPlan(store=store.folder, options=store.options, models=(Path(sys.argv[2]),))
    with ReaderPool(plan, count=1, queue=store.queue) as pool:
        while not pool.ready:
            time.sleep(0.05)
        print(*(each.pid for each in multiprocessing.active_children()), flush=True)
        time.sleep(600)
"""


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3] if Path("/proc").exists() else True


def test_readers_end_with_a_killed_server_and_the_next_goes_on(
    real_store: Store, bundle: Bundle, tmp_path: Path
) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    command = [sys.executable, str(script), str(real_store.folder), str(bundle.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        pids = [int(pid) for pid in server.stdout.readline().split()]
        ids = send(real_store, 4, rows=1200, columns=1000)
        server.send_signal(signal.SIGKILL)
    until(lambda: not any(map(_lives, pids)))
    for job_id in ids:
        job = real_store.readings.get(job_id)
        assert job is not None
        if job.state == "leased":  # its lease ends by itself; the test does not wait for it
            with real_store.database.write() as connection:
                connection.exec_driver_sql("UPDATE job SET lease_until_s = 0 WHERE id = ?", (job_id,))
    with ReaderPool(toy_plan(real_store, bundle=bundle), count=1, queue=real_store.queue):
        until(lambda: real_store.queue.waiting() == 0)
    assert real_store.readings.counts()["done"] == 4


def test_nonsense_is_refused(real_store: Store, bundle: Bundle) -> None:
    with pytest.raises(UsageError):
        ReaderPool(toy_plan(real_store, bundle=bundle), count=0, queue=real_store.queue)
    for wrong in ({"seconds": 0.0}, {"memory_bytes": 0}):
        with pytest.raises(UsageError):
            ReaderPlan(store=real_store.folder, options=real_store.options, models=(), **wrong)
