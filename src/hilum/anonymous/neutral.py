"""One result made neutral: a name of its own, no path, no UID, and no text in its picture."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hilum.anonymous.burned_in import blacked_out, text_lines
from hilum.imaging.decode import LONGEST_MESSAGE
from hilum.reading_result import Examination, FailedReading, Reading

OLDEST = 90.0
"""Higher ages are told as this one: so few people reach them that an age can lead to one of them.

An age stands in many texts of a reading, so it is the reader that is to know no higher one (`oldest_years`).
"""


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
        pixels=blacked_out(radiograph.pixels, lines) if lines else radiograph.pixels,
    )
    return replace(examination, reading=reading, radiograph=picture)


def neutral_failure(failed: FailedReading, *, name: str) -> FailedReading:
    """The same failure under `name`, which stands in its message wherever the file's own name stood."""
    return replace(failed, name=name, message=_renamed(failed.message, was=failed.name, name=name))


def _neutral_reading(reading: Reading, *, name: str, lines: int | None) -> Reading:
    was = reading.source.name
    return replace(
        reading,
        source=replace(reading.source, name=name, study_uid=None, instance_uid=None),
        warnings=(
            *(_renamed(warning, was=was, name=name) for warning in reading.warnings),
            *(() if lines is None else (_said(lines),)),
        ),
    )


def _renamed(text: str, *, was: str, name: str) -> str:
    """`text` with `name` in the place of the file's own name, in whichever form a message may hold it.

    It may stand there as given, as a path writes it, or quoted as Python does; in one line, without repeated spaces;
    cut off where the text is as long as a message can be. Of a file in a ZIP archive the archive may be named alone.
    """
    names = _longest_first(was, str(Path(was)), repr(was)[1:-1])
    folders = _longest_first(*(str(folder) for folder in Path(was).parents))
    places = [*map(re.escape, names), *(f"{re.escape(folder)}(?=:)" for folder in folders)]
    if not places:
        return text
    whole = len(text) < LONGEST_MESSAGE
    cut = 0 if whole else max((_length_of_start_at_end(text, of=one) for one in names), default=0)
    kept = text[: len(text) - cut]
    return re.sub("|".join(places), lambda _: name, kept) + (name if cut else "")


def _longest_first(*names: str) -> list[str]:
    """The names as they are and in one line, without repeated spaces; blank ones are left out."""
    forms = {form for name in names for form in (name, " ".join(name.split())) if form.strip()}
    return sorted(forms, key=len, reverse=True)


def _length_of_start_at_end(text: str, *, of: str) -> int:
    """How many characters of the start of `of`, but not all, stand at the end of `text`; 0 where it ends otherwise."""
    return next((count for count in range(min(len(of) - 1, len(text)), 0, -1) if text.endswith(of[:count])), 0)


def _said(lines: int) -> str:
    if not lines:
        return "no burned-in text was found; look at the picture before you pass it on"
    what = "1 line of burned-in text was" if lines == 1 else f"{lines} lines of burned-in text were"
    return f"{what} blacked out in the pictures; look whether any is left before you pass them on"
