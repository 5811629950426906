"""hilum reads radiographs: is it an X-ray, of what, which findings, how sure, and where."""

from typing import Any

from hilum.version import __version__

__all__ = ["Reader", "__version__"]


def __getattr__(name: str) -> Any:
    """`Reader`, imported when it is first asked for (PEP 562), so that `hilum --help` loads no inference engine."""
    if name == "Reader":
        from hilum.reading.reader import Reader  # noqa: PLC0415 (the one deferred import outside the command table)

        return Reader
    raise AttributeError(f"module 'hilum' has no attribute {name!r}")
