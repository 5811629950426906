"""The ledger of test looks: a committed file to which every evaluation on held-out images is appended.

A result that was looked at five times is worth less than one that was looked at once; the ledger says which it is. A
look is two lines: its `intent`, which is on the disk before the first prediction of a held-out image is, and its
`result`, which refers to it by the name in `look`. A look whose predictions existed before is one line of the kind
`look`; so is a line without a kind, from before there were any. Each line holds the SHA-256 of the line before it, so
that one which was changed or removed can be told.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import DataError, OutputError
from hilum.output.lock import Held, lock_file
from hilum.user_folders import user_folder

LEDGER_NAME = "LEDGER.jsonl"
INTENT, RESULT, LOOK = "intent", "result", "look"
"""The kinds of lines. `LOOK` is also the field by which a result names its intent."""

KIND, PREVIOUS = "kind", "previous_sha256"

LedgerValue = str | int | float | bool | list[float] | list[str] | None
LedgerLine = Mapping[str, LedgerValue]


class Ledger(Held):
    """The ledger at `path`, held against other processes until the end of the `with`; it is made where it is absent.

    `lines` are all lines so far, oldest first. Raises `OutputError` where it cannot be written (a look that cannot be
    recorded is refused), and `DataError` for a line that is no JSON object.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor = _opened(path)
        except OSError as error:
            raise _refused(path, error) from error
        try:
            self._raw = _raw_lines(path.read_bytes())
            self.lines: list[LedgerLine] = _parsed(self._raw, path=path)
        except OSError as error:
            self.close()
            raise _refused(path, error) from error
        except DataError:
            self.close()
            raise

    def append(self, line: LedgerLine) -> None:
        """Add one line that is chained to the last; it is on the disk when this returns."""
        chained = {**line, PREVIOUS: hashlib.sha256(self._raw[-1]).hexdigest() if self._raw else None}
        text = json.dumps(chained, allow_nan=False).encode()
        try:
            before = self._path.read_bytes()
            # a hand that edited the file may have left its last line without an end
            ended = text if not before or before.endswith(b"\n") else b"\n" + text
            _write(self._descriptor, ended + b"\n", size=len(before))
        except OSError as error:
            raise _refused(self._path, error) from error
        self._raw.append(text)
        self.lines.append(chained)

    def broken(self) -> tuple[str, ...]:
        """What `broken_links` says of it."""
        return _broken(self._raw, lines=self.lines)

    def close(self) -> None:
        """Give the ledger free; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass(frozen=True, slots=True)
class Look:
    """One look: everything that its lines say, and whether it ended in a result."""

    fields: LedgerLine
    ended: bool


def read_ledger(path: Path) -> tuple[LedgerLine, ...]:
    """Every line so far, oldest first; empty where there is no ledger.

    Raises `DataError` for a line that is no JSON object and `OutputError` where the file cannot be read.
    """
    try:
        return tuple(_parsed(_raw_lines(path.read_bytes()), path=path))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _refused(path, error) from error


def looks(lines: Sequence[LedgerLine]) -> tuple[Look, ...]:
    """The looks that these lines tell of, oldest first; of a look with two results the later one counts."""
    found: dict[str, Look] = {}
    for number, line in enumerate(lines):
        kind, name = line.get(KIND, LOOK), str(line.get(LOOK))
        if kind == LOOK:
            found[f"line {number}"] = Look(line, ended=True)
        elif kind == INTENT:
            found[name] = Look(line, ended=False)
        elif kind == RESULT:
            before = found[name].fields if name in found else {}
            found[name] = Look({**before, **line}, ended=True)
    return tuple(found.values())


def broken_links(path: Path) -> tuple[str, ...]:
    """What the chain of hashes tells of lines that were changed or removed, one sentence each; empty where all is well.

    A line may follow any line above it: where two branches that each looked are merged, two lines follow the same one.
    A line at the very end can be removed without a trace here: what has been committed shows that. Raises as
    `read_ledger` does.
    """
    try:
        raw = _raw_lines(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _refused(path, error) from error
    return _broken(raw, lines=_parsed(raw, path=path))


def _broken(raw: Sequence[bytes], *, lines: Sequence[LedgerLine]) -> tuple[str, ...]:
    said, chained = [], False
    above: set[LedgerValue] = {None}
    for number, (text, line) in enumerate(zip(raw, lines, strict=True), start=1):
        if PREVIOUS not in line and chained:
            said.append(
                f"line {number} holds no hash of the line before it: it was changed, or written by hand or by an older "
                "hilum"
            )
        elif line.get(PREVIOUS) not in above:
            said.append(
                f"the line that line {number} was written after is not above it: it was changed, moved or removed"
            )
        chained = chained or PREVIOUS in line
        above.add(hashlib.sha256(text).hexdigest())
    return tuple(said)


def commit_and_dirty(folder: Path) -> tuple[str | None, bool | None]:
    """The commit that `folder` is at and whether tracked files differ from it; None, None outside a repository."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return commit, bool(status)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _opened(path: Path) -> int:
    """The file at `path`, open for appending and locked: the one that lies there once the lock is held."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "no regular file")
            _lock(descriptor)
            # Git and editors replace a file: what is written into the old one would be lost
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _write(descriptor: int, data: bytes, *, size: int) -> None:
    """Append `data` whole and on the disk, or leave the file at its `size`: half a line would stop the next look."""
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _raw_lines(content: bytes) -> list[bytes]:
    # Git may have written the ends of lines anew, which changes nothing that a line says
    return [stripped for line in content.split(b"\n") if (stripped := line.strip())]


def _parsed(raw: Sequence[bytes], *, path: Path) -> list[LedgerLine]:
    lines: list[LedgerLine] = []
    for number, text in enumerate(raw, start=1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            shown = text[:40].decode(errors="replace")
            raise DataError(
                f"Line {number} of {path} is not a JSON object: {shown!r}. Restore the line (git log -p shows it), or "
                "remove it if it was cut off while being written"
            )
        lines.append(line)
    return lines


def _refused(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot record this evaluation on the test split in {path}: {error.strerror}. Make the file writable, or name "
        "another with --ledger or HILUM_LEDGER"
    )


def _lock(descriptor: int) -> None:
    """Wait for the lock: another process holds it for as long as it takes to write a line."""
    try:
        lock_file(descriptor, wait=True)
    except OSError as error:
        # a file system without locks: one write of one line is still whole
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
            raise


LEDGER_VARIABLE = "HILUM_LEDGER"

_ROOT_OF_A_REPOSITORY = ".git"
_ROOTS_OF_A_PROJECT = (LEDGER_NAME, "pyproject.toml")


def ledger_path(
    named: Path | None,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
) -> Path:
    """The ledger that is `named`, else that of `HILUM_LEDGER`, else that of the project `folder` lies in.

    Where either names a folder that is there, it is the `LEDGER.jsonl` in it.
    The project is the Git repository around `folder` (by default the working directory), else the nearest folder above
    with a ledger or a pyproject.toml. Outside any, looks are counted in one file a user, in the platform's folder for
    a user's state, which is made.
    """
    from_environment = environment.get(LEDGER_VARIABLE)
    if named is None and from_environment:
        named = Path(from_environment).expanduser()
    if named is not None:
        return named / LEDGER_NAME if named.is_dir() else named
    here = (folder or Path.cwd()).resolve()
    above = (here, *here.parents)
    for root in above:
        if (root / _ROOT_OF_A_REPOSITORY).exists():
            return root / LEDGER_NAME
    for root in above:
        if any((root / name).is_file() for name in _ROOTS_OF_A_PROJECT):
            return root / LEDGER_NAME
    state = user_folder("state", environment=environment, platform=platform)
    with contextlib.suppress(OSError):  # whoever opens the ledger there says why it cannot be
        state.mkdir(parents=True, exist_ok=True)
    return state / LEDGER_NAME
