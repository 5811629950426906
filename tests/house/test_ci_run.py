"""`.ci/run` passes on passed tests only: not on failed ones, and not where none was executed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def ci_run(folder: Path, *, recipe: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the script over a Makefile whose `test` target does `recipe`."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "Makefile").write_text(f"test:\n\t@{recipe}\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "PYTEST"))}
    return subprocess.run(
        [str(folder / ".ci" / "run")], cwd="/", env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def test_passed(tmp_path: Path) -> None:
    closing = "======== 12 passed, 3 skipped in 4.20s ========"
    result = ci_run(tmp_path, recipe=f'echo "some output"; echo "{closing}"; echo "more output"')
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == closing


@pytest.mark.parametrize(
    ("recipe", "closing"),
    [
        ('echo "=== no tests ran in 0.01s ==="; exit 5', "no tests ran"),
        ('echo "=== 1 failed, 9 passed in 0.50s ==="; exit 1', "1 failed"),
        ('echo "=== 9 skipped in 0.50s ==="', "9 skipped"),
        ('echo "=== 10 deselected in 0.50s ==="', "10 deselected"),
        ('echo "ruff: 3 errors"; exit 1', "no closing line"),
        ("true", "no closing line"),
    ],
    ids=["no tests", "failed", "all skipped", "all deselected", "checks failed", "silent"],
)
def test_not_passed(tmp_path: Path, recipe: str, closing: str) -> None:
    result = ci_run(tmp_path, recipe=recipe)
    assert result.returncode != 0
    assert closing in result.stdout.splitlines()[-1]
