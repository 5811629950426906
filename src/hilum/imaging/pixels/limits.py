"""How large an input may be; checked against the header before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.errors import LimitError


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest input that is decoded; a file beyond it raises `LimitError` before its pixels are touched.

    `max_bytes` bounds the file, and what a deflated DICOM file inflates to. `max_pixels` bounds rows times columns of
    one frame. `max_jpeg_scans` bounds the scans of a progressive JPEG, each of which walks over every pixel: real
    files hold about ten, a file made to hang a reader holds thousands.
    """

    max_bytes: int = 512 * 1024 * 1024
    max_pixels: int = 100_000_000
    max_jpeg_scans: int = 100

    def __post_init__(self) -> None:
        if min(self.max_bytes, self.max_pixels, self.max_jpeg_scans) < 1:
            raise ValueError("every limit must be at least 1")


DEFAULT_LIMITS = Limits()


def check_bytes(count: int, *, limits: Limits, what: str = "the file") -> None:
    """Raise `LimitError` where `what` holds more than `limits.max_bytes` bytes."""
    if count > limits.max_bytes:
        raise LimitError(f"{what} holds {count:,} bytes, over the limit of {limits.max_bytes:,}; nothing was decoded")


def check_pixels(rows: int, columns: int, *, limits: Limits) -> None:
    """Raise `LimitError` where an image of `rows` x `columns` holds more than `limits.max_pixels` pixels."""
    if rows * columns > limits.max_pixels:
        raise LimitError(
            f"the header names {rows:,} x {columns:,} pixels, over the limit of {limits.max_pixels:,}; nothing was "
            "decoded. Raise the limit with --max-pixels"
        )
