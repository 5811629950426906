import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_page_has_what_it_prints() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "calibrating.py"), "--ill", "20", "30"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    page = (ROOT / "docs" / "how-to" / "your-hospitals-numbers.md").read_text(encoding="utf-8")
    lines = result.stdout.splitlines()
    assert len(lines) == 4
    assert [line for line in lines if line not in page.splitlines()] == []
