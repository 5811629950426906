"""What is held out: the one rule by which images are kept from everything that learns, and looks at them are counted.

An adapter says of each record whether its release holds it out, by whatever name: papers test on the part `valid` of
CheXpert and of MURA. Where there is nothing but somebody's word for a part (a column of a table, a folder, the split of
a predictions file), the word is read here, in any case and spelling.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Literal

from hilum.datasets.records.record import Record

PartRole = Literal["held out", "training", "validation"]

_WORD = re.compile(r"[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HELD_OUT = {
    "tst", "holdout", "heldout", "withheld", "blind", "blinded", "external", "eval", "evals", "evaluate", "evaluation",
    "unseen", "lockbox", "benchmark", "leaderboard", "prospective", "hidden", "ood", "secret",
    "sequestered", "reserved",
}  # fmt: skip
_TWO_WORDS = {("hold", "out"), ("held", "out"), ("lock", "box"), ("locked", "box")}
_TRAINING = {"trn", "fit", "fitting", "learn", "learning", "develop", "development", "derivation", "discovery"}
_VALIDATION = {
    "val", "vals", "valset", "valid", "validset", "validate", "validation", "dev", "devel", "tune", "tuning", "calib",
    "calibrate", "calibration", "selection", "monitor", "internal", "fold", "folds", "cv",
}  # fmt: skip
_SUPERLATIVE = re.compile(r"(?:a|r|s|f)test$|contest$|protest$")  # latest, shortest, fastest, softest


def part_role(name: str) -> PartRole | None:
    """What a part of this name is for; None where the name does not say.

    A name that says held out beside anything else (`external validation`) is held out, and one that says training
    beside validation (`train_val`) is for training.
    """
    words = _WORD.findall(_CAMEL.sub(" ", unicodedata.normalize("NFKC", name)).casefold())
    if any(map(_says_held_out, words)) or any(pair in _TWO_WORDS for pair in pairwise(words)):
        return "held out"
    if any(word.startswith("train") or word in _TRAINING for word in words):
        return "training"
    return "validation" if any(word in _VALIDATION for word in words) else None


def is_held_out_part(name: str | None) -> bool:
    """Whether a part of this name is held out."""
    return name is not None and part_role(name) == "held out"


def is_held_out(record: Record) -> bool:
    """Whether nothing may ever be fitted or chosen on the record: as its adapter says, else by its official part."""
    return is_held_out_part(record.official) if record.held_out is None else record.held_out


def _says_held_out(word: str) -> bool:
    if word in _HELD_OUT or word.startswith("test") or word.endswith(("holdout", "heldout")):
        return True
    return word.endswith("test") and _SUPERLATIVE.search(word) is None
