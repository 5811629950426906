"""The toy study that this room's tests share."""

import pytest

from fabricate_study import toy_content
from hilum.evaluation.study.content import StudyContent


@pytest.fixture(scope="session")
def content() -> StudyContent:
    """Of Mass, Nodule, Edema and Hernia, which has no positives."""
    return toy_content()
