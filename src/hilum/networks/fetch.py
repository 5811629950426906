"""One file from a public address: whole, checked and renamed into its place, or not there at all."""

from __future__ import annotations

import hashlib
import http.client
import tempfile
import urllib.request
from pathlib import Path

from hilum.errors import DataError

_TIMEOUT_S = 30
_PIECE_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file; raises `DataError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def fetch(url: str, *, path: Path, sha256: str | None) -> Path:
    """Download `url` to `path`, whose folder is made; `sha256` is how its hash must begin, where that is known.

    Raises `DataError` where it cannot be fetched, in one line that names the address and where to place the file by
    hand, and where what came has another hash.
    """
    by_hand = f"download {url} where there is a network and place it at {path}"
    try:
        # an opener of its own: urlopen keeps the first call's proxies for the life of the process
        with urllib.request.build_opener().open(url, timeout=_TIMEOUT_S) as answer:
            path.parent.mkdir(parents=True, exist_ok=True)
            return _keep(answer, path=path, url=url, sha256=sha256)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(f"{path.name} could not be fetched ({reason}); {by_hand}") from error


def _keep(answer: http.client.HTTPResponse, *, path: Path, url: str, sha256: str | None) -> Path:
    with tempfile.TemporaryDirectory(prefix=".fetch.", dir=path.parent) as folder:
        part = Path(folder) / path.name
        with part.open("wb") as file:
            while piece := answer.read(_PIECE_BYTES):
                file.write(piece)
        size, announced = part.stat().st_size, answer.headers.get("Content-Length")
        if announced is not None and size != int(announced):
            raise http.client.IncompleteRead(b"", int(announced) - size)
        found = sha256_of(part)
        if sha256 is not None and not found.startswith(sha256):
            raise DataError(
                f"The download of {url} has the SHA-256 {found[:12]}… in place of {sha256[:12]}…; it was not kept. Try "
                "again, or place the file by hand"
            )
        return part.replace(path)
