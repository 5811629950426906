"""Who may send, and where results go, as the command line says it."""

import pytest

from hilum.errors import UsageError
from hilum.service.dicom.peers import (
    Caller,
    Destination,
    WebDestination,
    may_call,
    may_send,
    parse_callers,
    parse_destination,
)


def test_destinations_are_understood() -> None:
    assert parse_destination("ARCHIVE@10.0.0.5:104") == Destination("ARCHIVE", "10.0.0.5", 104, ("sr", "pr", "sc"))
    assert parse_destination("A B@pacs.local:11112=seg,sr").kinds == ("sr", "seg")
    assert parse_destination("A@[::1]:104") == Destination("A", "::1", 104)
    web = parse_destination("https://archive.example:8443/dicom-web/=sr,seg")
    assert web == WebDestination("https://archive.example:8443/dicom-web", ("sr", "seg"))
    assert parse_destination("https://archive.example") == WebDestination("https://archive.example")
    assert parse_destination("http://127.0.0.1:8042/dicom-web").name == "http://127.0.0.1:8042/dicom-web"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ARCHIVE", "write TITLE@HOST:PORT"),
        ("ARCHIVE@host", "write TITLE@HOST:PORT"),
        ("ARCHIVE@host:0", "write TITLE@HOST:PORT"),
        ("ARCHIVE@host:104=sr,ko", "Unknown kind of object in --to ARCHIVE@host:104=sr,ko: ko"),
        ("http://archive.example/dicom-web", "unencrypted; use https://"),
        ("https://me:secret@archive.example", "--to https://archive.example holds a login"),
        ("https://archive.example/?study", "write https://HOST/PATH"),
        ("https://archive.example:port", "write https://HOST/PATH"),
        ("https://archive.example/a\r\nX-Injected: 1", "write https://HOST/PATH"),
        ("https://", "write https://HOST/PATH"),
        ("https://archive.example=ko", "Unknown kind of object"),
        ("A" * 17 + "@host:104", "No AE title"),
    ],
)
def test_what_is_not_understood_is_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_destination(text)


def test_a_caller_is_a_title_from_its_address() -> None:
    callers = [*parse_callers("XRAY@10.0.0.1"), *parse_callers("ARCHIVE")]
    assert callers == [Caller("XRAY", "10.0.0.1"), Caller("ARCHIVE")]
    assert may_send("XRAY", address="10.0.0.1", callers=callers)
    assert not may_send("XRAY", address="10.0.0.2", callers=callers)
    assert may_send("ARCHIVE", address="10.0.0.2", callers=callers)
    assert not may_send("OTHER", address="10.0.0.1", callers=callers)
    assert may_call("10.9.9.9", callers=callers)
    assert not may_call("10.9.9.9", callers=callers[:1])


@pytest.mark.parametrize(
    ("said", "calls_from"),
    [
        ("10.0.0.1", "::ffff:10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("localhost", "127.0.0.1"),
    ],
)
def test_an_address_is_known_in_every_spelling_and_by_its_name(said: str, calls_from: str) -> None:
    callers = parse_callers(f"XRAY@{said}")
    assert may_call(calls_from, callers=callers)
    assert may_send("XRAY", address=calls_from, callers=callers)
    assert not may_call("10.9.9.9", callers=callers)


def test_every_address_of_a_name_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        assert host == "archive.example"
        return [(0, 0, 0, "", (each, 0)) for each in ("10.0.0.5", "2001:db8::5", "10.0.0.5")]

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    assert parse_callers("ARCHIVE@archive.example") == (Caller("ARCHIVE", "10.0.0.5"), Caller("ARCHIVE", "2001:db8::5"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ARCHIVE@10.0.0.5:104", "names a port, .* write --from ARCHIVE@10.0.0.5$"),
        ("ARCHIVE@archive.example:104", "names a port, .* write --from ARCHIVE@archive.example$"),
        ("ARCHIVE@[::1]:104", r"names a port, .* write --from ARCHIVE@\[::1\]$"),
        ("ARCHIVE@nowhere.invalid", "nowhere.invalid is no address, and no name that has one here"),
        ("ARCHIVE@", "nothing is no address"),
        ("ARCHIVE@010.0.0.5", "010.0.0.5 is no address"),
        ("ARCHIVE@10.0.0.0/24", "10.0.0.0/24 is no address"),
        ("ARCHIVE@0.0.0.0", "nobody calls from 0.0.0.0; write --from ARCHIVE for any"),
        ("A" * 17, "No AE title"),
    ],
)
def test_a_caller_that_nobody_could_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_callers(text)
