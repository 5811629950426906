"""Objects to archives on the web, by DICOMweb's STOW-RS (PS3.18 10.5): one object a request."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from hilum.errors import UsageError
from hilum.service.dicom.outbox import Outbox, Parcel
from hilum.service.dicom.peers import WebDestination

_MOST_ANSWER = 1 << 20
_JSON = "application/dicom+json"
_REFERENCED, _FAILED = "00081199", "00081198"
_INSTANCE, _REASON = "00081155", "00081197"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebArchives:
    """How to send to archives on the web.

    `logins` are the values of the header Authorization, by the name of a destination. `tls` decides which certificates
    are believed; by default those that the system believes, with the host's name in them. An archive
    that says nothing for `timeout_s` is away.
    """

    logins: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    timeout_s: float = 30.0

    def deliver(self, destination: WebDestination, *, parcels: Sequence[Parcel], outbox: Outbox) -> int:
        """Send parcels one after the other; returns how many the archive says that it keeps.

        Each has a request of its own, so that one that is refused takes no other along. Where the archive is away, the
        rest is not tried.
        """
        connection = self._connection(destination)
        kept = 0
        try:
            for place, parcel in enumerate(parcels):
                try:
                    status, body = self._post(parcel, connection=connection, destination=destination)
                except (OSError, http.client.HTTPException) as error:
                    outbox.failed([each.number for each in parcels[place:]], said=_why_away(error))
                    return kept
                why_not = _why_not_kept(parcel.sop_instance, status=status, body=body)
                if why_not:
                    outbox.failed([parcel.number], said=why_not)
                else:
                    outbox.delivered([parcel.number], said="kept, as the archive's answer says")
                    kept += 1
        finally:
            connection.close()
        return kept

    def _connection(self, destination: WebDestination) -> http.client.HTTPConnection:
        parts = urlsplit(destination.url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, parts.port, timeout=self.timeout_s, context=self.tls)
        return http.client.HTTPConnection(host, parts.port, timeout=self.timeout_s)

    def _post(
        self, parcel: Parcel, *, connection: http.client.HTTPConnection, destination: WebDestination
    ) -> tuple[int, bytes]:
        boundary = secrets.token_hex(16)
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Accept": _JSON,
        }
        login = self.logins.get(destination.name)
        if login is not None:
            headers["Authorization"] = login
        begin = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = begin + parcel.data + f"\r\n--{boundary}--\r\n".encode()
        connection.request("POST", f"{urlsplit(destination.url).path}/studies", body=body, headers=headers)
        answer = connection.getresponse()
        said = answer.read(_MOST_ANSWER)
        if not answer.isclosed():  # more than any such answer holds; the connection is of no use any more
            connection.close()
        return answer.status, said


def logins_of(lines: Iterable[str], *, destinations: Iterable[WebDestination], where: str) -> dict[str, str]:
    """The logins by destination, from lines `ADDRESS bearer TOKEN` or `ADDRESS basic USER PASSWORD`.

    `where` is what the lines stand in, for errors; none repeats a secret. Raises `UsageError` for a line that is none,
    a second one of an address, and one whose address is no destination.
    """
    names = {destination.name for destination in destinations}
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        words = line.split(maxsplit=3)
        if not words or words[0].startswith("#"):
            continue
        name, login = words[0].rstrip("/"), _login(words[1:])
        if login is None or name in found:
            raise UsageError(
                f"{where}, line {number}: write ADDRESS bearer TOKEN or ADDRESS basic USER PASSWORD, each address once"
            )
        if name not in names:
            raise UsageError(f"{where}, line {number}: no --to has the address {name}; correct one of them")
        found[name] = login
    if not found:
        raise UsageError(f"{where} holds no login; write ADDRESS bearer TOKEN or ADDRESS basic USER PASSWORD")
    return found


def _login(words: Sequence[str]) -> str | None:
    kind, *rest = words or [""]
    if kind.lower() == "bearer" and len(rest) == 1 and rest[0].isascii():
        return f"Bearer {rest[0]}"
    if kind.lower() == "basic" and len(rest) == 2 and ":" not in rest[0]:
        return f"Basic {base64.b64encode(':'.join(rest).strip().encode()).decode()}"
    return None


def _why_away(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the archive's certificate is not believed ({error.verify_message}); --to-ca names another authority"
    if isinstance(error, TimeoutError):
        return "the archive did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return f"the archive cannot be reached ({error.strerror})"
    return f"the archive broke off ({type(error).__name__})"


def _why_not_kept(instance: str, *, status: int, body: bytes) -> str:
    """Why an answer does not say that the object is kept; empty where it does."""
    answer = _json(body)
    kept, failed = _instances(answer, _REFERENCED), _instances(answer, _FAILED)
    if instance in failed:
        return f"the archive says that it does not keep it (0x{failed[instance]:04X})"
    if status in (200, 202):
        return "" if instance in kept else f"the archive answered {status}, and not that it keeps it"
    if status in (401, 403):
        return f"the archive refused the login ({status}); --to-login names a file with it"
    if 300 <= status < 400:
        return f"the archive answered {status}: it has another address"
    return f"the archive answered {status}"


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:  # also where it is no UTF-8
        return {}
    return answer if isinstance(answer, dict) else {}


def _instances(answer: Mapping[str, Any], sequence: str) -> dict[str, int]:
    """The SOP Instance UIDs of a sequence, each with its failure reason (0 where there is none)."""
    values = _values(answer.get(sequence))
    return {str(uid): _reason(item) for item in values for uid in _values(_of(item, _INSTANCE))}


def _reason(item: Any) -> int:
    reason = next(iter(_values(_of(item, _REASON))), 0)
    return reason if isinstance(reason, int) else 0


def _values(element: Any) -> list[Any]:
    """The values of an element of DICOM JSON, none where it is none."""
    found = _of(element, "Value")
    return found if isinstance(found, list) else []


def _of(element: Any, key: str) -> Any:
    return element.get(key) if isinstance(element, dict) else None
