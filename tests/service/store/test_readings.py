"""The worklist in pages, filters, deletion of everything, and what grows too old."""

from collections.abc import Callable
from typing import Any

import pytest

from hilum.service.store import readings
from hilum.service.store.job import Job, Outcome, Place, Upload
from hilum.service.store.readings import HOUR_S, Wanted
from hilum.service.store.store import Store

UPLOAD = Upload(name="a.png", origin="rest")


def end(store: Store, data: bytes, place: Place) -> Job:
    store.queue.accept(data, upload=UPLOAD, settings_sha256="s")
    lease = store.queue.claim("w")
    assert lease is not None
    assert store.queue.finish(lease, Outcome(reading={}, place=place, drawn={"page.html": data}))
    job = store.readings.get(lease.job.id)
    assert job is not None
    return job


def at(value: float, *flagged: str) -> Place:
    return Place(rank="flagged" if flagged else "not flagged", value=value, why="because", flagged=flagged)


def test_the_most_urgent_come_first_page_by_page(store: Store) -> None:
    values = [0.0, 3.5, 2.0, 3.5, 0.0]
    jobs = [end(store, bytes([number]), at(value)) for number, value in enumerate(values)]
    shown, after = [], None
    for expected in (2, 2, 1):
        page = store.readings.page(Wanted(limit=2, after=after))
        assert (len(page.jobs), page.total) == (expected, 5)
        shown += [job.id for job in page.jobs]
        after = page.after
    assert after is None
    assert shown == [jobs[at].id for at in (3, 1, 2, 4, 0)]
    newest = store.readings.page(Wanted(order="newest", limit=3))
    assert [job.number for job in newest.jobs] == [5, 4, 3]
    rest = store.readings.page(Wanted(order="newest", after=newest.after))
    assert [job.number for job in rest.jobs] == [2, 1]


def test_filters(store: Store) -> None:
    first = end(store, b"1", at(3.1, "Effusion", "Pneumonia"))
    end(store, b"2", at(3.0, "Pleural Effusion"))
    end(store, b"3", at(0.0))
    store.queue.accept(b"4", upload=UPLOAD, settings_sha256="s")
    assert [job.id for job in store.readings.page(Wanted(finding="Effusion")).jobs] == [first.id]
    assert first.place.flagged == ("Effusion", "Pneumonia")
    assert store.readings.page(Wanted(finding="%")).total == 0
    assert store.readings.page(Wanted(rank="flagged")).total == 2
    assert store.readings.page(Wanted(state="queued")).total == 1
    assert store.readings.counts() == {"queued": 1, "leased": 0, "done": 3, "failed": 0}


@pytest.mark.parametrize("text", ["' OR 1=1 --", '"; DROP TABLE job; --', "|", "\\", "_"])
def test_a_filter_is_a_value_and_no_statement(store: Store, text: str) -> None:
    end(store, b"1", at(3.0, "Effusion"))
    assert store.readings.page(Wanted(finding=text)).total == 0
    assert store.readings.get(text) is None
    assert not store.readings.delete(text)
    assert store.readings.page(Wanted()).total == 1


def test_deletion_leaves_nothing(make_store: Callable[..., Store]) -> None:
    store = make_store(keep_days=1.0)
    job = end(store, b"x", at(3.0, "Effusion"))
    waiting = store.queue.accept(b"y", upload=UPLOAD, settings_sha256="s").job
    assert store.files.read_bytes(job.sha256) == b"x"
    assert store.readings.delete(job.id)
    assert store.readings.delete(waiting.id)
    assert not store.readings.delete(job.id)
    assert store.readings.get(job.id) is None
    assert store.files.hashes() == store.files.drawn_jobs() == frozenset()
    assert store.queue.claim("w") is None


def test_bytes_of_two_jobs_stay_until_both_are_deleted(make_store: Callable[..., Store]) -> None:
    store = make_store(keep_days=1.0)
    job = end(store, b"x", at(0.0))
    other = store.queue.accept(b"x", upload=UPLOAD, settings_sha256="t").job
    store.readings.delete(job.id)
    assert store.files.read_bytes(job.sha256) == b"x"
    store.readings.delete(other.id)
    assert store.files.read_bytes(job.sha256) is None


def test_pictures_go_after_an_hour_and_the_reading_stays(store: Store, clock: Callable) -> None:
    job = end(store, b"x", at(0.0))
    clock.now_s += HOUR_S - 1.0
    store.readings.sweep()
    assert store.files.drawn(job.id, "page.html") == b"x"
    clock.now_s += 2.0
    store.readings.sweep()
    assert store.files.drawn(job.id, "page.html") is None
    assert store.readings.get(job.id) == job


def test_images_are_kept_as_many_days_as_said(make_store: Callable[..., Store], clock: Callable) -> None:
    store = make_store(keep_days=2.0)
    job = end(store, b"x", at(0.0))
    clock.now_s += 47 * HOUR_S
    store.readings.sweep()
    assert store.files.read_bytes(job.sha256) == b"x"
    clock.now_s += 2 * HOUR_S
    store.readings.sweep()
    assert store.files.hashes() == store.files.drawn_jobs() == frozenset()


def test_a_sweep_takes_nothing_that_waits(store: Store, clock: Callable) -> None:
    job = store.queue.accept(b"x", upload=UPLOAD, settings_sha256="s").job
    clock.now_s += 1000 * HOUR_S
    store.readings.sweep()
    assert store.files.read_bytes(job.sha256) == b"x"


def test_a_sweep_goes_through_many_files_some_at_a_time(store: Store, clock: Callable, monkeypatch: Any) -> None:
    monkeypatch.setattr(readings, "_AT_ONCE", 2)
    old = [end(store, bytes([number]), at(0.0)) for number in range(5)]
    clock.now_s += HOUR_S + 1.0
    young = end(store, b"young", at(0.0))
    waiting = store.queue.accept(b"waiting", upload=UPLOAD, settings_sha256="s").job
    store.files.adopt(store.files.put_aside(b"of nobody"), sha256="0" * 64)
    store.readings.sweep()
    assert store.files.drawn_jobs() == {young.id}
    assert store.files.hashes() == {waiting.sha256}
    assert all(store.readings.get(job.id) == job for job in old)
