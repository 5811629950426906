"""Which addresses are this machine's own."""

import pytest

from hilum.service.dicom.addresses import is_loopback


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True),
     ("0.0.0.0", False), ("192.168.1.4", False), ("localhost.evil.example", False), ("", False), ("2130706433", False)],
)  # fmt: skip
def test_this_machine_s_own(host: str, own: bool) -> None:
    assert is_loopback(host) is own
