"""`readings.jsonl` holds every file once, whatever happened to the run that wrote it."""

import json
import resource
import signal
from pathlib import Path
from typing import Any

import pytest

from hilum.errors import OutputError
from hilum.output.journal import Journal, records


def reading(relative: str, *, value: int = 0) -> dict[str, Any]:
    return {"source": {"name": f"scans/{relative}"}, "findings": [], "value": value, "relative_path": relative}


def failure(relative: str) -> dict[str, Any]:
    return {"source": {"name": relative}, "error": {"kind": "decode", "message": "no"}, "relative_path": relative}


def write(folder: Path, *lines: dict[str, Any], replacing: tuple[str, ...] = ()) -> None:
    journal = Journal(folder, replacing=replacing)
    for line in lines:
        journal.add(line)
    journal.close()


def parsed(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_failures_stand_in_both_files(tmp_path: Path) -> None:
    write(tmp_path, reading("a"), failure("b"), reading("c"))
    assert parsed(tmp_path / "readings.jsonl") == [reading("a"), failure("b"), reading("c")]
    assert parsed(tmp_path / "failures.jsonl") == [failure("b")]
    assert list(records(tmp_path)) == parsed(tmp_path / "readings.jsonl")


def test_new_folder_has_no_records_and_both_files_once_opened(tmp_path: Path) -> None:
    assert list(records(tmp_path)) == []
    write(tmp_path)
    assert (tmp_path / "readings.jsonl").read_bytes() == (tmp_path / "failures.jsonl").read_bytes() == b""


def test_reading_again_replaces_the_line_in_both_files(tmp_path: Path) -> None:
    write(tmp_path, reading("a"), failure("b"))
    write(tmp_path, reading("b"), failure("a"), replacing=("a", "b"))
    assert parsed(tmp_path / "readings.jsonl") == [reading("b"), failure("a")]
    assert parsed(tmp_path / "failures.jsonl") == [failure("a")]


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_torn_last_line_is_dropped_and_the_rest_kept(tmp_path: Path, cut: int) -> None:
    write(tmp_path, reading("a"), failure("b"), failure("c"))
    for name in ("readings.jsonl", "failures.jsonl"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-cut])
    write(tmp_path, reading("d"))
    assert parsed(tmp_path / "readings.jsonl") == [reading("a"), failure("b"), reading("d")]
    assert parsed(tmp_path / "failures.jsonl") == [failure("b")]


def test_repeated_and_foreign_lines_go_the_last_one_stays(tmp_path: Path) -> None:
    lines = [reading("a", value=1), [1], "text", {"no": "path"}, reading("b"), reading("a", value=2)]
    (tmp_path / "readings.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + "\xff{\n")
    write(tmp_path)
    assert parsed(tmp_path / "readings.jsonl") == [reading("b"), reading("a", value=2)]


def test_full_disk_leaves_whole_lines_and_one_line_of_error(tmp_path: Path) -> None:
    journal = Journal(tmp_path, replacing=())
    journal.add(reading("a"))
    size = (tmp_path / "readings.jsonl").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, before[1]))  # room for a part of the next line
    try:
        with pytest.raises(OutputError, match="full") as caught:
            journal.add(reading("b"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "\n" not in str(caught.value)
    assert parsed(tmp_path / "readings.jsonl") == [reading("a")]
    journal.add(reading("b"))  # room again
    journal.close()
    assert parsed(tmp_path / "readings.jsonl") == [reading("a"), reading("b")]


def test_a_number_that_is_no_json_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path, replacing=())
    with pytest.raises(ValueError, match="JSON compliant"):
        journal.add({**reading("a"), "probability": float("nan")})
    journal.close()
    assert (tmp_path / "readings.jsonl").read_bytes() == b""
