"""hilum reads radiographs: is it an X-ray, of what, which findings, how sure, and where."""

from importlib import import_module
from typing import Any

from hilum.version import __version__

__all__ = ["Reader", "ReaderSettings", "Stated", "__version__"]

_ROOMS = {"Reader": "hilum.reading.reader", "ReaderSettings": "hilum.reading.settings", "Stated": "hilum.stated"}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for (PEP 562): `hilum --help` loads no inference engine."""
    if name in _ROOMS:
        return getattr(import_module(_ROOMS[name]), name)
    raise AttributeError(f"module 'hilum' has no attribute {name!r}")
