"""Where what a command says goes: standard error, and a log file, as plain lines or as JSON.

Every line goes through one logger of the standard library, so that whoever embeds a command can listen too.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import typer

from hilum.errors import OutputError
from hilum.progress import LINES

LOGGER = logging.getLogger(LINES)
"""What says everything; DEBUG is for `--verbose` alone, WARNING and above stay with `--quiet`."""

SERVICE = ("hilum.service", "uvicorn.error")
"""What the service says, whatever command runs it; while one does, these warnings and errors go where all else goes.

With `--verbose` the first tells of each image too. The second, the web server, would tell of each connection."""


class LogFormat(StrEnum):
    """How a line looks."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSettings:
    """What the options of a command ask for; `command` is what a JSON line calls it, such as `hilum read`."""

    command: str = "hilum"
    quiet: bool = False
    verbose: bool = False
    file: Path | None = None
    log_format: LogFormat = LogFormat.TEXT

    @property
    def json_on_terminal(self) -> bool:
        """Whether standard error gets JSON: where it was asked for, and no file takes it."""
        return self.log_format is LogFormat.JSON and self.file is None

    @property
    def terminal_level(self) -> int:
        """The least level that standard error shows."""
        return logging.WARNING if self.quiet else logging.DEBUG if self.verbose else logging.INFO


IN_LOG_ALONE = "in_log_alone"
"""The mark of a record that a terminal has no need of, since a result stands there."""


class _AsSaid(logging.Formatter):
    """`hilum: ` and the line, as a terminal shows it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"hilum: {record.getMessage()}"


class _Stamped(logging.Formatter):
    """Time in UTC, level, and the line."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{_time_of(record)} {record.levelname:7} {record.getMessage()}"


class _AsJson(logging.Formatter):
    """One JSON object: time, level, command, message."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self._command = command

    def format(self, record: logging.LogRecord) -> str:
        told = {"time": _time_of(record), "level": record.levelname.lower(), "command": self._command}
        return json.dumps(told | {"message": record.getMessage()}, ensure_ascii=False)


class _Terminal(logging.Handler):
    """Writes to standard error as it is now, at once (tests and progress bars put another in its place)."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, IN_LOG_ALONE, False) and not isinstance(self.formatter, _AsJson):
            return
        typer.echo(self.format(record), err=True)


def _time_of(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Messages:
    """The handlers of this process: one to standard error, and one to a file while a command asks for it."""

    def __init__(self) -> None:
        LOGGER.setLevel(logging.DEBUG)
        LOGGER.propagate = False
        self.settings = MessageSettings()
        self._terminal = _Terminal()
        self._file: logging.Handler | None = None
        LOGGER.addHandler(self._terminal)
        self.end()

    def begin(self, settings: MessageSettings) -> None:
        """Say everything as `settings` ask, until `end`. Raises `OutputError` where the file cannot be written."""
        self.end()
        self.settings = settings
        self._terminal.setLevel(settings.terminal_level)
        logging.getLogger(SERVICE[0]).setLevel(logging.DEBUG if settings.verbose else logging.NOTSET)
        for name in SERVICE:
            logging.getLogger(name).addHandler(self._terminal)
        if settings.json_on_terminal:
            self._terminal.setFormatter(_AsJson(settings.command))
        if settings.file is not None:
            self._file = _open(settings.file)
            self._file.setLevel(logging.DEBUG if settings.verbose else logging.INFO)
            as_json = settings.log_format is LogFormat.JSON
            self._file.setFormatter(_AsJson(settings.command) if as_json else _Stamped())
            for name in (LINES, *SERVICE):
                logging.getLogger(name).addHandler(self._file)

    def end(self) -> None:
        """Say everything on standard error, as without options, and close the file."""
        self.settings = MessageSettings()
        self._terminal.setLevel(self.settings.terminal_level)
        self._terminal.setFormatter(_AsSaid())
        logging.getLogger(SERVICE[0]).setLevel(logging.NOTSET)
        for name in SERVICE:
            logging.getLogger(name).removeHandler(self._terminal)
        if self._file is not None:
            for name in (LINES, *SERVICE):
                logging.getLogger(name).removeHandler(self._file)
            self._file.close()
            self._file = None


def _open(path: Path) -> logging.Handler:
    """A handler that appends to `path`, in UTF-8, and flushes each line; its folder is made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return logging.FileHandler(path, mode="a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}; name another --log-file") from error


MESSAGES = Messages()
"""Those of this process."""


def begin_messages(settings: MessageSettings) -> None:
    """Let this process say everything as another one does, which started it. Raises as `Messages.begin`."""
    MESSAGES.begin(settings)
