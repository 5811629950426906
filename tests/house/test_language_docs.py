"""The pages speak plain English: no word of our own without a meaning in the glossary, and no phrase that hides one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = {"reference/cli.md", "reference/python.md", "concepts/rooms.md"}
"""Written from docstrings and help texts, which are held to their own test."""

FORBIDDEN = {
    r"\bexpected [^.|]*, came\b|, came (no|none)\b": "say what is wrong and what to do",
    r"\bpapers? [1-9]\b": "name the authors and the year",
    r"\b(on the|your|the) shelf\b": "an installed model",
    r"\bpass(ed|es) over\b": "skipped",
    r"\bcounts? for nothing\b|\bnone of its figures counts\b": "a test run: ignore its numbers",
    r"\bcame none\b": "there is none",
    r"\blab part\b": "name the optional part and its install command",
    r"\bwhat came\b": "what was observed",
    r"\bare judged all the same\b": "anyway",
}
"""Phrases that no page may hold, and what to write in their place."""

TERMS = {
    "bundle": "concepts/bundle.md",
    "gate": "concepts/the-gate.md",
    "ledger": "how-to/evaluate.md",
    "smoke run": None,
    "specialist": "how-to/add-a-specialist.md",
    "trail": "concepts/trail.md",
    "operating point": "concepts/calibration-and-operating-points.md",
}
"""Words of our own, each with the page that is all about it; a page that uses one leads there or to the glossary."""


def pages() -> list[Path]:
    return sorted(path for path in DOCS.rglob("*.md") if str(path.relative_to(DOCS)) not in GENERATED)


def prose_of(path: Path) -> str:
    """The page without headings, code, what scripts write, comments and the addresses of links."""
    text = re.sub(r"(?ms)^```.*?^```|^#.*?$", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"(?s)<!-- (\S+):begin .*?<!-- \1:end -->|<!--.*?-->", "", text)
    return re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`\n]*`", "", text))


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_a_page_holds_none_of_the_phrases(path: Path) -> None:
    prose = " ".join(prose_of(path).split())
    found = {
        re.search(phrase, prose, re.I).group(): fix
        for phrase, fix in FORBIDDEN.items()
        if re.search(phrase, prose, re.I)
    }  # type: ignore[union-attr]
    assert not found, f"{path.name}: {found}"


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_a_page_leads_from_a_word_of_ours_to_its_meaning(path: Path) -> None:
    text, prose, name = path.read_text(encoding="utf-8"), prose_of(path), str(path.relative_to(DOCS))
    if name == "concepts/glossary.md" or name.startswith("reference/"):
        return
    missing = []
    for term, own_page in TERMS.items():
        if own_page == name or not re.search(rf"\b{term}s?\b", prose, re.I):
            continue
        places = [f"glossary.md#{term.replace(' ', '-')}", *([] if own_page is None else [own_page.rpartition("/")[2]])]
        if not any(re.search(rf"\]\([^)]*{re.escape(place)}", text) for place in places):
            missing.append(places[0])
    assert not missing, f"{name} uses words of ours without a link to their meaning: link {missing}"


def test_the_glossary_has_every_word_and_is_found_from_the_start() -> None:
    glossary = (DOCS / "concepts" / "glossary.md").read_text(encoding="utf-8")
    heads = [head.lower() for head in re.findall(r"(?m)^## (.+)$", glossary)]
    assert heads[-1] == "published work"
    assert heads[:-1] == sorted(heads[:-1])
    assert set(TERMS) <= set(heads)
    assert {"framed", "bulk source", "rendering", "softened", "look", "sdfn"} <= set(heads)
    assert "](concepts/glossary.md)" in (DOCS / "index.md").read_text(encoding="utf-8")
