"""Text that every character set holds."""

import pytest

from hilum.report.plain_text import plain_text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0.48 ± 0.02", "0.48 +/- 0.02"),
        ("−0.30 at 90°", "-0.30 at 90 degrees"),
        ("naïve\nÆtiology × 2", "naive ?tiology x 2"),
        ("幻", "?"),
    ],
)
def test_signs_are_spelled_and_accents_fall(text: str, plain: str) -> None:
    assert plain_text(text) == plain
