"""`hilum read --profile`: every step of a reading is a part, and the parts of the main thread add up."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hilum.profile import MAIN, REST, Clocks, Profiler

OF_READING = {"finding files", "opening models", "waiting for decode", "gate", "lungs", "cases", "network", "readings"}
OF_DECODING = {"read file", "hash", "decode", "prepare"}
OF_WRITING = {"JSON", "page", "overlay", "thumbnail", "files", "fsync", "DICOM objects"}


def profile_of(output: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    assert found["schema"] == "hilum.profile/1"
    return found


def parts(profile: dict[str, Any], threads: str) -> set[str]:
    return {part["part"] for part in profile["parts"] if part["threads"] == threads}


def test_a_folder_has_its_parts_by_kind_of_thread(hilum: Any, toy: Path, write_png: Any, tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        write_png(tmp_path / "scans" / name)
    words = ("read", tmp_path / "scans", "--model", toy, "--no-gate", "--profile", "--json")
    into = profile_of(hilum(*words, "--out", tmp_path / "out").stdout)
    assert into["images"] == 3
    assert parts(into, "decode") == OF_DECODING
    assert parts(into, "render") == OF_WRITING
    of_a_folder = {"looking up what was read before", "journal", "index", "waiting for files", "terminal", REST}
    assert OF_READING | of_a_folder <= parts(into, MAIN)
    times = {part["part"]: part["times"] for part in into["parts"]}
    assert [times[part] for part in ("decode", "page", "fsync", "waiting for files")] == [3, 3, 3, 3]
    main = [part["wall_s"] for part in into["parts"] if part["threads"] == MAIN]
    assert sum(main) == pytest.approx(into["wall_s"], abs=1e-4)
    assert sum(part["cpu_s"] for part in into["parts"]) == pytest.approx(into["cpu_s"], abs=1e-4)
    here = profile_of(hilum(*words).stdout)
    assert parts(here, MAIN) >= OF_READING | {"terminal", REST}
    assert "render" not in here["threads"]


def test_only_what_is_read_counts_and_a_run_without_asks_says_nothing(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    write_png(tmp_path / "scans" / "a.png")
    words = ("read", tmp_path / "scans", "--model", toy, "--no-gate", "--out", tmp_path / "out")
    without = hilum(*words)
    assert "where the time went" not in without.stderr + without.stdout
    write_png(tmp_path / "scans" / "b.png", grey=3)
    again = hilum(*words, "--resume", "--profile")
    assert "where the time went" in again.stderr
    assert "where the time went" not in again.stdout
    assert profile_of(hilum(*words, "--resume", "--profile", "--json").stdout)["images"] == 0


def test_anonymous_results_are_made_in_threads_of_their_own(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path
) -> None:
    write_png(tmp_path / "scans" / "a.png")
    words = ("read", tmp_path / "scans", "--model", toy, "--no-gate", "--anonymous", "--profile", "--json")
    found = profile_of(hilum(*words, "--out", tmp_path / "out").stdout)
    assert parts(found, "anonymous") == {"burned-in text"}
    assert {"waiting for anonymous", "hashing files for their names"} <= parts(found, MAIN)


class Calls:
    """A clock that counts the calls of functions in this thread: work done, however fast the machine is."""

    def __init__(self) -> None:
        self.count = 0.0

    def __enter__(self) -> "Calls":
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _count(self, _frame: object, event: str, _argument: object) -> None:
        self.count += event in ("call", "c_call")

    def now(self) -> float:
        return self.count


@pytest.fixture
def calls() -> Iterator[Calls]:
    with Calls() as counted:
        yield counted


def test_named_parts_hold_most_of_the_main_threads_work(
    hilum: Any, toy: Path, write_png: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    """What the rest holds is drawing results from generators, and the command's own words."""
    clocks = Clocks(calls.now, calls.now, calls.now)
    monkeypatch.setattr("hilum.cli.read.command.Profiler", lambda: Profiler(clocks=clocks))
    for number in range(8):
        write_png(tmp_path / "scans" / f"{number}.png", grey=number)
    words = ("read", tmp_path / "scans", "--model", toy, "--no-gate", "--profile", "--json")
    found = profile_of(hilum(*words, "--out", tmp_path / "out").stdout)
    rest = next(part["wall_s"] for part in found["parts"] if (part["threads"], part["part"]) == (MAIN, REST))
    assert found["wall_s"] > 1000
    assert rest < 0.2 * found["wall_s"], f"{rest:.0f} of {found['wall_s']:.0f} calls are in no named part"
