"""The journal of a reading that may be killed: one line an image, appended as soon as it is read.

The first line says which model, settings and split the others belong to. A process that is killed leaves whole lines
and at most one torn last line; the next one drops it, and the failures, and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hilum.errors import OutputError
from hilum.output.journal import Appender
from hilum.output.lock import Held
from hilum.whole_files import output_error, write_whole

JOURNAL_NAME = "predictions.jsonl"
SCHEMA = "hilum.predictions-journal/1"


@dataclass(frozen=True, slots=True)
class JournalKey:
    """What decides every line: the bundle, the reader's settings, and the split with the part's name."""

    bundle_sha256: str
    settings_sha256: str
    split_sha256: str
    part: str

    def header(self) -> dict[str, str]:
        """The first line."""
        return {"schema": SCHEMA, **asdict(self)}


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One image: its probabilities in the card's order with whether it is in the model's scope, or why it failed.

    `sharpness` is its mean gradient, `logits` are what the probabilities were made of, and `cropped` says whether the
    model read the crop to the lungs; each is None in lines of before it was kept. `members` are the logits of an
    ensemble's members, a row for each label; None of any other model.
    """

    image: str
    sha256: str
    probabilities: tuple[float, ...] | None
    in_scope: bool | None = None
    failed: str | None = None
    sharpness: float | None = None
    logits: tuple[float, ...] | None = None
    cropped: bool | None = None
    members: tuple[tuple[float, ...], ...] | None = None


class PredictionJournal(Held):
    """The journal in `folder`, open for appending until `close`; whoever makes one holds the folder's lock.

    `read` holds the images that were read before, by name. Raises `OutputError` where the folder holds another
    evaluation's journal, or cannot be written.
    """

    def __init__(self, folder: Path, *, key: JournalKey) -> None:
        self._path = folder / JOURNAL_NAME
        lines = _whole_lines(self._path)
        if lines and lines[0] != key.header():
            raise OutputError(
                f"{folder} holds the predictions of another model, split or version of hilum; name another --out folder"
            )
        kept = [line for each in lines[1:] if (line := _parsed(each)) is not None and line.failed is None]
        self.read: Mapping[str, JournalLine] = {line.image: line for line in kept}
        write_whole(self._path, b"".join(_encoded(each) for each in (key.header(), *map(asdict, kept))))
        self._file = Appender(self._path, advice="give the command again")

    def add(self, line: JournalLine) -> None:
        """Append one line, whole or not at all."""
        self._file.append(_encoded(asdict(line)))

    def close(self) -> None:
        """Flush to disk and close."""
        self._file.close()


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """The parsed lines up to the first that is torn or no JSON object."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise output_error(path, error) from error
    lines: list[dict[str, Any]] = []
    for line in text.splitlines(keepends=True):
        try:
            fields = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            break
        lines.append(fields)
    return lines


def _parsed(fields: Mapping[str, Any]) -> JournalLine | None:
    try:
        values, logits, members = fields["probabilities"], fields.get("logits"), fields.get("members")
        return JournalLine(
            image=fields["image"],
            sha256=fields["sha256"],
            probabilities=None if values is None else tuple(float(value) for value in values),
            in_scope=fields["in_scope"],
            failed=fields["failed"],
            sharpness=fields.get("sharpness"),
            logits=None if logits is None else tuple(float(value) for value in logits),
            cropped=fields.get("cropped"),
            members=None if members is None else tuple(tuple(map(float, row)) for row in members),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _encoded(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, allow_nan=False).encode() + b"\n"
