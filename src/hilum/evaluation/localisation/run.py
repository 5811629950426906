"""Judge a bundle's maps on a release with boxes: record the look where images are held out, and write the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.errors import UsageError
from hilum.evaluation.bundles.ledger import LedgerValue
from hilum.evaluation.bundles.look import Looks, begin_look, end_other_look
from hilum.evaluation.bundles.part import AskedPart, part_of_records
from hilum.evaluation.bundles.seen_part import seen_part, with_overlap
from hilum.evaluation.localisation.cases import ChosenCases, choose_cases
from hilum.evaluation.localisation.judge import Localisation
from hilum.evaluation.localisation.localise import LocalisationSettings, Localised, Progress, localise
from hilum.evaluation.localisation.maps import MapSource
from hilum.evaluation.localisation.measure import AVERAGE, EVEN
from hilum.evaluation.localisation.write import write_localisation
from hilum.evaluation.predictions.overlap import overlap_of
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.study.section import SectionContent
from hilum.output.lock import held_folder
from hilum.version import __version__

NAME = "boxes"
"""What the part of a release is called that has boxes."""

More = Callable[[ChosenCases, Localised], Sequence[SectionContent]]
"""What is measured beside boxes, of the same cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxedPart:
    """Which images are asked about: `same` maps labels of boxes to the model's, `most` images of each label are taken.

    `allow_overlap` judges held-out images although the model saw some of them in its training; the result then carries
    a caution.
    """

    records: tuple[Record, ...]
    same: Mapping[str, str]
    most: int | None = None
    allow_overlap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalisedPart:
    """The figures, what was judged with all cautions, the looks where this was one, and the page."""

    figures: Localisation
    part: AskedPart
    looks: Looks | None
    page: Path


def nothing_more(chosen: ChosenCases, found: Localised, /) -> Sequence[SectionContent]:
    """No further section."""
    del chosen, found
    return ()


def localise_part(
    bundle: Bundle,
    *,
    asked: BoxedPart,
    source: MapSource,
    folder: Path,
    ledger: Path,
    settings: LocalisationSettings,
    progress: Progress,
    more: More = nothing_more,
) -> LocalisedPart:
    """Judge what `source` draws of the boxed images, and write page, JSON, tables and pictures into `folder`.

    Where a release holds any of the images out, the ledger has the intent to look before the first of them is read, and
    the result before the report is written. Raises `DataError` where no box is of a label of the model, where the model
    saw some of the held-out images in its training, or none can be read, `UsageError` for a smoke run on held-out
    images, and `OutputError` where the folder is held by another process or cannot be written.
    """
    chosen = choose_cases(asked.records, labels=source.labels, same=asked.same, most=asked.most)
    boxed = tuple({(case.record.source, case.record.image): case.record for case in chosen.cases}.values())
    part = part_of_records(boxed, bundle=bundle, name=NAME, protocol=_protocol(chosen, asked=asked))
    if part.smoke and part.is_test:
        raise UsageError(
            "A test run cannot be judged on held-out boxes: its numbers mean nothing and do not belong in the ledger. "
            "Judge it on boxes of your own"
        )
    with held_folder(folder):
        seen = seen_part(part, bundle=bundle, folder=folder, allowed=asked.allow_overlap)
        part = with_overlap(part, overlap=None if seen is None else overlap_of(tuple(seen.values())))
        if part.is_test:
            begin_look(bundle=bundle, part=part, folder=folder, ledger=ledger)
        found = localise(chosen, source=source, settings=settings, progress=progress)
        sections = tuple(more(chosen, found))
        looks = None
        if part.is_test:
            looks = end_other_look(_result(found, part=part), bundle=bundle, folder=folder, ledger=ledger)
        card = bundle.card
        page = write_localisation(
            found,
            chosen=chosen,
            methods=source.methods,
            settings=settings,
            title=f"{card.title}: heatmaps beside drawn boxes",
            protocol=part.protocol,
            smoke=part.smoke,
            cautions=part.cautions,
            facts=_facts(bundle, part=part, settings=settings, looks=looks, ledger=ledger),
            about={
                "model": f"{card.name} {card.version}",
                "bundle_sha256": bundle.sha256,
                "smoke": part.smoke,
                "protocol": part.protocol,
                "split_sha256": part.split_sha256,
                "images": len(boxed),
                "held_out": part.is_test,
                "cautions": list(part.cautions),
            },
            folder=folder,
            more=sections,
        )
    return LocalisedPart(figures=found.figures, part=part, looks=looks, page=page)


def _protocol(chosen: ChosenCases, *, asked: BoxedPart) -> str:
    sources = ", ".join(sorted({case.record.source for case in chosen.cases}))
    same = [f"{box} as {model}" for box, model in chosen.named.items() if box in chosen.labels and box != model]
    most = "" if asked.most is None else f", at most {asked.most} images of each by a fixed seed"
    called = f" ({', '.join(same)})" if same else ""
    return f"images of {sources} with boxes of {', '.join(chosen.labels)}{called}{most}"


def _result(found: Localised, *, part: AskedPart) -> dict[str, LedgerValue]:
    """What the ledger keeps of it: the mean over labels of IoU at each threshold, and of the pointing game."""
    figures = found.figures
    methods = [method for method in figures.methods if method not in (AVERAGE, EVEN)]
    fields: dict[str, LedgerValue] = {
        "judged": f"boxes by {', '.join(methods)} at {', '.join(f'{at:g}' for at in figures.thresholds)}",
        "label": f"mean of {len(figures.labels)} labels",
        "n": len({one.case.record.image for one in found.measured}),
        "patients": len({one.case.record.patient for one in found.measured}),
        "images": len(part.records),
    }
    for method, mean in figures.mean.items():
        if method != EVEN:
            fields |= {f"iou of {method} at {at:g}": one.value for at, one in mean.iou.items()}
            fields[f"pointing of {method}"] = mean.pointing.value
    return fields


def _facts(
    bundle: Bundle, *, part: AskedPart, settings: LocalisationSettings, looks: Looks | None, ledger: Path
) -> tuple[Facts, ...]:
    card = bundle.card
    rows = [
        ("Model", f"{card.name} {card.version}: {card.title}"),
        ("SHA-256 of the card", bundle.sha256),
        ("Architecture", card.architecture),
        ("Images", f"{len(part.records):,}"),
        ("SHA-256 of the images", part.split_sha256),
        ("Thresholds fixed beforehand", ", ".join(f"{at:g}" for at in settings.thresholds)),
        ("Folds of the average box", "five, by patient, from a fixed seed"),
        ("Bootstrap", f"{settings.replicates:,} replicates that draw patients, seed {settings.seed}"),
        ("Held out", "yes" if part.is_test else "no"),
        ("hilum", __version__),
    ]
    if looks is not None:
        rows.append(("Ledger", f"this evaluation is recorded in {ledger.name}"))
    return (Facts(title="How it was judged", rows=tuple(rows)),)
