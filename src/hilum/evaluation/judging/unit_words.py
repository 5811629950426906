"""What figures, tables and notes are drawn by: patients, or images where nothing tells patients apart."""

from __future__ import annotations

from hilum.evaluation.judging.judgement import GroupJudgement


def by_unit(text: str, *, patients_known: bool) -> str:
    """The text, which speaks of intervals by patient, as it is true of these predictions."""
    return text if patients_known else text.replace("by patient", "by image")


def images_of(group: GroupJudgement, *, known: bool) -> str:
    """How many images, of how many patients, in words."""
    return f"{group.n:,} images of {group.patients:,} patients" if known else f"{group.n:,} images of unknown patients"
