"""What is accepted is never lost, read once, tried twice at most; the queue is full at its bound and not before."""

import multiprocessing
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from hilum.errors import BusyError, OutputError
from hilum.service.store.files import StoredFiles
from hilum.service.store.job import Job, Lease, Outcome, Place, Upload, job_key
from hilum.service.store.queue import BROKEN_OFF, DIED, LEASE_S
from hilum.service.store.store import Store, StoreOptions, open_store
from hilum.stated import Stated

UPLOAD = Upload(name="a.png", origin="rest")
READ = Outcome(
    reading={"findings": []}, place=Place(rank="not flagged", value=0.0, why="nothing"), drawn={"page.html": b"p"}
)


def accept(store: Store, data: bytes, *, upload: Upload = UPLOAD, settings: str = "s") -> Job:
    return store.queue.accept(data, upload=upload, settings_sha256=settings).job


def claimed(store: Store, worker: str = "w") -> Lease:
    lease = store.queue.claim(worker)
    assert lease is not None
    return lease


def test_an_accepted_file_is_on_disk_and_waits(store: Store) -> None:
    upload = Upload(name="a.png", origin="dicom", stated=Stated(age_years=3.0, view="AP"), details={"from": "PACS"})
    job = accept(store, b"bytes", upload=upload)
    assert store.files.read_bytes(job.sha256) == b"bytes"
    found = store.readings.get(job.id)
    assert found == job
    assert (found.state, found.name, found.stated, found.details) == (
        "queued",
        "a.png",
        upload.stated,
        {"from": "PACS"},
    )
    assert store.queue.waiting() == 1


def test_the_same_file_joins_and_another_model_reads_anew(store: Store) -> None:
    first = store.queue.accept(b"x", upload=UPLOAD, settings_sha256="s")
    again = store.queue.accept(b"x", upload=Upload(name="other.png", origin="page"), settings_sha256="s")
    assert (first.is_new, again.is_new, again.job.id) == (True, False, first.job.id)
    other_model = store.queue.accept(b"x", upload=UPLOAD, settings_sha256="t")
    older = store.queue.accept(
        b"x", upload=Upload(name="a", origin="rest", stated=Stated(age_years=9.0)), settings_sha256="s"
    )
    assert other_model.is_new
    assert older.is_new
    store.queue.finish(claimed(store), READ)
    joined = store.queue.accept(b"x", upload=UPLOAD, settings_sha256="s")
    assert (joined.is_new, joined.job.state) == (False, "done")


def test_what_is_written_beside_an_upload_is_there_or_the_upload_is_not(store: Store) -> None:
    def note(connection: Connection, job: Job) -> None:
        store.audit.add_within(connection, "upload", who="w", address="a", job_id=job.id)

    def no_room(_connection: Connection, _job: Job) -> None:
        raise OutputError("no room in the audit")

    with pytest.raises(OutputError):
        store.queue.accept(b"x", upload=UPLOAD, settings_sha256="s", within=no_room)
    assert store.queue.waiting() == 0
    ids = [store.queue.accept(b"x", upload=UPLOAD, settings_sha256="s", within=note).job.id for _ in range(2)]
    assert [row.job_id for row in store.audit.rows()] == ids


def test_the_queue_is_full_at_exactly_its_capacity(make_store: Callable[..., Store]) -> None:
    store = make_store(capacity=3)
    for number in range(3):
        accept(store, bytes([number]))
    with pytest.raises(BusyError, match="3 files wait"):
        accept(store, b"one more")
    assert accept(store, bytes([0])).number == 1  # what is there already needs no room
    assert len(store.files.hashes()) == 3
    lease = claimed(store)
    with pytest.raises(BusyError):
        accept(store, b"one more")  # what is being read still counts
    store.queue.finish(lease, READ)
    assert accept(store, b"one more").state == "queued"


def test_many_at_once_never_pass_the_capacity(make_store: Callable[..., Store]) -> None:
    store = make_store(capacity=5)
    refused = []

    def send(number: int) -> None:
        try:
            accept(store, b"%d" % number)
        except BusyError:
            refused.append(number)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (store.queue.waiting(), len(refused), len(store.files.hashes())) == (5, 7, 5)
    assert not list(store.folder.rglob(".hilum-tmp-*"))


def test_a_job_is_claimed_by_one_and_in_order(store: Store) -> None:
    jobs = [accept(store, bytes([number])) for number in range(2)]
    assert [claimed(store, "a").job.id, claimed(store, "b").job.id] == [job.id for job in jobs]
    assert store.queue.claim("c") is None


def test_what_is_done_is_kept_and_its_bytes_go(store: Store) -> None:
    job = accept(store, b"x")
    rows = []

    def within(connection: Connection, ended: Job) -> None:
        rows.append((ended.state, connection.execute(text("SELECT count(*) FROM job")).scalar_one()))

    assert store.queue.finish(claimed(store), READ, within=within)
    done = store.readings.get(job.id)
    assert done is not None
    assert (done.state, done.reading, done.place.why) == ("done", {"findings": []}, "nothing")
    assert store.files.drawn(job.id, "page.html") == b"p"
    assert store.files.read_bytes(job.sha256) is None
    assert rows == [("done", 1)]


def test_what_fails_beside_the_reading_undoes_it(store: Store) -> None:
    job = accept(store, b"x")
    lease = claimed(store)

    def within(_connection: Connection, _job: Job) -> None:
        raise OutputError("no room in the outbox")

    with pytest.raises(OutputError):
        store.queue.finish(lease, READ, within=within)
    found = store.readings.get(job.id)
    assert found is not None
    assert found.state == "leased"
    assert store.files.read_bytes(job.sha256) == b"x"


def test_bytes_stay_while_another_job_needs_them(store: Store) -> None:
    job = accept(store, b"x")
    accept(store, b"x", settings="t")
    store.queue.finish(claimed(store), READ)
    assert store.files.read_bytes(job.sha256) == b"x"
    store.queue.finish(claimed(store), READ)
    assert store.files.read_bytes(job.sha256) is None


def test_a_lease_that_ends_is_another_s_and_the_first_reader_s_result_is_dropped(store: Store, clock: Callable) -> None:
    accept(store, b"x")
    slow = claimed(store, "slow")
    clock.now_s += LEASE_S - 1.0
    assert store.queue.claim("other") is None
    assert store.queue.renew(slow)
    clock.now_s += LEASE_S - 1.0
    assert store.queue.claim("other") is None
    clock.now_s += 2.0
    second = claimed(store, "other")
    assert second.attempt == 2
    assert not store.queue.renew(slow)
    assert not store.queue.finish(slow, READ)
    assert not store.queue.fail(slow, kind="decode", message="no")
    assert store.queue.finish(second, READ)
    assert not store.queue.finish(second, READ)


def test_two_readers_that_broke_down_fail_a_file_with_the_reason(store: Store) -> None:
    job = accept(store, b"x")
    for _ in range(2):
        claimed(store, "breaks down")
        store.queue.release("breaks down", broke_down=True)
    assert store.queue.claim("third") is None
    failed = store.readings.get(job.id)
    assert failed is not None
    assert (failed.state, failed.failure_kind, failed.failure, failed.attempt) == ("failed", "died", DIED, 2)
    assert failed.place.rank == "could not be read"
    store.readings.sweep()
    assert not store.files.hashes()


@pytest.mark.parametrize("known", [True, False])
def test_readers_that_were_ended_from_outside_blame_no_file(store: Store, clock: Callable, *, known: bool) -> None:
    """Whether somebody saw the reader end, or its lease ran out."""
    job = accept(store, b"x")
    for number in range(6):
        assert claimed(store, f"killed {number}").job.id == job.id
        if known:
            store.queue.release(f"killed {number}", broke_down=False)
        else:
            clock.now_s += LEASE_S + 1.0
    assert store.queue.claim("seventh") is None
    found = store.readings.get(job.id)
    assert found is not None
    assert (found.failure_kind, found.failure) == ("died", BROKEN_OFF)


def test_a_job_that_is_given_back_waits_as_if_nobody_had_begun_it(store: Store, clock: Callable) -> None:
    job = accept(store, b"x")
    for _ in range(7):
        lease = claimed(store)
        assert store.queue.give_back(lease)
        assert store.readings.get(job.id) == job
    assert not store.queue.give_back(lease)  # nobody has it
    slow = claimed(store, "slow")
    clock.now_s += LEASE_S + 1.0
    other = claimed(store, "other")
    assert not store.queue.give_back(slow)  # another has it
    assert store.queue.finish(other, READ)
    assert not store.queue.give_back(other)  # it has ended


def test_what_failed_by_no_fault_of_its_own_is_read_when_it_comes_again(store: Store) -> None:
    job = accept(store, b"x")
    for _ in range(2):
        claimed(store, "breaks down")
        store.queue.release("breaks down", broke_down=True)
    store.readings.sweep()
    again = store.queue.accept(b"x", upload=UPLOAD, settings_sha256="s")
    assert (again.is_new, again.job.id, again.job.state, again.job.failure) == (True, job.id, "queued", None)
    assert store.files.read_bytes(job.sha256) == b"x"
    assert store.queue.finish(claimed(store), READ)
    store.queue.accept(b"y", upload=UPLOAD, settings_sha256="s")
    store.queue.fail(claimed(store), kind="decode", message="cut short")
    assert not store.queue.accept(b"y", upload=UPLOAD, settings_sha256="s").is_new


def test_a_reason_is_kept(store: Store) -> None:
    job = accept(store, b"x")
    assert store.queue.fail(
        claimed(store), kind="decode", message="a.png: the file is cut short", reading={"error": {}}
    )
    failed = store.readings.get(job.id)
    assert failed is not None
    assert (failed.failure_kind, failed.reading) == ("decode", {"error": {}})
    assert "cut short" in failed.place.why


def test_deleted_while_it_is_read(store: Store) -> None:
    job = accept(store, b"x")
    lease = claimed(store)
    assert store.readings.delete(job.id)
    assert not store.queue.renew(lease)
    assert not store.queue.finish(lease, READ)
    assert not [path for path in store.folder.rglob("*") if path.is_file() and path.parent != store.folder]


class Killed(BaseException):
    """What a process does no more; in its own, it undoes an open transaction as kill -9 does."""


@pytest.fixture
def killed_after_the_removal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process ends right after bytes were removed, in the block of a test."""
    remove = StoredFiles.drop_bytes

    def remove_and_die(self: StoredFiles, sha256: str) -> None:
        remove(self, sha256)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(StoredFiles, "drop_bytes", remove_and_die)
        yield


@pytest.mark.usefixtures("killed_after_the_removal")
@pytest.mark.parametrize("how", ["read", "not read", "deleted"])
def test_bytes_are_removed_only_when_nothing_can_bring_their_job_back(store: Store, how: str) -> None:
    job = accept(store, b"x")
    lease = claimed(store)
    end = {
        "read": partial(store.queue.finish, lease, READ),
        "not read": partial(store.queue.fail, lease, kind="decode", message="cut short"),
        "deleted": partial(store.readings.delete, job.id),
    }[how]
    with pytest.raises(Killed):
        end()
    ended = store.readings.get(job.id)
    assert (None if ended is None else ended.state) == {"read": "done", "not read": "failed", "deleted": None}[how]


@pytest.mark.parametrize("how", ["read", "deleted"])
def test_a_sweep_removes_what_a_reader_killed_after_the_commit_left(
    store: Store, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    job = accept(store, b"x")
    lease = claimed(store)

    def die(_self: StoredFiles, _name: str) -> None:
        raise Killed

    end = partial(store.queue.finish, lease, READ) if how == "read" else partial(store.readings.delete, job.id)
    with monkeypatch.context() as patch:
        patch.setattr(StoredFiles, "drop_bytes" if how == "read" else "drop_drawn", die)
        with pytest.raises(Killed):
            end()
    assert store.files.hashes() == {job.sha256}
    store.readings.sweep()
    assert not store.files.hashes()


def _read_all(folder: Path, database: str | None) -> None:
    store = open_store(folder, options=StoreOptions(database=database), migrate=False)
    while (lease := store.queue.claim(f"{multiprocessing.current_process().pid}")) is not None:
        store.queue.finish(lease, Outcome(reading={"by": lease.worker}, place=READ.place))
    store.close()


def test_three_processes_read_each_file_once(store: Store, database_url: str | None) -> None:
    jobs = [accept(store, b"%d" % number) for number in range(40)]
    spawn = multiprocessing.get_context("spawn")
    readers = [spawn.Process(target=_read_all, args=(store.folder, database_url)) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    ended = [store.readings.get(job.id) for job in jobs]
    assert [(job.state, job.attempt) for job in ended if job] == [("done", 1)] * 40


SENDER = """
import itertools, sys
from pathlib import Path
from hilum.service.store.job import Upload
from hilum.service.store.store import StoreOptions, open_store
store = open_store(Path(sys.argv[1]), options=StoreOptions(database=sys.argv[2] or None), migrate=False)
for number in itertools.count():
    accepted = store.queue.accept(b"%d" % number, upload=Upload(name="n", origin="rest"), settings_sha256="s")
    print(accepted.job.id, accepted.job.sha256, flush=True)
"""


def test_what_was_accepted_survives_kill_9(store: Store, database_url: str | None) -> None:
    command = [sys.executable, "-c", SENDER, str(store.folder), database_url or ""]
    told = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as sender:
        assert sender.stdout is not None
        for line in sender.stdout:
            told.append(line.split())
            if len(told) == 15:
                sender.send_signal(signal.SIGKILL)
    for job_id, sha256 in told:
        job = store.readings.get(job_id)
        assert job is not None
        assert job.state == "queued"
        assert store.files.read_bytes(sha256) is not None
    assert len(told) >= 15
    store.readings.sweep()
    assert store.queue.waiting() >= len(told)


def test_a_key_is_of_bytes_models_and_statement() -> None:
    keys = {
        job_key(sha256, settings_sha256=settings, stated=stated)
        for sha256 in ("a", "b")
        for settings in ("s", "t")
        for stated in (Stated(), Stated(sex="F"))
    }
    assert len(keys) == 8
