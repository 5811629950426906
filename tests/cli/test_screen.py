"""`hilum screen` on the command line: films in, one row each, and one line for whatever is wrong."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from fabricate_bundle import ToyBundle


def probability(grey: int) -> float:
    """What the toy says of a constant image, by hand."""
    return 1 / (1 + math.exp(-(8 * grey / 255 - 2)))


@pytest.fixture
def films(write_png: Any, tmp_path: Path) -> Path:
    """A manifest of five rows: three films, one of them twice, and one that is not there."""
    for name, grey in (("a.png", 10), ("sub/b.png", 200), ("c.png", 90)):
        write_png(tmp_path / "films" / name, grey=grey)
    shutil.copy(tmp_path / "films" / "a.png", tmp_path / "films" / "copy.png")
    table = tmp_path / "films" / "films.csv"
    table.write_text("path,age\na.png,4\nsub/b.png,\nnowhere.png,5\ncopy.png,48M\nc.png,\n")
    return table


def test_plan_run_finish_give_one_row_for_each_content(hilum: Any, toy: Path, films: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    done = hilum("screen", "plan", films, "--out", plan, "--model", toy, "--no-gate", "--no-lungs", "--shard-films", 2)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"planned 5 films in 3 shards\nread them: hilum screen run {plan}\n"
    early = hilum("screen", "finish", plan)
    assert (early.exit_code, early.stdout) == (1, "")
    assert "3 of 3 shards are not read yet, the first is 0; read them: hilum screen run" in early.stderr
    one = hilum("screen", "run", plan, "--shard", "2/3", "--workers", 1)
    assert one.exit_code == 0, one.stderr
    assert one.stdout.startswith("1 films read, 1 failed (")
    rest = hilum("screen", "run", plan, "--workers", 1)
    assert rest.stdout.startswith("3 films read, 0 failed (")
    assert "1 shards were read before" in rest.stdout
    ended = hilum("screen", "finish", plan)
    assert ended.stdout.startswith("5 films: 3 read, 1 not read, 1 copies of another film\n")
    rows = pq.read_table(plan / "readings.parquet").to_pylist()
    assert [row["name"] for row in rows] == ["a.png", "sub/b.png", "nowhere.png", "c.png"]
    assert [row["copies"] for row in rows] == [2, 1, 1, 1]
    for row, grey in zip(rows, (10, 200, None, 90), strict=True):
        if grey is None:
            assert (row["status"], row["error_kind"]) == ("failed", "missing")
            assert row["error"] == "nowhere.png: there is no such file"
        else:
            [finding] = row["findings"]
            assert finding["probability"] == pytest.approx(probability(grey), abs=1e-6)
            assert finding["positive"] == (probability(grey) >= 0.5)
            assert json.loads(row["reading"])["source"]["name"] == row["name"]
    assert json.loads(rows[0]["reading"])["stated"]["age_years"] == 4


def test_a_copy_of_which_something_else_is_said_is_a_reading_of_its_own(
    hilum: Any, toy: Path, films: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan"
    films.write_text("path,age\na.png,4\ncopy.png,70\na.png,\ncopy.png,4\n")
    words = ("--model", toy, "--no-gate", "--no-lungs")
    assert hilum("screen", "plan", films, "--out", plan, *words).exit_code == 0
    assert hilum("screen", "run", plan, "--workers", 1).exit_code == 0
    assert hilum("screen", "finish", plan).stdout.startswith("4 films: 3 read, 0 not read, 1 copies of another film\n")
    rows = pq.read_table(plan / "readings.parquet").to_pylist()
    told = [(row["name"], json.loads(row["reading"])["stated"], row["copies"]) for row in rows]
    assert [(name, stated and stated["age_years"], copies) for name, stated, copies in told] == [
        ("a.png", 4, 2),
        ("copy.png", 70, 1),
        ("a.png", None, 1),
    ]


def test_what_is_passed_over_in_a_folder_is_said(hilum: Any, toy: Path, films: Path, tmp_path: Path) -> None:
    assert (
        hilum("read", films.parent / "a.png", "--out", films.parent / "out", "--model", toy, "--no-gate").exit_code == 0
    )
    words = ("--out", tmp_path / "plan", "--model", toy, "--no-gate", "--no-lungs")
    done = hilum("screen", "plan", films.parent, *words)
    assert done.stdout.startswith("planned 4 films")
    assert "written by an earlier run of hilum" in done.stderr
    assert "films.csv: not an image" in done.stderr
    nothing = hilum("screen", "plan", films.parent / "out", "--out", tmp_path / "other", *words)
    assert nothing.exit_code == 1
    assert "written by an earlier run of hilum" in nothing.stderr
    assert "There is no film to plan" in nothing.stderr


def test_another_model_under_the_same_name_is_one_line(hilum: Any, films: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    ToyBundle().write(folder)
    plan = tmp_path / "plan"
    assert hilum("screen", "plan", films, "--out", plan, "--model", folder, "--no-gate", "--no-lungs").exit_code == 0
    shutil.rmtree(folder)
    ToyBundle(operating_point=0.7).write(folder)
    done = hilum("screen", "run", plan, "--workers", 1)
    assert done.exit_code == 1
    assert "The plan reads with toy" in done.stderr
    assert "is installed here; install that one, or plan again" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_disk_that_is_not_mounted_makes_no_failures(hilum: Any, toy: Path, tmp_path: Path) -> None:
    table = tmp_path / "films.csv"
    table.write_text("path\n" + "".join(f"away/{number}.png\n" for number in range(12)))
    plan = tmp_path / "plan"
    hilum("screen", "plan", table, "--out", plan, "--model", toy, "--no-gate", "--no-lungs")
    done = hilum("screen", "run", plan, "--workers", 1, "--quiet")
    assert done.exit_code == 1
    assert "None of 12 films is there, nor their folders" in done.stderr
    assert "is the disk mounted?" in done.stderr
    again = hilum("screen", "run", plan, "--workers", 1, "--quiet", "--missing-is-failure")
    assert again.stdout.startswith("0 films read, 12 failed (")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("plan", "nowhere.csv", "--out", "plan"), 1, "There is no nowhere.csv; name a CSV or Parquet file"),
        (("run", "nowhere"), 1, "There is no plan in nowhere; make one: hilum screen plan MANIFEST --out nowhere"),
        (("finish", "nowhere"), 1, "There is no plan in nowhere"),
    ],
)
def test_what_is_not_there_is_one_line(hilum: Any, words: tuple[str, ...], code: int, said: str) -> None:
    done = hilum("screen", *words)
    assert done.exit_code == code
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_share_that_is_none_is_one_line(hilum: Any, toy: Path, films: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    hilum("screen", "plan", films, "--out", plan, "--model", toy, "--no-gate", "--no-lungs")
    for text, said in (("3", "--shard 3 is no share; write I/N, such as 3/40"), ("4/3", "4/3 is no share")):
        done = hilum("screen", "run", plan, "--shard", text)
        assert done.exit_code == 2
        assert said in done.stderr
