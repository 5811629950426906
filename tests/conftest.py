"""Fixtures that more than one room's tests use."""

import os
import tempfile
from pathlib import Path

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

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images beside the repository; the test is skipped, visibly, where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real images (../shared/data) are not here")
    return SHARED_DATA
