"""`hilum serve`, as a user starts it: it serves, survives kill -9, and refuses what would be open to others."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'hilum[serve]'")

from fabricate_named_image import BROKEN, NAME, named_image
from fabricate_service import grey_png, toy_bundle

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `hilum serve` with these words and returns the process and its address; ends it with the test."""
    bundle = toy_bundle(tmp_path / "toy").folder
    started: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "hilum", "serve", "--port", "0", "--folder", str(tmp_path / "store")]
        process = subprocess.Popen(
            [*command, "--readers", "1", "--model", str(bundle), *words],
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
            env={**os.environ, "HILUM_MODELS": str(tmp_path / "none"), "COLUMNS": "200"},
        )  # fmt: skip
        started.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if (found := re.search(r"serving at (\S+)", line)) is not None:
                return process, found[1]
        pytest.fail("it ended before it served")

    yield begin
    for process in started:
        process.kill()
        process.wait()


def ask(address: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request(
        method, path, body=body, headers={key.replace("_", "-"): value for key, value in headers.items()}
    )
    answer = connection.getresponse()
    return answer.status, answer.read()


def send(address: str, data: bytes, *, name: str = "MUSTERMANN.png") -> str:
    body = (
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        + data
        + b"\r\n--b--\r\n"
    )
    status, answer = ask(address, "POST", "/api/v1/readings", body, Content_Type="multipart/form-data; boundary=b")
    assert status == 202
    return str(json.loads(answer)["id"])


def until_read(address: str, job_id: str) -> dict:
    ends_s = time.monotonic() + 180
    while time.monotonic() < ends_s:
        _, answer = ask(address, "GET", f"/api/v1/readings/{job_id}")
        if json.loads(answer)["state"] in ("done", "failed"):
            return json.loads(answer)
        time.sleep(0.2)
    pytest.fail("it was not read in time")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals as Linux and macOS have them")
def test_what_was_accepted_survives_kill_9_and_no_log_holds_a_name(start: Start, tmp_path: Path) -> None:
    server, address = start()
    ids = [send(address, grey_png(mark=mark)) for mark in range(6)]
    ids.append(send(address, grey_png()[:60]))
    server.kill()
    said = server.communicate()[1]
    server, address = start()
    ended = [until_read(address, job_id) for job_id in ids]
    assert [each["state"] for each in ended] == ["done"] * 6 + ["failed"]
    assert ask(address, "GET", "/readyz")[0] == 200
    assert b'hilum_jobs{state="done"} 6.0' in ask(address, "GET", "/metrics")[1]
    server.send_signal(signal.SIGTERM)
    said += server.communicate(timeout=60)[1]
    assert server.returncode == 143
    assert "terminated; what was written is whole" in said
    assert "MUSTERMANN" not in said
    assert not [path for path in (tmp_path / "store" / "bytes").rglob("*") if path.is_file()]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found as on Linux")
def test_every_line_is_json_and_none_holds_a_name(start: Start) -> None:
    """In all processes, saying all there is, while a reader is killed and files are broken in every way."""
    server, address = start("--verbose", "--log-format", "json")
    images = [named_image(broken, number=number) for number, broken in enumerate([None, *BROKEN], start=1)]
    ids = [send(address, data, name=f"{NAME}.dcm") for data in (*images, named_image(number=50, cut=3000))]
    ended = [until_read(address, job_id)["state"] for job_id in ids]
    assert {"done", "failed"} == set(ended)
    for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)
    until_read(address, send(address, grey_png(), name=f"{NAME}.png"))
    with socket.create_connection((urlsplit(address).hostname, urlsplit(address).port)) as bare:
        bare.sendall(f"{NAME} is no HTTP\r\n\r\n".encode())
        bare.recv(1000)
    server.send_signal(signal.SIGTERM)
    lines = [json.loads(line) for line in server.communicate(timeout=60)[1].splitlines()]
    assert all(set(line) == {"time", "level", "command", "message"} for line in lines)
    assert ("warning", "hilum serve") in {(line["level"], line["command"]) for line in lines}
    assert any("a reader process ended" in line["message"] for line in lines)
    assert [line["level"] for line in lines if "terminated" in line["message"]] == ["warning"]
    assert NAME not in str(lines)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "give --password-file or --token-file"),
        (["--host", "0.0.0.0", "--token-file", "{tokens}"], "give --tls-certificate and --tls-key"),
        (["--tls-certificate", "{tokens}"], "go together"),
        (["--password-file", "{short}"], "too short"),
        (["--token-file", "{short}"], "write NAME TOKEN"),
        (["--token-file", "{folder}/absent"], "cannot be read"),
        (["--database", "mysql://x/y"], "not supported"),
        (["--database-password-file", "{short}"], "needs --database"),
    ],
)
def test_what_would_be_open_or_wrong_is_refused(words: list[str], said: str, tmp_path: Path) -> None:
    from run_command import run

    (tmp_path / "tokens").write_text("pacs " + "t" * 30)
    (tmp_path / "short").write_text("short")
    names = {"tokens": str(tmp_path / "tokens"), "short": str(tmp_path / "short"), "folder": str(tmp_path)}
    bundle = toy_bundle(tmp_path / "toy").folder
    refused = run("serve", "--folder", tmp_path / "store", "--model", bundle, *(word.format(**names) for word in words))
    assert refused.exit_code in (1, 2)
    assert said in " ".join(refused.output.split())


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    from run_command import run

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bundle = toy_bundle(tmp_path / "toy").folder
        refused = run("serve", "--port", port, "--folder", tmp_path / "store", "--model", bundle)
    assert refused.exit_code == 2
    assert f"Port {port} is taken" in refused.output


def test_a_folder_that_another_one_uses_is_refused(tmp_path: Path) -> None:
    from hilum.service.store.store import hold_store
    from run_command import run

    bundle = toy_bundle(tmp_path / "toy").folder
    words = ("--port", 0, "--folder", tmp_path / "store", "--model", bundle)
    with hold_store(tmp_path / "store"):
        refused = [run("serve", *words), run("listen", "--from", "A", "--to", "B@127.0.0.1:104", *words)]
    for each in refused:
        assert each.exit_code == 1
        assert "Another hilum serve or hilum listen uses" in " ".join(each.output.split())


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals as Linux and macOS have them")
def test_page_and_network_share_one_worklist_and_one_outbox_through_kill_9(start: Start, tmp_path: Path) -> None:
    """What comes over DICOM and what is uploaded stand in one list; of both, each object is in the archive once."""
    from collections import Counter

    from fabricate_study_image import study_image
    from run_command import run_well
    from run_orthanc import free_port, orthanc
    from send_dicom import reachable, send_images
    from wait_for import wait_for

    port, ports = free_port(), (free_port(), free_port())
    network = ("--from", "XRAY", "--from", "ARCHIVE", "--dicom-port", str(port), "--reserve-gb", "0")
    network = (*network, "--to", f"ARCHIVE@127.0.0.1:{ports[1]}")
    images = [study_image(SOPInstanceUID=f"1.2.826.0.1.3680043.10.511.3.{number}") for number in range(20, 24)]
    server, address = start(*network)
    wait_for(lambda: reachable(port))
    assert send_images(port, images[:1]) == [0]
    ids = [send(address, images[1], name="b.dcm"), send(address, grey_png(), name="c.png")]
    server.kill()
    server.wait()
    server, address = start(*network)
    with orthanc(tmp_path / "archive", callers={"HILUM": port}, ports=ports) as archive:
        wait_for(lambda: reachable(port))
        assert send_images(port, images[2:]) == [0, 0]
        for job_id in ids:
            assert until_read(address, job_id)["state"] == "done"
        wait_for(lambda: len(archive.get("/instances")) == 12)
        wait_for(lambda: "12 delivered" in run_well("listen", "--status", "--folder", tmp_path / "store"))
        kept = [archive.get(f"/instances/{each}/tags?simplify") for each in archive.get("/instances")]
    assert Counter(each["Modality"] for each in kept) == {"SR": 4, "PR": 4, "OT": 4}
    listed = json.loads(ask(address, "GET", "/api/v1/readings")[1])
    assert Counter(each["origin"] for each in listed["readings"]) == {"dicom": 3, "rest": 2}
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=60) == 143
