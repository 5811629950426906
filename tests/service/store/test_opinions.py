"""Opinions: the latest of each person counts, and only on findings that the reading has."""

import pytest

from hilum.errors import UsageError
from hilum.service.store.job import Job, Outcome, Place, Upload
from hilum.service.store.store import Store

READING = {"findings": [{"model": "m", "name": "Effusion"}, {"model": "m", "name": "Mass"}]}


@pytest.fixture
def job(store: Store) -> Job:
    store.queue.accept(b"x", upload=Upload(name="a", origin="rest"), settings_sha256="s")
    lease = store.queue.claim("w")
    assert lease is not None
    store.queue.finish(lease, Outcome(reading=READING, place=Place(rank="not flagged", value=0.0, why="")))
    found = store.readings.get(lease.job.id)
    assert found is not None
    return found


def test_the_latest_of_a_person_counts(store: Store, job: Job) -> None:
    for finding, verdict, who in (
        ("Effusion", "agree", "a"), ("Effusion", "disagree", "b"), ("Mass", "unsure", "a"), ("Effusion", "unsure", "a"),
    ):  # fmt: skip
        store.opinions.add(job, model="m", finding=finding, verdict=verdict, note=f"by {who}", who=who)
    said = [(each.finding, each.verdict, each.who) for each in store.opinions.of(job.id)]
    assert said == [("Effusion", "disagree", "b"), ("Mass", "unsure", "a"), ("Effusion", "unsure", "a")]
    assert [(of.id, each.note) for of, each in store.opinions.all()] == [
        (job.id, "by b"), (job.id, "by a"), (job.id, "by a")
    ]  # fmt: skip


def test_an_unknown_finding_is_refused(store: Store, job: Job) -> None:
    with pytest.raises(
        UsageError, match="The reading has no finding Hernia by m; its findings: Effusion by m, Mass by m"
    ):
        store.opinions.add(job, model="m", finding="Hernia", verdict="agree", note="", who="a")


def test_a_deleted_reading_takes_its_opinions_along(store: Store, job: Job) -> None:
    store.opinions.add(job, model="m", finding="Mass", verdict="agree", note="", who="a")
    store.readings.delete(job.id)
    assert list(store.opinions.all()) == []
