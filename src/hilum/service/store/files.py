"""The bytes that were handed in, by content hash, and what is drawn of each reading, by job; everything synced."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import UsageError
from hilum.whole_files import STRAY_PREFIX, made_folders, make_folder, output_error, sync_folder, write_synced

_SHA256 = re.compile(r"[0-9a-f]{64}")
_JOB_ID = re.compile(r"[0-9a-f]{32}")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """A folder with `bytes/ab/SHA256` and `drawn/ab/JOB/NAME`; no name of a user's ever becomes a path."""

    folder: Path

    def bytes_path(self, sha256: str) -> Path:
        """Where bytes of this hash lie. Raises `UsageError` for what is no hash."""
        return self.folder / "bytes" / _checked(_SHA256, sha256)[:2] / sha256

    def drawn_path(self, job_id: str, name: str) -> Path:
        """Where a drawn file of a job lies, such as `page.html`. Raises `UsageError` for what is no id or name."""
        return self.folder / "drawn" / _checked(_JOB_ID, job_id)[:2] / job_id / _checked(_FILE_NAME, name)

    def put_aside(self, data: bytes) -> Path:
        """Write bytes to disk, synced, under a passing name; `adopt` gives them their place, or `unlink` them.

        Raises `OutputError` where the disk is full.
        """
        path = self.folder / "bytes" / (STRAY_PREFIX + secrets.token_hex(8))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_synced(path, data)
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise output_error(path, error) from error
        return path

    def adopt(self, aside: Path, *, sha256: str) -> None:
        """Give bytes that were put aside their place by hash, synced with their folder."""
        path = self.bytes_path(sha256)
        try:
            make_folder(path.parent)
            aside.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise output_error(path, error) from error

    def read_bytes(self, sha256: str) -> bytes | None:
        """The bytes of this hash, or None where they are not kept."""
        with contextlib.suppress(FileNotFoundError):
            return self.bytes_path(sha256).read_bytes()
        return None

    def drop_bytes(self, sha256: str) -> None:
        """Remove the bytes of this hash, where they are kept."""
        self.bytes_path(sha256).unlink(missing_ok=True)

    def draw(self, job_id: str, files: Mapping[str, bytes]) -> None:
        """Write the drawn files of a job, synced, in the place of any that were there. Raises `OutputError`.

        All at once: a file system makes many files safe in hardly more time than one.
        """
        if not files:
            return
        paths = {self.drawn_path(job_id, name): data for name, data in files.items()}
        folder = self.drawn_path(job_id, "any.x").parent
        try:
            with ThreadPoolExecutor(len(paths) + 1) as threads:
                unsynced = made_folders(folder)
                for done in [threads.submit(_replace_synced, path, data) for path, data in paths.items()]:
                    done.result()
                for done in [threads.submit(sync_folder, each) for each in (folder, *unsynced)]:
                    done.result()
        except OSError as error:
            raise output_error(self.folder, error) from error

    def drawn(self, job_id: str, name: str) -> bytes | None:
        """A drawn file of a job, or None where it is not there (any more)."""
        with contextlib.suppress(FileNotFoundError):
            return self.drawn_path(job_id, name).read_bytes()
        return None

    def has_drawn(self, job_id: str) -> bool:
        """Whether anything drawn of a job is there (still)."""
        return self.drawn_path(job_id, "any.x").parent.exists()

    def drop_drawn(self, job_id: str) -> None:
        """Remove everything drawn of a job."""
        shutil.rmtree(self.drawn_path(job_id, "any.x").parent, ignore_errors=True)

    def hashes(self) -> frozenset[str]:
        """The hashes of all bytes that are kept."""
        return frozenset(path.name for path in (self.folder / "bytes").glob("??/*") if _SHA256.fullmatch(path.name))

    def drawn_jobs(self) -> frozenset[str]:
        """The jobs of which something is drawn."""
        return frozenset(path.name for path in (self.folder / "drawn").glob("??/*") if _JOB_ID.fullmatch(path.name))

    def drop_strays(self, *, older_than_s: float) -> None:
        """Remove unfinished files that a killed process left; younger ones may be another's that is at work."""
        latest = time.time() - older_than_s
        for path in self.folder.rglob(STRAY_PREFIX + "*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < latest:
                    path.unlink()

    def free_bytes(self) -> int:
        """How many bytes the disk still has room for."""
        return shutil.disk_usage(self.folder).free


def _checked(pattern: re.Pattern[str], value: str) -> str:
    if pattern.fullmatch(value) is None:
        raise UsageError("no file of the service has such a name")
    return value


def _replace_synced(path: Path, data: bytes) -> None:
    aside = path.with_name(STRAY_PREFIX + secrets.token_hex(8))
    write_synced(aside, data)
    aside.replace(path)
