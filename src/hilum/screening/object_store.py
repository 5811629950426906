"""Object stores, by fsspec and s3fs: `pip install "hilum[s3]"`; imported only where a name begins with `s3://`."""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Iterator
from typing import Any

from hilum.errors import FileAccessError, HilumError, MissingPartError, UsageError
from hilum.imaging.pixels.limits import Limits, check_bytes

INSTALL_COMMAND = 'pip install "hilum[s3]"'
_SCHEME = "s3"

ANY_ERROR: tuple[type[Exception], ...] = (Exception,)
"""What a store's library may raise: its own errors, those of the network's library below it, and the system's."""


class StoreError(FileAccessError):
    """The store did not give what it may well have: no way to it, no permission, no time."""

    kind = "store"


class MissingFilmError(FileAccessError):
    """There is no such file or object."""

    kind = "missing"


def is_url(name: str) -> bool:
    """Whether a name is an address in an object store and no path."""
    return "://" in name


def open_store(url: str) -> Any:
    """The store of an address as fsspec's file system; keys and endpoint are those of the environment and its files.

    Raises `UsageError` for a store that hilum does not know, and `MissingPartError` where its library is absent.
    """
    scheme = url.partition("://")[0].lower()
    if scheme != _SCHEME:
        raise UsageError(f"{scheme}:// is no store that hilum reads; use s3:// or a folder")
    return _store()


@functools.cache
def _store() -> Any:
    try:
        library = importlib.import_module("s3fs")
    except ImportError as error:
        raise MissingPartError(f"Reading s3:// needs the package s3fs; run: {INSTALL_COMMAND}") from error
    return library.S3FileSystem(use_listings_cache=False)


def read_object(url: str, *, limits: Limits) -> bytes:
    """The bytes of one object.

    Raises `MissingFilmError` where there is none, `StoreError` where the store does not give it, and `LimitError` for
    one that is larger than the limits allow.
    """
    store = open_store(url)
    with store_errors(url):
        # one byte more than is allowed tells that there is more; its size is not asked for first: one request, not two
        try:
            data = store.cat_file(url, start=0, end=limits.max_bytes + 1)
        except OSError as error:
            if "range" not in str(error).lower():
                raise
            return b""  # of an object without bytes no range can be given
        check_bytes(len(data), limits=limits)
        return bytes(data)


@contextlib.contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Every error of a store's library as `StoreError`, or `MissingFilmError` where there is no such object."""
    try:
        yield
    except HilumError:
        raise
    except FileNotFoundError as error:
        if "bucket" in str(error).lower():
            raise StoreError(f"Cannot read {url}: {plain_reason(error)}") from error
        raise MissingFilmError(f"There is no {url}") from error
    except ANY_ERROR as error:
        raise StoreError(f"Cannot read {url}: {plain_reason(error)}") from error


def plain_reason(error: Exception) -> str:
    """What a store's library says, in one line of at most 200 letters."""
    said = " ".join(str(error).split()) or type(error).__name__
    return said[:200]
