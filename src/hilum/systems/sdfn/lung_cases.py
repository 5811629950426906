"""Cases that a lung network flagged, each drawn as image, mask, box and crop, as in figure 7 of Liu et al. 2019.

They are patients' pictures: they stay on this machine.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file
from hilum.output.lung_files import NativeLungs, case_picture, is_flagged
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.lungs.finder import LungFinder
from hilum.training.data.lung_boxes import drawn_boxes
from hilum.whole_files import write_whole

SHOWN = 24
NAME = "lungs.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LungCase:
    """One flagged image: its name, whether the drawing was trusted, its flags, and the four pictures as one PNG."""

    image: str
    trusted: bool
    flags: tuple[str, ...]
    png: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LungSurvey:
    """What a bundle drew of many images: how many are not trusted, how often each flag stands, and what is flagged.

    `flagged` holds the names of images with their trust and flags, those not trusted first.
    """

    bundle: str
    bundle_sha256: str
    images: int
    untrusted: int
    flags: dict[str, int]
    flagged: tuple[tuple[str, bool, tuple[str, ...]], ...]


def survey_lungs(records: Sequence[Record], *, bundle: Bundle, memory: Path | None, folder: Path) -> LungSurvey:
    """Count what came of the lungs of every record, and keep it in `folder/lungs.json`.

    What an earlier call kept for the same bundle and images is taken as it is, else what `memory` remembers. Raises
    `DataError` for a file that cannot be decoded, and as `drawn_boxes` does.
    """
    path = folder / NAME
    key = [bundle.sha256, *sorted(record.sha256 for record in records)]
    kept = _kept(path, key=key)
    if kept is not None:
        return kept
    drawn: list[tuple[str, bool, tuple[str, ...]]] = []
    found = drawn_boxes(records, bundle=bundle, memory=memory)
    for record in records:
        lungs = found[record.sha256]
        if lungs is None:
            raise DataError(f"{record.path} cannot be decoded. Remove it and start again")
        drawn.append((record.image, lungs.trusted, lungs.flags))
    flagged = sorted(one for one in drawn if is_flagged(trusted=one[1], flags=one[2]))
    survey = LungSurvey(
        bundle=f"{bundle.card.name} {bundle.card.version}",
        bundle_sha256=bundle.sha256,
        images=len(drawn),
        untrusted=sum(not trusted for _, trusted, _ in drawn),
        flags=dict(Counter(flag for _, _, flags in drawn for flag in flags).most_common()),
        flagged=tuple(sorted(flagged, key=lambda one: one[1])),
    )
    write_whole(path, (json.dumps({"key": key, "survey": asdict(survey)}, indent=1) + "\n").encode())
    return survey


def draw_cases(
    survey: LungSurvey, *, records: Sequence[Record], bundle: Bundle, shown: int = SHOWN
) -> tuple[LungCase, ...]:
    """The first `shown` flagged images, drawn; an image that is no longer there is left out."""
    by_name = {record.image: record for record in records}
    finder = LungFinder(bundle, engine=OnnxRuntimeEngine(), threads=available_cores())
    return tuple(_cases(survey.flagged[:shown], by_name=by_name, finder=finder))


def _cases(
    flagged: Sequence[tuple[str, bool, tuple[str, ...]]], *, by_name: dict[str, Record], finder: LungFinder
) -> Iterator[LungCase]:
    for image, trusted, flags in flagged:
        if image in by_name:
            radiograph = decode(read_file(by_name[image].path), name=image)
            drawing = finder.find(radiograph)
            lungs = NativeLungs.of(drawing, definition=drawing.lungs.boxed)  # what the box rests on
            png = case_picture(lungs, radiograph=radiograph)
            yield LungCase(image=image, trusted=trusted, flags=flags, png=png)


def _kept(path: Path, *, key: list[str]) -> LungSurvey | None:
    """What lies at `path`, where it is of the same bundle and images; None where it is not there or of others."""
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        fields = content["survey"]
        flagged = tuple((str(image), bool(trusted), tuple(flags)) for image, trusted, flags in fields["flagged"])
        found = LungSurvey(**{**fields, "flagged": flagged})
        return found if content["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} does not hold a survey of lungs ({error}). Remove it and run the study again"
        ) from error
