"""Fixtures that more than one room's tests use."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import hilum.networks  # noqa: F401 (for its torchvision guard)

# xdist's controller imports the class of every warning that a worker sends, Lightning's among them; without the guard
# that import fails where torchvision's build does not match torch's, and takes the run down.

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# What a test judges is no look at anything: nothing of it may reach the ledger of this project or of this user.
os.environ["HILUM_LEDGER"] = str(Path(tempfile.mkdtemp(prefix="hilum-tests-")) / "LEDGER.jsonl")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images beside the repository; the test is skipped, visibly, where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real images (../shared/data) are not here")
    return SHARED_DATA


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser, for pages; the test is skipped, visibly, where there is none.

    One a module and no longer: while Playwright runs, its event loop is the thread's, and no other may be started.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
