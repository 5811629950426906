"""Every error that hilum raises on purpose, under one base class.

A message says what was expected, what came, in which file, and what to do; it fits on one line.
"""


class HilumError(Exception):
    """The base of every error that hilum raises on purpose.

    `kind` is the stable name that `failures.jsonl` and the exit messages carry.
    """

    kind = "error"


class DecodeError(HilumError):
    """The bytes are no radiograph that hilum can decode: unknown format, truncated, corrupt or without pixels."""

    kind = "decode"


class RefusedImageError(HilumError):
    """The file is sound, but reading it would need a guess, such as which frame of a multi-frame file is meant."""

    kind = "refused"


class LimitError(HilumError):
    """The file holds more bytes or pixels than the limits allow; nothing was decoded."""

    kind = "limit"


class FileAccessError(HilumError):
    """A file or folder cannot be read or written."""

    kind = "file"


class BundleError(HilumError):
    """A bundle is missing, incomplete, altered, or written by a version that this hilum does not know."""

    kind = "bundle"


class EngineError(HilumError):
    """The inference engine cannot be started or gave numbers that are no reading (NaN, wrong shape)."""

    kind = "engine"


class MissingPartError(HilumError):
    """An optional part is not installed; the message holds the exact command that installs it."""

    kind = "missing part"


class DataError(HilumError):
    """A data set, a split or a predictions file is not what its adapter expects."""

    kind = "data"


class UsageError(HilumError):
    """Options that do not go together, or a value outside its range."""

    kind = "usage"


def require(who: str, holds: bool, needed: str, given: object) -> None:
    """Raise `UsageError`, such as `The recipe needs at least one stage; given: x`, where something does not hold."""
    if not holds:
        raise UsageError(f"{who} needs {needed}; given: {given}")


class OutputError(HilumError):
    """The output folder is locked by another process, read-only or full."""

    kind = "output"


class BusyError(HilumError):
    """The service has as much work waiting as it may; nothing was accepted, and sending it again later helps."""

    kind = "busy"


class InternalError(HilumError):
    """A defect of hilum, met in one file of many; the message names the exception and where it was raised."""

    kind = "internal"
