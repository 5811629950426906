"""Who may send, and where results go, as the command line says it."""

import pytest

from hilum.errors import UsageError
from hilum.service.dicom.peers import (
    Caller,
    Destination,
    WebDestination,
    may_call,
    may_send,
    parse_caller,
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
    callers = [parse_caller("XRAY@10.0.0.1"), parse_caller("ARCHIVE")]
    assert callers == [Caller("XRAY", "10.0.0.1"), Caller("ARCHIVE")]
    assert may_send("XRAY", address="10.0.0.1", callers=callers)
    assert not may_send("XRAY", address="10.0.0.2", callers=callers)
    assert may_send("ARCHIVE", address="10.0.0.2", callers=callers)
    assert not may_send("OTHER", address="10.0.0.1", callers=callers)
    assert may_call("10.9.9.9", callers=callers)
    assert not may_call("10.9.9.9", callers=callers[:1])
