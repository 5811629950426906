"""What is said goes where the options of every command send it: standard error, a file, plain or as JSON."""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hilum.cli.terminal.messages import MESSAGES, LogFormat, MessageSettings
from hilum.cli.terminal.say import say, say_caution, say_detail, say_problem


@pytest.fixture
def scans(write_png: Any, tmp_path: Path) -> Path:
    """Twelve pictures and a file that is none."""
    for number in range(12):
        write_png(tmp_path / "scans" / f"{number:02}.png", grey=200)
    (tmp_path / "scans" / "bad.png").write_text("no image")
    return tmp_path / "scans"


def test_a_batch_is_announced_and_its_failure_is_said(hilum: Any, toy: Path, scans: Path, tmp_path: Path) -> None:
    result = hilum("read", scans, "--model", toy, "--no-gate", "--out", tmp_path / "out")
    said = result.stderr.splitlines()
    assert said[0] == "hilum: reading 13 files"
    assert any("bad.png" in line for line in said)


def test_quiet_leaves_problems_and_cautions_alone(capsys: pytest.CaptureFixture[str]) -> None:
    MESSAGES.begin(MessageSettings(quiet=True))
    try:
        for speak in (say_detail, say, say_caution, say_problem):
            speak("x")
    finally:
        MESSAGES.end()
    assert capsys.readouterr().err == "hilum: caution: x\nhilum: x\n"


def test_verbose_tells_of_each_image_of_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    service = logging.getLogger("hilum.service")
    for verbose in (True, False):
        MESSAGES.begin(MessageSettings(verbose=verbose))
        try:
            service.debug("reading 3f1c: read in 1.0 s")
            logging.getLogger("uvicorn.error").debug("of a connection")
        finally:
            MESSAGES.end()
    assert capsys.readouterr().err == "hilum: reading 3f1c: read in 1.0 s\n"
    assert service.level == logging.NOTSET


def test_without_options_details_are_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    for speak in (say_detail, say):
        speak(speak.__name__)
    assert capsys.readouterr().err == "hilum: say\n"


def test_log_file_gets_every_line_with_its_time_and_the_terminal_stays_quiet(
    hilum: Any, toy: Path, scans: Path, tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "read.log"
    arguments = ("read", scans, "--model", toy, "--no-gate", "--json", "--log-file", log)
    result = hilum(*arguments, "--quiet")
    assert result.stderr.count("\n") == 1, result.stderr  # the file that is no image
    first = log.read_text().splitlines()
    stamp, level, rest = first[0].split(maxsplit=2)
    assert datetime.fromisoformat(stamp).tzinfo is not None
    assert level == "ERROR"
    assert "bad.png" in rest
    hilum(*arguments)
    assert log.read_text().splitlines()[: len(first)] == first  # appended, never written anew


def test_a_batch_ends_with_a_line_in_the_log_that_no_terminal_needs(
    hilum: Any, toy: Path, scans: Path, tmp_path: Path
) -> None:
    log, out = tmp_path / "read.log", tmp_path / "out"
    told = ("read", scans, "--model", toy, "--no-gate", "--out", out, "--log-file", log)
    read = len(list(scans.glob("*.png"))) - 1
    result = hilum(*told)
    last = log.read_text().splitlines()[-1]
    assert last.endswith(f"INFO    {read} read, 1 failed: {out / 'index.html'}")
    assert "1 failed: " not in result.stderr
    hilum(*told, "--resume", "--quiet")
    assert f"{read} skipped since they were read before: " in log.read_text().splitlines()[-1]
    as_json = hilum(*told[:-2], "--log-format", "json").stderr.splitlines()[-1]
    assert json.loads(as_json)["message"].startswith(f"{read} read, 1 failed: ")


def test_json_lines(hilum: Any, toy: Path, scans: Path, tmp_path: Path) -> None:
    log = tmp_path / "read.jsonl"
    told = ("read", scans, "--model", toy, "--no-gate", "--json", "--log-format", "JSON", "--verbose")
    (first, *_, last) = map(json.loads, hilum(*told).stderr.splitlines())
    assert (first["level"], first["command"]) == ("debug", "hilum read")
    assert last["level"] == "error"
    result = hilum(*told, "--log-file", log)
    assert result.stderr.startswith("hilum: ")
    assert [json.loads(line)["level"] for line in log.read_text().splitlines()][-1] == "error"


def test_an_error_that_ends_the_command_is_in_the_log(hilum: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    result = hilum("read", tmp_path, "--resume", "--log-file", log)
    assert result.exit_code == 2
    assert result.stderr.removeprefix("hilum: ") in log.read_text()


@pytest.mark.parametrize("options", [("--log-file", "{folder}/taken/x"), ("--quiet", "--verbose")])
def test_refused_in_one_line(hilum: Any, tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "taken").write_text("")
    result = hilum("phantom", tmp_path / "p", *(option.format(folder=tmp_path) for option in options))
    assert result.exit_code in (1, 2)
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "p").exists()


def test_ends_as_it_began(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    MESSAGES.begin(MessageSettings(file=tmp_path / "log", log_format=LogFormat.JSON))
    say("kept")
    MESSAGES.end()
    say("said")
    assert "said" not in (tmp_path / "log").read_text()
    assert capsys.readouterr().err == "hilum: kept\nhilum: said\n"
