"""Delivery to archives on the web: delivered is what the archive's answer lists as kept, and nothing else."""

import base64
import io
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from hilum.errors import UsageError
from hilum.objects.make import DicomObject
from hilum.service.dicom.deliver import Deliverer
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import WebDestination
from hilum.service.dicom.web_archive import WebArchives, logins_of
from run_orthanc import DICOM_WEB, free_port, orthanc

NOT_KEPT = "the archive says that it does not keep it"
SILENT = "the archive answered 200, and not that it keeps it"
NO_LOGIN = "the archive refused the login (401); --to-login names a file with it"

Answer = Callable[[str], "tuple[int, bytes] | None"]


def listed(*, kept: tuple[str, ...] = (), failed: tuple[tuple[str, int], ...] = ()) -> bytes:
    """An answer of STOW-RS (PS3.18, table 10.5.3-2) in DICOM JSON."""
    answer: dict[str, Any] = {}
    if kept:
        answer["00081199"] = {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in kept]}
    if failed:
        answer["00081198"] = {
            "vr": "SQ",
            "Value": [
                {"00081155": {"vr": "UI", "Value": [uid]}, "00081197": {"vr": "US", "Value": [reason]}}
                for uid, reason in failed
            ],
        }
    return json.dumps(answer).encode()


@dataclass
class Fake:
    """An archive that keeps nothing and answers what a test says; `None` hangs up without a word."""

    port: int
    answer: Answer
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def to(self, scheme: str = "http") -> WebDestination:
        return WebDestination(f"{scheme}://localhost:{self.port}/dicom-web", ("sr", "pr", "sc"))


def part_of(headers: dict[str, str], body: bytes) -> bytes:
    """The one part of a multipart message."""
    boundary = headers["content-type"].partition("boundary=")[2].encode()
    assert headers["content-type"].startswith('multipart/related; type="application/dicom"; ')
    head, _, data = body.partition(b"\r\n\r\n")
    assert head == b"--" + boundary + b"\r\nContent-Type: application/dicom"
    end = b"\r\n--" + boundary + b"--\r\n"
    assert data.endswith(end)
    return data[: -len(end)]


@pytest.fixture
def start_fake() -> Iterator[Callable[..., Fake]]:
    servers = []

    def start(answer: Answer, *, context: ssl.SSLContext | None = None) -> Fake:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.received.append((self.path, headers, body))
                found = fake.answer(str(dcmread(io.BytesIO(part_of(headers, body))).SOPInstanceUID))
                if found is None:
                    self.close_connection = True
                    return
                self.send_response(found[0])
                self.send_header("Content-Type", "application/dicom+json")
                self.send_header("Content-Length", str(len(found[1])))
                self.end_headers()
                self.wfile.write(found[1])

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        fake = Fake(server.server_address[1], answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return fake

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def deliver(outbox: Outbox, to: WebDestination, **archives: Any) -> int:
    return Deliverer(title="HILUM", destinations=(to,), outbox=outbox, web=WebArchives(**archives)).deliver(to)


def states(outbox: Outbox) -> list[tuple[str, int, str]]:
    return [(row.state, row.rows, row.said) for row in outbox.counts()]


def test_what_the_answer_lists_is_delivered(
    outbox: Outbox, post: Any, start_fake: Any, objects: tuple[DicomObject, ...]
) -> None:
    fake = start_fake(lambda uid: (200, listed(kept=(uid,))))
    post(fake.to())
    assert deliver(outbox, fake.to(), logins={fake.to().name: "Bearer secret"}) == 3
    assert states(outbox) == [("delivered", 3, "kept, as the archive's answer says")]
    sent = [part_of(headers, body) for _, headers, body in fake.received]
    assert sent == [one.data for one in objects if one.kind != "seg"]  # to the byte
    assert {path for path, _, _ in fake.received} == {"/dicom-web/studies"}
    assert {headers["authorization"] for _, headers, _ in fake.received} == {"Bearer secret"}
    assert {headers["accept"] for _, headers, _ in fake.received} == {"application/dicom+json"}
    assert deliver(outbox, fake.to()) == 0  # nothing is due any more


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda uid: (200, listed(failed=((uid, 0xA900),))), f"{NOT_KEPT} (0xA900)"),
        (lambda uid: (202, listed(kept=(uid,), failed=((uid, 272),))), f"{NOT_KEPT} (0x0110)"),
        (lambda uid: (200, listed(kept=(f"{uid}.1",))), SILENT),
        (lambda _: (200, b""), SILENT),
        (lambda _: (200, b"<NativeDicomModel/>"), SILENT),
        (lambda _: (200, b'{"00081199": {"Value": [3, {"00081155": 7}]}}'), SILENT),
        (lambda _: (204, b""), "the archive answered 204"),
        (lambda uid: (401, listed(kept=(uid,))), NO_LOGIN),
        (lambda _: (302, b""), "the archive answered 302: it has another address"),
        (lambda uid: (409, listed(failed=((uid, 0x0122),))), f"{NOT_KEPT} (0x0122)"),
        (lambda _: (503, b"<html>later</html>"), "the archive answered 503"),
    ],
)  # fmt: skip
def test_what_it_does_not_list_is_tried_again(
    outbox: Outbox, post: Any, start_fake: Any, clock: Any, answer: Answer, said: str
) -> None:
    fake = start_fake(answer)
    post(fake.to())
    assert deliver(outbox, fake.to()) == 0
    assert states(outbox) == [("waiting", 3, said)]
    assert outbox.due(fake.to().name) == ()  # not at once
    clock.now_s += 10
    fake.answer = lambda uid: (200, listed(kept=(uid,)))
    assert deliver(outbox, fake.to()) == 3


def test_one_that_is_refused_takes_no_other_along(
    outbox: Outbox, post: Any, start_fake: Any, objects: tuple[DicomObject, ...]
) -> None:
    report = str(objects[0].dataset.SOPInstanceUID)
    fake = start_fake(lambda uid: (409, listed(failed=((uid, 1),))) if uid == report else (200, listed(kept=(uid,))))
    post(fake.to())
    assert deliver(outbox, fake.to()) == 2
    assert [(state, rows) for state, rows, _ in states(outbox)] == [("delivered", 2), ("waiting", 1)]


def test_an_archive_that_hangs_up_or_is_away_is_tried_once(
    outbox: Outbox, post: Any, start_fake: Any, clock: Any
) -> None:
    fake = start_fake(lambda _: None)
    post(fake.to())
    assert deliver(outbox, fake.to()) == 0
    assert states(outbox) == [("waiting", 3, "the archive broke off (RemoteDisconnected)")]
    assert len(fake.received) == 1
    away = WebDestination(f"http://localhost:{free_port()}/dicom-web", ("sr",))
    post(away, job_id="1" * 32)
    assert deliver(outbox, away) == 0
    assert ("waiting", 1, "the archive cannot be reached (Connection refused)") in states(outbox)


def test_one_that_never_gives_up_is_dead_in_the_end(outbox: Outbox, post: Any, start_fake: Any, clock: Any) -> None:
    fake = start_fake(lambda _: (503, b""))
    post(fake.to())
    clock.now_s += outbox.give_up_s + 1
    assert deliver(outbox, fake.to()) == 0
    assert states(outbox) == [("dead", 3, "the archive answered 503")]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    words += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(cert),
    ]
    subprocess.run(words, check=True, capture_output=True)
    return cert, key


def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    outbox: Outbox, post: Any, start_fake: Any, clock: Any, tmp_path: Path
) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    fake = start_fake(lambda uid: (200, listed(kept=(uid,))), context=context)
    post(fake.to("https"))
    assert deliver(outbox, fake.to("https"), logins={fake.to("https").name: "Bearer secret"}) == 0
    assert fake.received == []
    ((_, _, said),) = states(outbox)
    assert said.startswith("the archive's certificate is not believed (")
    clock.now_s += 10
    assert deliver(outbox, fake.to("https"), tls=ssl.create_default_context(cafile=cert)) == 3


@pytest.mark.slow
def test_orthanc_keeps_what_is_sent_and_asks_who_sends(
    outbox: Outbox, post: Any, clock: Any, tmp_path: Path, objects: tuple[DicomObject, ...]
) -> None:
    if not Path(DICOM_WEB).exists():
        pytest.skip("Orthanc's DICOMweb is not installed (apt install orthanc-dicomweb)")
    with orthanc(tmp_path / "archive", callers={}, users={"hilum": "correct horse"}) as archive:
        to = WebDestination(f"{archive.url}/dicom-web", ("sr", "pr", "sc", "seg"))
        post(to)
        assert deliver(outbox, to) == 0
        assert states(outbox) == [("waiting", 4, NO_LOGIN)]
        clock.now_s += 10
        for password, kept in (("wrong", 0), ("correct horse", 4)):
            logins = logins_of([f"{to.url} basic hilum {password}"], destinations=(to,), where="f")
            assert deliver(outbox, to, logins=logins) == kept
            clock.now_s += 30
        assert states(outbox) == [("delivered", 4, "kept, as the archive's answer says")]
        instances = [archive.get_bytes(f"/instances/{each}/file") for each in archive.get("/instances")]
    found = {
        str(each.SOPInstanceUID): each.to_json_dict() for each in (dcmread(io.BytesIO(data)) for data in instances)
    }
    assert found == {str(one.dataset.SOPInstanceUID): one.dataset.to_json_dict() for one in objects}


def test_logins_are_read_by_address() -> None:
    one, two = WebDestination("https://a/dicom-web", ("sr",)), WebDestination("https://b", ("sr",))
    lines = ["# of the archives", "", "https://a/dicom-web/  Bearer  abc", "https://b basic me pass"]
    found = logins_of(lines, destinations=(one, two), where="f")
    assert found == {one.name: "Bearer abc", two.name: "Basic " + base64.b64encode(b"me:pass").decode()}
    assert "abc" not in repr(WebArchives(logins=found))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["https://a bearer"], "f, line 1: write ADDRESS bearer TOKEN"),
        (["https://a token secret"], "f, line 1: write ADDRESS"),
        (["https://a basic me"], "f, line 1: write ADDRESS"),
        (["https://a basic m:e secret"], "f, line 1: write ADDRESS"),
        (["https://a bearer secret", "https://a bearer secret"], "f, line 2: write ADDRESS"),
        (["https://c bearer secret"], "f, line 1: no --to has the address https://c"),
        (["# nothing"], "f holds no login"),
    ],
)
def test_a_login_that_is_none_is_told_without_its_secret(lines: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        logins_of(lines, destinations=(WebDestination("https://a", ("sr",)),), where="f")
    assert "secret" not in str(caught.value)


def test_nothing_is_sent_to_where_nobody_listens_for_long(outbox: Outbox, post: Any) -> None:
    """A port that takes connections and says nothing would hold up every other archive without a limit."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        to = WebDestination(f"http://127.0.0.1:{silent.getsockname()[1]}", ("sr",))
        post(to)
        assert deliver(outbox, to, timeout_s=0.3) == 0
    assert states(outbox) == [("waiting", 1, "the archive did not answer in time")]
