"""Runs a real Orthanc for a test: random ports on this machine, known callers alone, and gone afterwards."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

PROGRAM = "/usr/sbin/Orthanc"
DICOM_WEB = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"


@dataclass(frozen=True)
class Orthanc:
    """A running archive; `title` is its AE title."""

    http_port: int
    dicom_port: int
    title: str = "ARCHIVE"
    login: str = ""

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.http_port}"

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        return json.loads(self.get_bytes(path))

    def get_bytes(self, path: str) -> bytes:
        """What stands at a path."""
        headers = {"Authorization": self.login} if self.login else {}
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", headers=headers), timeout=30) as answer:
            return bytes(answer.read())


def free_port() -> int:
    """A high port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def orthanc(
    folder: Path,
    *,
    callers: Mapping[str, int],
    ports: tuple[int, int] | None = None,
    kill: bool = False,
    users: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Orthanc]:
    """An archive that keeps its files in `folder` and speaks with `callers` alone, AE titles with their ports.

    Started again on the same folder and ports it has what it had; `kill` ends it by force. With `users`, names and
    passwords, it asks who uses its web address.
    """
    if not (shutil.which("Orthanc") or Path(PROGRAM).exists()):
        pytest.skip("Orthanc is not installed (apt install orthanc orthanc-dicomweb)")
    found, running = start_orthanc(folder, callers=callers, ports=ports, users=users)
    try:
        yield found
    finally:
        if kill:
            running.kill()
        else:
            running.terminate()
        running.wait(timeout=60)


def start_orthanc(
    folder: Path,
    *,
    callers: Mapping[str, int],
    ports: tuple[int, int] | None = None,
    users: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Orthanc, "subprocess.Popen[bytes]"]:
    """The same, and its process: whoever asks ends it. It answers when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    name, password = next(iter(users.items()), ("", ""))
    login = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode() if users else ""
    found = Orthanc(*(ports or (free_port(), free_port())), login=login)
    settings = {
        "Name": "test",
        "StorageDirectory": str(folder),
        "IndexDirectory": str(folder),
        "HttpPort": found.http_port,
        "AuthenticationEnabled": bool(users),
        "RegisteredUsers": dict(users),
        "DicomPort": found.dicom_port,
        "DicomAet": found.title,
        "RemoteAccessAllowed": False,
        "DicomCheckModalityHost": True,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowStore": False,
        "DicomModalities": {title.lower(): [title, "127.0.0.1", port] for title, port in callers.items()},
        "Plugins": [DICOM_WEB] if Path(DICOM_WEB).exists() else [],
        "StorageCommitmentReportsSize": 1000,
    }
    file = folder / "orthanc.json"
    file.write_text(json.dumps(settings))
    with (folder / "log.txt").open("a") as log:
        running = subprocess.Popen([PROGRAM, str(file)], stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(found, running=running, log=folder / "log.txt")
    except BaseException:
        running.kill()
        running.wait(timeout=60)
        raise
    return found, running


def _wait(found: Orthanc, *, running: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert running.poll() is None, log.read_text()[-2000:]
        try:
            found.get("/system")
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])
