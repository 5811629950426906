"""One result made neutral: a name of its own, no path, no UID, and no text in its picture."""

from __future__ import annotations

from dataclasses import replace

from hilum.anonymous.burned_in import blacked_out, text_lines
from hilum.radiograph import Patient
from hilum.reading_result import Examination, FailedReading, Reading

OLDEST = 90.0
"""Higher ages are told as this one: so few people reach them that an age can lead to one of them."""


def neutral_examination(examination: Examination, *, name: str, shown: bool = True) -> Examination:
    """The same examination under `name`, without UIDs, its picture with the lines of text that were found blacked out.

    The models read the picture as it came; what is blacked out is what pages and pictures show. Results hold no date,
    no patient's name and no number in any case. A warning tells how many lines were blacked out. Where no picture will
    be `shown`, no text is looked for and nothing is blacked out.
    """
    radiograph = examination.radiograph
    lines = text_lines(radiograph.pixels) if shown else ()
    reading = _neutral_reading(examination.reading, name=name, lines=len(lines) if shown else None)
    picture = replace(
        radiograph,
        source=reading.source,
        patient=reading.patient,
        pixels=blacked_out(radiograph.pixels, lines) if lines else radiograph.pixels,
    )
    return replace(examination, reading=reading, radiograph=picture)


def neutral_failure(failed: FailedReading, *, name: str) -> FailedReading:
    """The same failure under `name`, which stands in its message wherever the file's own name stood."""
    return replace(failed, name=name, message=failed.message.replace(failed.name, name))


def _neutral_reading(reading: Reading, *, name: str, lines: int | None) -> Reading:
    was = reading.source.name
    return replace(
        reading,
        source=replace(reading.source, name=name, study_uid=None, instance_uid=None),
        patient=_neutral_patient(reading.patient),
        warnings=(
            *(warning.replace(was, name) for warning in reading.warnings),
            *(() if lines is None else (_said(lines),)),
        ),
    )


def _neutral_patient(patient: Patient | None) -> Patient | None:
    if patient is None or patient.age_years is None or patient.age_years <= OLDEST:
        return patient
    return replace(patient, age_years=OLDEST)


def _said(lines: int) -> str:
    if not lines:
        return "no burned-in text was found; look at the picture before you pass it on"
    what = "1 line of burned-in text was" if lines == 1 else f"{lines} lines of burned-in text were"
    return f"{what} blacked out in the pictures; look whether any is left before you pass them on"
