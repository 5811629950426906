"""Text that every DICOM character set and every font can hold: ASCII on one line."""

from __future__ import annotations

import unicodedata

_WORDS = {
    "−": "-",
    "–": "-",
    "—": "-",
    "±": "+/-",
    "×": "x",
    "°": " degrees",
    "’": "'",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
}


def plain_text(text: str) -> str:
    """`text` in ASCII: signs in words, letters without their accents, and what is left as a question mark."""
    spelled = "".join(_WORDS.get(letter, letter) for letter in text)
    bare = unicodedata.normalize("NFKD", spelled)
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(kept.encode("ascii", "replace").decode("ascii").split())
