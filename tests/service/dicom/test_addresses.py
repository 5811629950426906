"""Which addresses are this machine's own."""

import pytest

from hilum.service.dicom.addresses import addresses_of, canonical, is_loopback


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True),
     ("0.0.0.0", False), ("192.168.1.4", False), ("localhost.evil.example", False), ("", False), ("2130706433", False)],
)  # fmt: skip
def test_this_machine_s_own(host: str, own: bool) -> None:
    assert is_loopback(host) is own


@pytest.mark.parametrize(
    ("written", "spelling"),
    [("10.0.0.5", "10.0.0.5"), ("[2001:DB8:0::1]", "2001:db8::1"), ("::ffff:10.0.0.5", "10.0.0.5"),
     ("fe80::1%eth0", "fe80::1"), ("10.0.0.5:104", None), ("archive.example", None), ("010.0.0.5", None), ("", None)],
)  # fmt: skip
def test_an_address_has_one_spelling(written: str, spelling: str | None) -> None:
    assert canonical(written) == spelling


def test_what_has_no_address_has_none() -> None:
    assert addresses_of("10.0.0.5") == ("10.0.0.5",)
    assert "127.0.0.1" in addresses_of("localhost")
    for host in ("nowhere.invalid", "010.0.0.5", "2130706433", "10.0.0.5:104", "", "a" * 70, "a..b"):
        assert addresses_of(host) == ()
