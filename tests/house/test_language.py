"""What users read is professional, natural English: no text of the rooms listed here holds a word that only we use.

The texts are the string literals of the sources, without docstrings: what else a user could meet is made of them. A
room or module that is mended is added to `ROOMS`, with every text of it clean; no room at all may hold `OLD`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from user_texts import SOURCES, texts

ROOMS = (
    "anonymous",
    "bundle",
    "by_name.py",
    "cli",
    "datasets",
    "errors.py",
    "evaluation",
    "explain",
    "findings.py",
    "geometry.py",
    "imaging",
    "nearest.py",
    "networks",
    "option.py",
    "output",
    "phantom",
    "progress.py",
    "radiograph.py",
    "ray_cluster.py",
    "reading",
    "reading_result.py",
    "report",
    "results",
    "service",
    "stated.py",
    "there.py",
    "statistics",
    "whole_files.py",
)
FORBIDDEN = {
    r"^expected\b(?! calibration error)(?=.* )|\bexpected\b.*\bcame\b|, came\b": "say what is wrong and what to do",
    r"\bpassed over\b": "skipped",
    r"\bcounts? for nothing\b": "Test run only; ignore its numbers",
    r"\bpaper'?s? ?[1-5]\b": "author, year and DOI",
    r"\bshel(?:f|ves)\b": "installed models",
    r"\bframed\b": "say what was cut or bordered",
    r"\bbulk sources?\b": "name the data sets",
    r"\bsoften(?:ed)?\b": "say that the pictures are reduced to one sharpness",
    r"\blab part\b": 'pip install "hilum[lab]"',
    r"\bmodels? in use\b": "installed model",
    r"\bmodels? reads? (?:these|such)\b": "name what it reads",
    r"\b[Aa]bove the operating point\b": "flagged: 82% (threshold 77%)",
    r"\bfor want of\b": "because there is no ...",
    r"\bnobody (?:tells|looked|checked|said)\b": "say what is unknown",
}
"""Patterns that no text may match, and what to write in their place; case matters."""

OLD = re.compile(r"\bexpected .*\bcame\b|, came |\bpaper [1-9]\b|\bon the shelf\b|counts? for nothing", re.I)
"""What no message of any room may say."""


FORMER = {"gate-paper5", "lungs-paper3"}
"""What studies were called, by which a user is led to their names."""


def faults(source: str) -> list[str]:
    """A line for every text of a module that holds what no text may hold."""
    return [
        f"line {line}: {text!r} holds {found[0]!r}; write: {better}"
        for line, text in texts(source)
        if text not in FORMER
        for pattern, better in FORBIDDEN.items()
        if (found := re.search(pattern, text))
    ]


def modules(room: str) -> list[Path]:
    """The modules of a room, or the one that is named."""
    path = SOURCES / room
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_no_text_of_a_room_holds_a_word_of_our_own(room):
    assert modules(room)
    found = [
        f"{path.relative_to(SOURCES)}, {fault}"
        for path in modules(room)
        for fault in faults(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("room", sorted({path.relative_to(SOURCES).parts[0] for path in SOURCES.rglob("*.py")}))
def test_no_message_of_any_room_hides_the_fix(room):
    found = [
        f"{path.relative_to(SOURCES)}, line {line}: {text}"
        for path in modules(room)
        for line, text in texts(path.read_text(encoding="utf-8"))
        if OLD.search(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "expected a file, came none",
        "it was expected to be a file, and came a folder",
        "the shapes must agree, came others",
        "passed over: 1 not an image",
        "its numbers count for nothing",
        "Table III of paper 5",
        "no bundle on the shelf",
        "Above the operating point: Pneumonia",
    ],
)
def test_what_a_user_must_not_read_is_found(text):
    assert faults(f"raise Wrong(f{text!r})") != []


def test_docstrings_and_ordinary_words_are_left_alone():
    source = (
        '"""Expected by paper 5."""\nTEXT = "The images came from two hospitals"\nNOTE = f"{TEXT}: a mean of {1 + 1}"\n'
    )
    assert faults(source) == []
    assert [text for _, text in texts(source)] == ["The images came from two hospitals", "{}: a mean of {}"]
