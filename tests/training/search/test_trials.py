"""The record of trials: nothing that ended is lost, what had not ended is found again, and laggards are told."""

from pathlib import Path

import pytest

from fabricate_trials import FIELDS, GOAL
from hilum.errors import DataError
from hilum.training.search.trials import RECORD_NAME, Record


def opened(folder: Path, *, least_epochs: int = 1) -> Record:
    return Record(folder, fields=FIELDS, goal=GOAL, least_epochs=least_epochs, seed=0)


def test_another_driver_finds_what_ended_and_what_had_not(tmp_path: Path) -> None:
    first = opened(tmp_path)
    asked = dict(first.ask() for _ in range(4))
    first.report(0, {0: 0.6, 1: 0.7})
    first.ended(0, value=0.7)
    first.failed(1, why="no memory")
    first.report(2, {0: 0.65})
    second = opened(tmp_path)
    assert second.begun == 4
    assert dict(second.unfinished()) == {number: asked[number] for number in (2, 3)}
    rows = second.rows()
    assert [row.state for row in rows] == ["ended", "failed", "not ended", "not ended"]
    assert rows[0].values == {1: 0.6, 2: 0.7}
    assert rows[1].why == "no memory"
    assert [dict(row.spelled) for row in rows] == [asked[number] for number in range(4)]
    second.report(2, {0: 0.65, 1: 0.75})
    second.ended(2, value=0.75)
    best = second.best()
    assert best is not None
    assert (best.number, best.value) == (2, 0.75)


def test_a_driver_that_goes_on_draws_other_settings(tmp_path: Path) -> None:
    drawn = []
    for _ in range(3):
        record = opened(tmp_path)
        number, spelled = record.ask()
        record.ended(number, value=0.5)
        drawn.append(spelled["optimizer.learning_rate"])
    assert len(set(drawn)) == 3
    assert all(1e-4 <= float(text) <= 0.4 for text in drawn)


def test_of_three_that_reach_an_epoch_the_best_goes_on(tmp_path: Path) -> None:
    """Successive halving by 3: one is compared after 1 epoch, then after 3; the first to come is let through."""
    record = opened(tmp_path)
    for _ in range(4):
        record.ask()
    assert record.report(0, {0: 0.7}) is False
    assert record.report(1, {0: 0.6}) is True, "behind the best third of those that came"
    assert record.report(2, {0: 0.8}) is False
    assert record.report(0, {0: 0.7, 1: 0.75}) is False, "what is known already is not told twice"
    record.stopped(1)
    row = record.rows()[1]
    assert (row.state, row.value) == ("stopped early", 0.6)


def test_nothing_is_stopped_before_its_least_epochs(tmp_path: Path) -> None:
    record = opened(tmp_path, least_epochs=3)
    for number in range(3):
        record.ask()
        assert record.report(number, {0: 0.9 - 0.1 * number, 1: 0.9 - 0.1 * number}) is False
    assert [record.report(number, {2: 0.9 - 0.1 * number}) for number in range(3)] == [False, True, True]


def test_of_equals_the_first_is_the_best_and_none_is_best_where_none_ended(tmp_path: Path) -> None:
    record = opened(tmp_path)
    assert record.best() is None
    for _ in range(3):
        record.ended(record.ask()[0], value=0.8)
    best = record.best()
    assert best is not None
    assert best.number == 0


def test_a_file_that_is_no_record_is_one_line(tmp_path: Path) -> None:
    (tmp_path / RECORD_NAME).write_text("no database at all, though long enough for one" * 20)
    with pytest.raises(DataError, match=r"trials\.db is not the record of a search") as raised:
        opened(tmp_path)
    assert "\n" not in str(raised.value)
