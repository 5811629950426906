"""hilum reads radiographs: is it an X-ray, of what, which findings, how sure, and where."""

from hilum.reading.reader import Reader
from hilum.version import __version__

__all__ = ["Reader", "__version__"]
