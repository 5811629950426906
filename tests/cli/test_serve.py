"""`hilum serve`, as a user starts it: it serves, survives kill -9, and refuses what would be open to others."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'hilum[serve]'")

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
    import socket

    from run_command import run

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bundle = toy_bundle(tmp_path / "toy").folder
        refused = run("serve", "--port", port, "--folder", tmp_path / "store", "--model", bundle)
    assert refused.exit_code == 2
    assert f"Port {port} is taken" in refused.output
