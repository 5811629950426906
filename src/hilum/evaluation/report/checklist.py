"""The reporting items that a program can fill, and those that the authors must.

Numbers are those of CLAIM's 2024 update (Tejani et al. 2024, Radiology: Artificial Intelligence 6(4):e240300), whose 44
items are not numbered as the 42 of 2020 were, and of TRIPOD+AI (Collins et al. 2024, BMJ 385:e078378). Topics are in
words of our own: read the statements for what each item asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One item: its numbers in both statements, its topic, and the text that fills it; None is for the authors."""

    claim: str
    tripod: str
    topic: str
    filled: str | None


_TOPICS: tuple[tuple[str, str, str], ...] = (
    ("1", "1", "title: a study of machine learning, its task and population"),
    ("2", "2", "structured abstract"),
    ("3", "3a-3c", "background, intended use, known inequalities"),
    ("4", "4", "objectives"),
    ("5", "5a", "prospective or retrospective"),
    ("6", "4", "goal: development, evaluation or both"),
    ("7", "5a, 5b", "sources of the data, and dates"),
    ("8", "6a-6c", "setting, inclusion and exclusion criteria"),
    ("9", "7", "preprocessing"),
    ("10", "7", "choice of a subset of the data"),
    ("11", "17", "de-identification and ethics"),
    ("12", "11", "missing data"),
    ("13", "6a", "how the images were acquired"),
    ("14-18", "8a-8c", "reference standard, its annotators and their variability"),
    ("19", "12a", "how images were assigned to parts"),
    ("20", "12a", "level at which the parts are disjoint"),
    ("21", "10", "sample size"),
    ("22", "9a-9c, 22", "model: input, architecture, output"),
    ("23", "12c", "software"),
    ("24", "12c", "starting weights"),
    ("25", "12c, 13", "training, class imbalance"),
    ("26", "12c", "choice of the final model"),
    ("27", "12c", "ensembles"),
    ("28", "12e", "measures of performance"),
    ("29", "12e", "uncertainty"),
    ("30", "12d, 14, 23b", "robustness, subgroups, fairness"),
    ("31", "15", "explanations; output and thresholds"),
    ("32", "12c, 16", "evaluation on internal data"),
    ("33", "12g, 16", "evaluation on external data"),
    ("34", "18d", "registration"),
    ("35", "20a, 21", "images and patients included and excluded"),
    ("36", "20b, 20c", "who was included, by part"),
    ("37, 38", "23a", "performance with its uncertainty"),
    ("39", "23a", "analysis of failures"),
    ("40", "26", "limitations"),
    ("41", "25, 27a-27c", "implications for practice"),
    ("42", "18c", "full protocol"),
    ("43", "18e, 18f", "availability of data, code and model"),
    ("44", "18a, 18b, 19", "funding, interests, involvement of patients"),
    ("–", "12f, 24", "updating of the model"),
)


def checklist(filled: Mapping[str, str]) -> tuple[ChecklistItem, ...]:
    """Every item in order; `filled` maps CLAIM's number as it stands here to the text.

    Raises `KeyError` for a number that is no item.
    """
    known = {claim for claim, _, _ in _TOPICS}
    for number in filled:
        if number not in known:
            raise KeyError(number)
    return tuple(ChecklistItem(claim, tripod, topic, filled.get(claim)) for claim, tripod, topic in _TOPICS)
