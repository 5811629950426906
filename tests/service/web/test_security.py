"""What an attacker would try: foreign pages, wrong tokens, guessed passwords, names and tags that are code, bombs."""

import asyncio
import io
import logging
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from fabricate_service import grey_png
from hilum.errors import UsageError
from hilum.service.store.store import Store
from hilum.service.web.passwords import hash_password, hash_token, is_password, name_of_token
from hilum.service.web.sessions import Attempts, Sessions
from hilum.service.web.settings import ServiceSettings

Client = Callable[..., TestClient]
READINGS = "/api/v1/readings"
PASSWORD, TOKEN = "correct horse battery", "t" * 32
NASTY = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>'; DROP TABLE job;--.png"


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def locked(make_client: Client, hashed: str) -> TestClient:
    return make_client(password_hash=hashed, tokens={"pacs": hash_token(TOKEN)})


def log_in(client: TestClient, password: str = PASSWORD, **headers: str):
    return client.post("/login", data={"name": "Dr Who", "password": password}, headers=headers)


# Who may reach it


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.org"])
def test_beyond_this_machine_needs_login_and_tls(host: str) -> None:
    with pytest.raises(UsageError, match="--password-file"):
        ServiceSettings(host=host)
    with pytest.raises(UsageError, match="--tls-certificate"):
        ServiceSettings(host=host, password_hash="x")
    assert ServiceSettings(host=host, password_hash="x", tls=True).needs_login
    assert ServiceSettings(host=host, tokens={"a": "b"}, insecure_lan=True).needs_login


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_needs_neither(host: str) -> None:
    assert not ServiceSettings(host=host).needs_login


def test_a_foreign_name_that_points_here_gets_nothing(client: TestClient) -> None:
    for host in ("evil.example", "localhost.evil.example", "[bad", ""):
        assert client.get(READINGS, headers={"Host": host}).status_code == 400
    assert client.get(READINGS, headers={"Host": "localhost:8080"}).status_code == 200


# Whose page asks


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:9999"}],
)  # fmt: skip
def test_another_site_s_page_changes_nothing(client: TestClient, sqlite_store: Store, headers: dict[str, str]) -> None:
    sent = client.post(READINGS, files={"file": ("a", grey_png())}, headers=headers)
    assert sent.status_code == 403
    assert sqlite_store.queue.waiting() == 0


def test_a_change_by_login_needs_the_page_s_secret(locked: TestClient) -> None:
    assert log_in(locked).status_code == 303
    page = locked.get("/").text
    secret = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    assert len(secret) > 30
    files = {"file": ("a", grey_png())}
    assert locked.post(READINGS, files=files).status_code == 403
    assert locked.post(READINGS, files=files, headers={"X-CSRF-Token": "guess"}).status_code == 403
    sent = locked.post(READINGS, files=files, headers={"X-CSRF-Token": secret})
    assert (sent.status_code, sent.json()["origin"]) == (202, "page")
    assert locked.post("/logout").status_code == 403
    assert locked.post("/logout", headers={"X-CSRF-Token": secret}).status_code == 303
    assert locked.get(READINGS).status_code == 401


def test_cookies_are_out_of_reach(make_client: Client, hashed: str) -> None:
    plain = log_in(make_client(password_hash=hashed)).headers["set-cookie"].lower()
    assert plain.startswith("hilum=")
    assert "httponly" in plain
    assert "samesite=strict" in plain
    secure = log_in(make_client(password_hash=hashed, tls=True))
    cookie = secure.headers["set-cookie"]
    assert cookie.startswith("__Host-hilum=")
    assert "secure" in cookie.lower()
    assert "path=/;" in cookie.lower().replace("path=/,", "path=/;")
    assert secure.headers["strict-transport-security"].startswith("max-age=")


# Passwords and tokens


def test_without_login_there_is_nothing(locked: TestClient) -> None:
    for path in (READINGS, f"{READINGS}/{'0' * 32}", "/metrics", "/api/v1/opinions.csv"):
        answer = locked.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert locked.post(READINGS, files={"file": ("a", grey_png())}).status_code == 401
    assert locked.get("/").headers["location"] == "/login"
    assert locked.get(f"/readings/{'0' * 32}").headers["location"] == "/login"
    assert locked.get("/healthz").status_code == 200


def test_a_token_opens_and_a_wrong_one_does_not(locked: TestClient, sqlite_store: Store) -> None:
    assert locked.get(READINGS, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    for wrong in ("t" * 31, "t" * 33, "", hash_token(TOKEN)):
        assert locked.get(READINGS, headers={"Authorization": f"Bearer {wrong}"}).status_code == 401
    assert [row.action for row in sqlite_store.audit.rows()] == ["login refused"] * 4


def test_guessing_has_an_end(locked: TestClient) -> None:
    for _ in range(10):
        locked.get(READINGS, headers={"Authorization": "Bearer guess"})
    late = locked.get(READINGS, headers={"Authorization": f"Bearer {TOKEN}"})
    assert late.status_code == 429
    assert 0 < int(late.headers["Retry-After"]) <= 300
    assert log_in(locked).status_code == 429


def test_a_wrong_password_is_told_and_noted(locked: TestClient, sqlite_store: Store) -> None:
    wrong = log_in(locked, password="x")
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    assert [row.action for row in sqlite_store.audit.rows()] == ["login refused"]


def test_hashes(hashed: str) -> None:
    assert hashed.startswith("$argon2id$")
    assert hash_password(hashed) == hashed
    assert is_password(PASSWORD, hashed=hashed)
    assert not is_password(PASSWORD + "x", hashed=hashed)
    assert not is_password(PASSWORD, hashed="$argon2id$nonsense")
    assert name_of_token(TOKEN, tokens={"a": hash_token("u" * 20), "b": hash_token(TOKEN)}) == "b"
    for short in (lambda: hash_password("short"), lambda: hash_token("short")):
        with pytest.raises(UsageError):
            short()


def test_a_login_ends_and_attempts_are_forgotten() -> None:
    now = [0.0]
    sessions = Sessions(lasts_s=10.0, clock=lambda: now[0])
    cookie = sessions.begin("a")
    assert sessions.of(cookie) is not None
    attempts = Attempts(most=2, window_s=60.0, clock=lambda: now[0])
    attempts.failed("1.2.3.4")
    now[0] = 20.0
    attempts.failed("1.2.3.4")
    assert attempts.wait_s("1.2.3.4") == pytest.approx(40.0)
    assert attempts.wait_s("5.6.7.8") == 0.0
    assert sessions.of(cookie) is None
    now[0] = 61.0
    assert attempts.wait_s("1.2.3.4") == 0.0


def ask(app: Any, method: str, path: str, *, content: Any = None, **headers: str) -> tuple[int, bool]:
    """The status, and whether anything of the body was read."""
    read, statuses = [], []

    async def receive() -> dict[str, Any]:
        read.append(1)
        return {"type": "http.request", "body": b"[]", "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    sent = {"host": "localhost", "content-type": "application/json", "content-length": "60000000", **headers}
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()], "client": ("10.0.0.9", 5000),
        "server": ("localhost", 80), "scheme": "http", "http_version": "1.1", "root_path": "", "app": app,
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return statuses[0], bool(read)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", f"{READINGS}/{'0' * 32}/opinions"), ("POST", READINGS), ("POST", "/dicom-web/studies"),
     ("POST", "/logout"), ("DELETE", f"{READINGS}/{'0' * 32}"), ("POST", "/nothing"), ("BREW", "/")],
)  # fmt: skip
def test_of_who_is_unknown_no_body_is_read(locked: TestClient, sqlite_store: Store, method: str, path: str) -> None:
    """Decoding JSON of 60 MB would keep the service from answering anybody."""
    assert ask(locked.app, method, path) == (401, False)
    assert ask(locked.app, method, path, cookie="hilum=guess") == (401, False)
    assert ask(locked.app, method, path, authorization="Bearer guess") == (401, False)
    assert [row.action for row in sqlite_store.audit.rows()] == ["login refused"]


def test_methods_that_nobody_knows_are_counted_as_one(client: TestClient) -> None:
    for number in range(5):
        client.request(f"X{number}", "/healthz")
    counted = client.get("/metrics").text
    assert 'hilum_request_seconds_count{method="other",route="/healthz",status="405"} 5.0' in counted
    assert "X0" not in counted


def test_an_origin_that_is_no_address_is_foreign(client: TestClient) -> None:
    answer = client.post(READINGS, headers={"Origin": "http://["})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


# What is sent


def test_names_that_are_code_stay_text(client: TestClient, read_all: Callable[[], None], sqlite_store: Store) -> None:
    sent = client.post(READINGS, files={"file": (NASTY, grey_png())})
    read_all()
    name = sent.json()["name"]
    own = sent.headers["Location"]
    for path in (own.replace("/api/v1", ""), f"{own}/page"):
        text = client.get(path).text
        assert "<script>alert(1)" not in text
        assert "<img src=x" not in text
    assert "DROP TABLE" in name
    assert sqlite_store.readings.counts()["done"] == 1


def png_bomb(side: int) -> bytes:
    """A few kilobytes that promise side x side pixels."""
    rows = zlib.compress(b"\x00" * ((side + 1) * 64), 9)

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_before_it_is_decoded(client: TestClient, read_all: Callable[[], None]) -> None:
    sent = client.post(READINGS, files={"file": ("bomb.png", png_bomb(60_000))})
    read_all()
    failed = client.get(sent.headers["Location"]).json()
    assert (failed["state"], failed["failure"]["kind"]) == ("failed", "limit")


@pytest.mark.parametrize("declared", ["text/html", "image/svg+xml", "application/x-php"])
def test_the_declared_type_is_not_believed(client: TestClient, declared: str) -> None:
    assert client.post(READINGS, files={"file": ("a.html", grey_png(), declared)}).status_code == 202
    assert client.post(READINGS, files={"file": ("a.png", b"<svg onload=alert(1)>", "image/png")}).status_code == 415


def test_a_polyglot_comes_back_as_no_page(
    client: TestClient, read_all: Callable[[], None], sqlite_store: Store
) -> None:
    """A picture that is a web page as well: it is read as a picture, and its bytes are never sent to a browser."""
    polyglot = grey_png() + b"<html><script>alert('polyglot')</script>"
    sent = client.post(READINGS, files={"file": ("a.html", polyglot, "text/html")})
    assert sent.status_code == 202
    read_all()
    links = client.get(sent.headers["Location"]).json()["links"]
    for path in filter(None, links.values()):
        answer = client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert b"alert('polyglot')" not in answer.content


def test_too_much_is_stopped_while_it_comes(make_client: Client, sqlite_store: Store) -> None:
    sent = []

    def chunks() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(400):
            sent.append(1)
            yield b"\x89PNG" * 16_384

    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = make_client(max_bytes=100_000).post(READINGS, content=chunks(), headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert not sqlite_store.files.hashes()


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd",
             f"{READINGS}/..%2f..%2fjobs.sqlite3/page", f"{READINGS}/{'0' * 31}./page"],
)  # fmt: skip
def test_no_path_leads_out(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 422)


# What is told


def test_every_answer_ties_the_browser_down(client: TestClient) -> None:
    for path in ("/", "/login", READINGS, "/nothing", "/static/service.css", "/api/v1/openapi.json"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_pages_hold_no_script_and_no_style_of_their_own(client: TestClient, read_all: Callable[[], None]) -> None:
    own = client.post(READINGS, files={"file": ("a", grey_png())}).headers["Location"]
    read_all()
    for path in ("/", own.replace("/api/v1", "")):
        text = client.get(path).text
        assert "<style" not in text
        assert " style=" not in text
        assert "onclick" not in text
        assert all("></script>" in each[:80] for each in text.split("<script")[1:])
        assert "http://" not in text
        assert "https://" not in text


def test_a_defect_is_told_without_names(
    client: TestClient, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("MUSTERMANN^ERIKA is in this message")

    monkeypatch.setattr(type(sqlite_store.queue), "accept", fail)
    caplog.set_level(logging.DEBUG)
    answer = client.post(READINGS, files={"file": ("MUSTERMANN.png", grey_png())})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "RuntimeError" in caplog.text
    assert "MUSTERMANN" not in answer.text
    assert "MUSTERMANN" not in "".join(record.getMessage() for record in caplog.records if record.name[:5] == "hilum")


def test_noise_is_no_radiograph(client: TestClient) -> None:
    rng = np.random.default_rng(0)
    for size in (1, 7, 100, 5000):
        answer = client.post(READINGS, files={"file": ("a", io.BytesIO(rng.bytes(size)))})
        assert answer.status_code in (202, 415)
