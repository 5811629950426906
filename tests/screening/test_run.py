"""Runs: one row a film whatever dies, films that kill found, parts of others refused, the same bytes by any hands."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

import fabricate_screening
from fabricate_screening import Here, OpenFast, fast_row, names, planned, run_here
from hilum.errors import BundleError, DataError, EngineError, OutputError, UsageError
from hilum.screening.part import read_part
from hilum.screening.plan import PARTS, Plan, part_name
from hilum.screening.run import Share, published, run_plan


def rows_of(plan: Plan) -> list[dict]:
    found = []
    for number in range(plan.shards):
        data = plan.place.read(f"{PARTS}/{part_name(number)}")
        found += read_part(data, name="", plan_sha256=plan.sha256, shard=number).to_pylist()
    return found


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_film_has_its_row_in_the_plans_order(tmp_path: Path) -> None:
    plan = planned(tmp_path, [*names(25), "missing.png"])
    done = run_plan(plan, crew=Here())
    assert (done.shards, done.read, done.failed, done.deaths) == (3, 25, 1, 0)
    assert rows_of(plan) == [fast_row(name) for name in [*names(25), "missing.png"]]


@pytest.mark.parametrize("bad", ["dies", "breaks"])
def test_a_film_on_which_readers_die_is_found_and_becomes_a_failure(tmp_path: Path, bad: str) -> None:
    all_names = [*names(13), f"{bad}.png", *names(30)[14:]]
    plan = planned(tmp_path, all_names)
    crew = Here()
    done = run_plan(plan, crew=crew)
    found = {row["name"]: row for row in rows_of(plan)}
    assert list(found) == all_names
    assert [name for name, row in found.items() if row["status"] == "failed"] == [f"{bad}.png"]
    assert found[f"{bad}.png"]["error_kind"] == "killed"
    assert "3 readers died on this film" in found[f"{bad}.png"]["error"]
    # three deaths on the ten films, one on five and on each smaller piece, three on the film alone
    assert (done.halved, done.failed) == (1, 1)
    assert 3 + 3 + 2 <= done.deaths <= 3 + 3 + 3
    assert {piece.shard for piece in crew.given if len(piece) < 10} == {1}


def test_two_killers_in_one_shard_are_both_found(tmp_path: Path) -> None:
    all_names = ["dies-1.png", *names(8), "dies-2.png"]
    plan = planned(tmp_path, all_names)
    assert run_plan(plan, crew=Here()).failed == 2
    assert [row["status"] for row in rows_of(plan)] == ["failed", *["read"] * 8, "failed"]


def test_shares_are_all_of_the_plan_and_their_parts_are_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "shared").mkdir()
    whole, shared = (planned(tmp_path / each, names(45)) for each in ("whole", "shared"))
    run_plan(whole, crew=Here())
    for number in (3, 1, 2):
        run_plan(shared, crew=Here(), share=Share(number, 3))
    assert bytes_of(tmp_path / "whole" / "plan" / PARTS) == bytes_of(tmp_path / "shared" / "plan" / PARTS)
    for number, of in ((0, 3), (4, 3), (1, 0)):
        with pytest.raises(UsageError, match="is no share"):
            Share(number, of)


def test_a_run_goes_on_where_another_stopped(tmp_path: Path) -> None:
    plan = planned(tmp_path, names(50))
    run_plan(plan, crew=Here(), share=Share(2, 2))
    before = bytes_of(tmp_path / "plan" / PARTS)
    (tmp_path / "plan" / PARTS / ".hilum-tmp-1234").write_bytes(b"half")
    crew = Here()
    done = run_plan(plan, crew=crew)
    assert (done.before, done.shards) == (2, 3)
    assert [piece.shard for piece in crew.given] == [0, 2, 4]
    assert bytes_of(tmp_path / "plan" / PARTS).items() >= before.items()
    assert run_plan(plan, crew=Here()).shards == 0


def test_a_part_of_another_plan_and_a_damaged_one_are_one_line_and_stay(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    plan, other = planned(tmp_path, names(20)), planned(tmp_path / "other", [*names(10), *names(10)])
    run_plan(other, crew=Here())
    strange = tmp_path / "plan" / PARTS / part_name(1)
    strange.parent.mkdir()
    strange.write_bytes((tmp_path / "other" / "plan" / PARTS / part_name(1)).read_bytes())
    with pytest.raises(DataError, match=r"part-00001\.parquet was written by another plan, with other films, models"):
        run_plan(plan, crew=Here())
    strange.write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"part-00001\.parquet is damaged; move it away"):
        run_plan(plan, crew=Here())
    strange.unlink()
    assert run_plan(plan, crew=Here()).shards == 2


def test_a_full_disk_is_one_line_and_the_same_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(tmp_path, names(30))
    calls = []

    def full_at_the_second_part(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:  # after the first part and its folder
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_at_the_second_part)
    with pytest.raises(OutputError, match="No space left on device; make room, what is read stays; give the same"):
        run_plan(plan, crew=Here())
    assert published(plan) == {0}
    assert run_plan(plan, crew=Here()).shards == 2


def test_processes_find_a_film_that_kills_them(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    all_names = [*names(3), "kills.png", *names(8)[4:]]
    plan, same = planned(tmp_path, all_names, shard_films=4), planned(tmp_path / "here", all_names, shard_films=4)
    done = run_here(plan, workers=2)
    run_plan(same, crew=Here(dies="kills"))
    assert done.failed == 1
    assert bytes_of(tmp_path / "plan" / PARTS) == bytes_of(tmp_path / "here" / "plan" / PARTS)


def test_a_reader_that_refuses_to_open_is_its_one_line(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="other models"):
        run_here(planned(tmp_path, names(3)), asked=OpenFast(refuses="other models"))


def die() -> None:
    """Open no reader, and be no more."""
    import os

    os._exit(3)


def test_readers_that_die_while_they_open_end_the_run(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="The readers die while they open the models"):
        run_here(planned(tmp_path, names(3)), asked=die)


def test_readers_killed_by_chance_and_a_driver_killed_twice_lose_nothing(tmp_path: Path) -> None:
    plan = planned(tmp_path, names(200), shard_films=5)
    for name in ("deadly", "slow"):
        (tmp_path / name).touch()
    for wanted in (3, 8):
        driver = subprocess.Popen(
            [sys.executable, fabricate_screening.__file__, str(tmp_path / "plan"), "2"], stdin=subprocess.DEVNULL
        )
        until = time.monotonic() + 120
        while len(published(plan)) < wanted and driver.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        driver.kill()
        driver.wait()
    (tmp_path / "slow").unlink()
    before = len(published(plan))
    assert before >= 8
    done = run_here(plan, asked=OpenFast(deadly=0.1, log=str(tmp_path / "log")), workers=2)
    assert rows_of(plan) == [fast_row(name) for name in names(200)]
    pieces = (tmp_path / "log").read_text().splitlines()
    again = (
        len(pieces) - done.shards
    )  # a death costs its own shard once, and no other; the third may halve it by chance
    assert again == done.deaths if done.halved == 0 else again >= done.deaths + done.halved
    assert done.shards == 40 - before
