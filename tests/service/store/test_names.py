"""What people and machines call things is kept as one plain line."""

import pytest

from hilum.service.store.names import tame_name, tame_text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\y.png", "y.png"), ("a\x00b\n.png", "ab.png"),
     ("\u202egnp.exe", "gnp.exe"), ("", "unnamed"), ("..", ".."), ("x" * 500, "x" * 200), ("/", "unnamed")],
)  # fmt: skip
def test_a_file_s_name_is_tamed(sent: str, kept: str) -> None:
    assert tame_name(sent) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [("  rib \t fracture\r\n?", "rib fracture ?"), ("a\x00b\x1b[31m", "ab[31m"), ("\u202egnp", "gnp"), ("\ud800", ""),
     ("Müßig 幻", "Müßig 幻"), ("\u2028x\u200b", "x")],
)  # fmt: skip
def test_words_stay_on_their_line(said: str, kept: str) -> None:
    assert tame_text(said) == kept
