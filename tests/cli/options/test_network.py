"""What the options of the network make of the port that takes images."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pynetdicom", reason="the service is not installed: pip install 'hilum[serve]'")


@pytest.mark.parametrize("command", ["serve", "listen"])
def test_the_limits_of_reading_hold_at_the_port(
    hilum: Any, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    plans: list[Any] = []
    monkeypatch.setattr(f"hilum.cli.{command}.run_service", lambda plan, **_: plans.append(plan))
    words = ("--from", "XRAY1", "--to", "ARCHIVE@127.0.0.1:104", "--max-mb", 3, "--reserve-gb", 2, "--model", toy)
    done = hilum(command, *words, "--folder", tmp_path / "store")
    assert done.exit_code == 0
    (plan,) = plans
    limits = plan.network.listening
    assert (limits.max_bytes, limits.reserve_bytes) == (3 << 20, 2 << 30)
