"""The parts of a multipart/related message, as DICOMweb sends objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from hilum.service.web.problems import ProblemError

_MOST_PARTS = 1000


@dataclass(slots=True)
class Part:
    """One part: its type, as its header says, and its bytes."""

    content_type: str = ""
    data: bytearray = field(default_factory=bytearray)


def related_parts(body: bytes, *, content_type: str) -> list[Part]:
    """The parts of `body`.

    Raises a problem: 415 where the message is no multipart/related of application/dicom, 400 where it is broken, 413
    where it has more than 1,000 parts.
    """
    kind, options = parse_options_header(content_type)
    inner = options.get(b"type", b"application/dicom").decode("latin-1").strip('"').lower()
    if kind.lower() != b"multipart/related" or inner != "application/dicom":
        raise ProblemError(415, 'Send multipart/related; type="application/dicom", as DICOMweb\'s STOW-RS does.')
    boundary = options.get(b"boundary")
    if not boundary:
        raise ProblemError(400, "The content type names no boundary.")
    reader = _PartReader()
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        parser.write(body)
        parser.finalize()
    except MultipartParseError as error:
        raise ProblemError(400, "The multipart message is broken.") from error
    if not reader.parts or not reader.ended:
        raise ProblemError(400, "The multipart message has no parts, or is cut short.")
    return reader.parts


class _PartReader:
    """Collects what the parser tells piece by piece."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._name, self._value = b"", b""

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._on_part,
            "on_part_data": lambda data, start, end: self.parts[-1].data.extend(data[start:end]),
            "on_header_field": self._on_name,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_end": self._on_end,
        }

    def _on_part(self) -> None:
        if len(self.parts) >= _MOST_PARTS:  # each costs more memory than the few bytes that it may have
            raise ProblemError(413, f"A message may hold {_MOST_PARTS:,} objects; send the others in another one.")
        self.parts.append(Part())

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        if self._name.lower() == b"content-type":
            self.parts[-1].content_type = self._value.decode("latin-1").partition(";")[0].strip().lower()
        self._name, self._value = b"", b""

    def _on_end(self) -> None:
        self.ended = True
