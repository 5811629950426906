"""Rows that stay until an archive has what they hold."""

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from hilum.service.dicom.outbox import OUTBOX, PROMISE_S, Outbox
from hilum.service.dicom.peers import Destination

FIRST = Destination("FIRST", "10.0.0.1", 104)
SECOND = Destination("SECOND", "10.0.0.2", 104, ("sr", "seg"))


def counts(outbox: Outbox) -> dict[tuple[str, str], int]:
    return {(row.destination, row.state): row.rows for row in outbox.counts()}


def test_each_destination_gets_its_kinds_once(outbox: Outbox, post: Any) -> None:
    post(FIRST, SECOND)
    post(FIRST, job_id="1" * 32)  # the same objects again
    assert counts(outbox) == {(FIRST.name, "waiting"): 3, (SECOND.name, "waiting"): 2}
    assert len(outbox.due(FIRST.name)) == 3
    assert outbox.due("nobody") == ()


def test_pauses_double_up_to_an_hour_and_then_it_is_given_up(outbox: Outbox, post: Any, clock: Any) -> None:
    post(FIRST)
    number = outbox.due(FIRST.name)[0].number
    pauses = []
    while (pauses or [0.0])[-1] < 2880.0:  # an hour, less the fifth by which pauses differ
        outbox.failed([number], said="away")
        with outbox.database.read() as connection:
            row = connection.execute(select(OUTBOX.c.due_s).where(OUTBOX.c.number == number)).one()
        pauses.append(row.due_s - clock.now_s)
        assert number not in {parcel.number for parcel in outbox.due(FIRST.name)}
        clock.now_s = row.due_s
    assert 4.0 <= pauses[0] <= 6.0
    assert max(pauses) <= 3600 * 1.2
    growth = [later / earlier for earlier, later in pairwise(pauses[:-1])]
    assert all(1.3 < each < 3.1 for each in growth)  # twice, each a fifth more or less
    clock.now_s += 8 * 86400
    outbox.failed([number], said="away")
    assert counts(outbox) == {(FIRST.name, "dead"): 1, (FIRST.name, "waiting"): 2}


def test_what_was_given_up_is_sent_when_its_image_comes_again(outbox: Outbox, post: Any, clock: Any) -> None:
    post(FIRST)
    report, state, picture = outbox.due(FIRST.name)
    outbox.delivered([picture.number], said="kept")
    clock.now_s += 8 * 86400
    outbox.failed([report.number, state.number], said="away")
    assert counts(outbox) == {(FIRST.name, "dead"): 2, (FIRST.name, "delivered"): 1}
    post(FIRST, job_id="1" * 32)
    assert [parcel.data for parcel in outbox.due(FIRST.name)] == [report.data, state.data]
    outbox.failed([report.number], said="away again")  # its time begins anew
    assert counts(outbox) == {(FIRST.name, "waiting"): 2, (FIRST.name, "delivered"): 1}


def test_what_an_archive_reports_counts(outbox: Outbox, post: Any) -> None:
    post(FIRST)
    report, state, picture = outbox.due(FIRST.name)
    outbox.promised([report.number, state.number, picture.number], transaction="1.2.3")
    assert outbox.due(FIRST.name) == ()
    outbox.kept("9.9", by="OTHER", instances=[report.sop_instance], failed={})  # of no transaction of ours
    assert counts(outbox) == {(FIRST.name, "promised"): 3}
    outbox.kept("1.2.3", by="FIRST", instances=[report.sop_instance], failed={state.sop_instance: 0x0112})
    assert counts(outbox) == {(FIRST.name, "delivered"): 1, (FIRST.name, "promised"): 1, (FIRST.name, "waiting"): 1}
    assert any("0x0112" in row.said for row in outbox.counts())


def test_a_promise_that_is_not_kept_in_time_is_sent_again(outbox: Outbox, post: Any, clock: Any) -> None:
    post(FIRST)
    numbers = [parcel.number for parcel in outbox.due(FIRST.name)]
    outbox.promised(numbers, transaction="1.2.3")
    clock.now_s += PROMISE_S + 1
    assert [parcel.number for parcel in outbox.due(FIRST.name)] == numbers


def test_an_archive_that_never_says_that_it_keeps_it_is_asked_less_and_less_often(
    outbox: Outbox, post: Any, clock: Any
) -> None:
    post(FIRST)
    numbers = [parcel.number for parcel in outbox.due(FIRST.name)]
    began_s, asked_s = clock.now_s, []
    while outbox.due(FIRST.name):
        asked_s.append(clock.now_s)
        outbox.promised(numbers, transaction=f"1.{len(asked_s)}")
        with outbox.database.read() as connection:
            clock.now_s = connection.execute(select(OUTBOX.c.due_s)).scalars().first() + 1.0
    pauses = [later - earlier for earlier, later in pairwise(asked_s)]
    assert pauses[0] == PROMISE_S + 1.0
    assert pauses == sorted(pauses)
    assert max(pauses) == 3601.0
    assert asked_s[-1] - began_s > 7 * 86400
    assert counts(outbox) == {(FIRST.name, "dead"): 3}
    instance = outbox_instances(outbox)[0]
    outbox.kept(f"1.{len(asked_s)}", by="FIRST", instances=[instance], failed={})
    assert counts(outbox) == {(FIRST.name, "delivered"): 1, (FIRST.name, "dead"): 2}


def test_an_archive_that_always_reports_late_is_heard(outbox: Outbox, post: Any, clock: Any) -> None:
    """After 70 minutes, when what it took is on tape: each time the object was sent again before."""
    post(FIRST, SECOND)
    uid = outbox.due(FIRST.name)[0].sop_instance
    began_s, reports = clock.now_s, []
    while (FIRST.name, "delivered") not in counts(outbox):
        for transaction in [said for due_s, said in reports if due_s <= clock.now_s]:
            outbox.kept(transaction, by="FIRST", instances=[uid], failed={})
        for destination in (FIRST, SECOND):
            due = [parcel.number for parcel in outbox.due(destination.name) if parcel.sop_instance == uid]
            if due:
                transaction = f"1.{len(reports)}.{destination.title}"
                outbox.promised(due, transaction=transaction)
                reports.append((clock.now_s + 4200.0, transaction))
        clock.now_s += 60.0
    assert clock.now_s - began_s < 2 * 3600
    assert counts(outbox)[FIRST.name, "delivered"] == 1
    assert (SECOND.name, "delivered") not in counts(outbox)  # another archive's report says nothing of it


def test_a_late_report_counts_for_no_two_archives_of_one_title(outbox: Outbox, post: Any) -> None:
    twin = Destination("FIRST", "10.0.0.9", 104)
    post(FIRST, twin)
    for number, destination in enumerate((FIRST, twin)):
        parcels = outbox.due(destination.name)
        outbox.promised([parcel.number for parcel in parcels], transaction=f"1.{number}")
    outbox.kept("1.2.3", by="FIRST", instances=[parcels[0].sop_instance], failed={})
    assert counts(outbox) == {(FIRST.name, "promised"): 3, (twin.name, "promised"): 3}
    outbox.kept("1.1", by="FIRST", instances=[parcels[0].sop_instance], failed={})
    assert counts(outbox) == {(FIRST.name, "promised"): 3, (twin.name, "promised"): 2, (twin.name, "delivered"): 1}


def outbox_instances(outbox: Outbox) -> list[str]:
    with outbox.database.read() as connection:
        return list(connection.execute(select(OUTBOX.c.sop_instance).order_by(OUTBOX.c.number)).scalars())


def test_what_is_delivered_stays_so_whatever_is_told_later(outbox: Outbox, post: Any) -> None:
    """The archive reports on one connection and dies before it answers on the other: what it has was let go of here."""
    post(FIRST)
    parcels = outbox.due(FIRST.name)
    numbers = [parcel.number for parcel in parcels]
    outbox.promised(numbers, transaction="1.2.3")
    outbox.kept("1.2.3", by="FIRST", instances=[parcel.sop_instance for parcel in parcels], failed={})
    outbox.failed(numbers, said="the archive was gone when it was asked whether it keeps what it took")
    outbox.promised(numbers, transaction="1.2.4")
    outbox.kept("1.2.3", by="FIRST", instances=[], failed={parcels[0].sop_instance: 0x0110})
    assert counts(outbox) == {(FIRST.name, "delivered"): 3}
    assert outbox.due(FIRST.name) == ()


def test_what_is_delivered_takes_no_room(outbox: Outbox, post: Any) -> None:
    post(FIRST)
    outbox.delivered([parcel.number for parcel in outbox.due(FIRST.name)], said="kept")
    with outbox.database.read() as connection:
        assert connection.execute(select(OUTBOX.c.data)).scalars().all() == [None] * 3


def test_a_transaction_that_fails_leaves_no_row(outbox: Outbox, post: Any) -> None:
    with pytest.raises(AttributeError):
        post(FIRST, None)
    assert outbox.counts() == ()
