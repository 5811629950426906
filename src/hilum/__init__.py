"""hilum reads radiographs: is it an X-ray, of what, which findings, how sure, and where."""

from hilum.version import __version__

__all__ = ["__version__"]
