"""What lies in a release's folder: found, missing, corrupt, and how it compares with what was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import Release
from hilum.datasets.splits.duplicates import copies
from hilum.errors import HilumError
from hilum.imaging.decode import decode, read_file
from hilum.progress import SILENT, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCheck:
    """One official part ('' where the release has none): images and patients found, named by its tables, published.

    `held_out` says that nothing is ever fitted or chosen on some of its images.
    """

    part: str
    found: Count
    named: Count | None
    official: Count | None
    held_out: bool = False

    @property
    def expected(self) -> int | None:
        """How many images there should be: what the tables name, else what was published."""
        count = self.named or self.official
        return None if count is None else count.images


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """Ages in years over the images found; `cleaned` counts the table's impossible ones, that became unknown."""

    known: int
    unknown: int
    cleaned: int
    lowest: float | None
    median: float | None
    highest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCount:
    """One label over the images found; `masked` are not labelled (or uncertain, by the adapter's policy)."""

    positive: int
    negative: int
    masked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCheck:
    """The whole check. `missing` names images that a table names and that are not there.

    `short` counts images that were published, are named by no table, and are not there. `corrupt` maps an image to why
    it cannot be decoded; it is None where nothing was decoded. `boxes` lie on images that are there; `boxes_named` are
    all of the tables. `lung_definitions` counts what the masks of lungs show, where the release's adapter tells.
    `copies` counts surplus byte-identical files.
    """

    release: str
    folder: str
    parts: tuple[PartCheck, ...]
    missing: tuple[str, ...]
    short: int
    corrupt: Mapping[str, str] | None
    views: Mapping[str, int]
    sexes: Mapping[str, int]
    ages: Ages
    labels: Mapping[str, LabelCount]
    boxes: int
    boxed_images: int
    boxes_named: int
    masked_images: int
    lung_definitions: Mapping[str, int]
    copies: int

    @property
    def sound(self) -> bool:
        """Whether nothing is missing and nothing that was looked at is corrupt."""
        return not (self.missing or self.short or self.corrupt)

    @property
    def sound_subset(self) -> bool:
        """Whether some images are there, and nothing that was looked at is corrupt; others may be missing."""
        return any(part.found.images for part in self.parts) and not self.corrupt


def check_data(
    release: Release, *, folder: Path, quick: bool = False, jobs: int = 1, progress: Progress = SILENT
) -> DataCheck:
    """Read the release in `folder` and decode each image, unless `quick`, with `jobs` threads.

    `progress` counts the images that are decoded. Raises `DataError` where the layout is not the release's.
    """
    with (SILENT if quick else progress).count("decoding") as counter:
        listing = None if release.list is None else release.list(folder)
        records = release.read(folder)
        counter.found(len(records))
        corrupt = None if quick else _corrupt(records, jobs=jobs, done=counter.done)
    found = {record.image for record in records}
    parts = _parts(records, listing=listing, official=release.official)
    expected = [part.official.images - part.found.images for part in parts if part.official is not None]
    return DataCheck(
        release=release.title,
        folder=str(folder),
        parts=parts,
        missing=() if listing is None else tuple(image for image in listing.images if image not in found),
        short=0 if listing is not None else sum(max(0, lack) for lack in expected),
        corrupt=corrupt,
        views=_counted(record.view for record in records),
        sexes=_counted(record.sex for record in records),
        ages=_ages(records, cleaned=0 if listing is None else listing.ages_cleaned),
        labels=_labels(records),
        boxes=sum(len(record.boxes) for record in records),
        boxed_images=sum(bool(record.boxes) for record in records),
        boxes_named=0 if listing is None else listing.boxes,
        masked_images=sum(bool(record.masks) for record in records),
        lung_definitions=_counted(record.lung_definition for record in records if record.lung_definition),
        copies=sum(len(group) - 1 for group in copies(records)),
    )


def _parts(
    records: Sequence[Record], *, listing: Listing | None, official: Mapping[str, Count]
) -> tuple[PartCheck, ...]:
    named = {} if listing is None else _named(listing)
    names = dict.fromkeys((*official, *named, *(record.official or "" for record in records)))
    return tuple(
        PartCheck(
            part=name,
            found=_count([record for record in records if (record.official or "") == name]),
            named=named.get(name),
            official=official.get(name),
            held_out=any(is_held_out(record) for record in records if (record.official or "") == name),
        )
        for name in names
    )


def _named(listing: Listing) -> dict[str, Count]:
    images = Counter(listing.images.values())
    return {part: listing.counts.get(part, Count(images=count)) for part, count in images.items()}


def _count(records: Sequence[Record]) -> Count:
    known = all(record.patient_is_known for record in records)
    return Count(images=len(records), patients=len({record.patient for record in records}) if known else None)


def _corrupt(records: Sequence[Record], *, jobs: int, done: Callable[[], None]) -> dict[str, str]:
    problems: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for record, problem in zip(records, pool.map(_problem, records), strict=True):
            done()
            if problem is not None:
                problems[record.image] = problem
    return problems


def _problem(record: Record) -> str | None:
    try:
        decode(read_file(record.path), name=record.image)
    except HilumError as error:
        return str(error)
    return None


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _ages(records: Sequence[Record], *, cleaned: int) -> Ages:
    years = [record.age_years for record in records if record.age_years is not None]
    return Ages(
        known=len(years),
        unknown=len(records) - len(years),
        cleaned=cleaned,
        lowest=min(years, default=None),
        median=median(years) if years else None,
        highest=max(years, default=None),
    )


def _labels(records: Sequence[Record]) -> dict[str, LabelCount]:
    names = dict.fromkeys(name for record in records for name in record.labels)
    counts = {}
    for name in names:
        values = [record.labels[name] for record in records if name in record.labels]
        positive, negative = sum(value >= 0.5 for value in values), sum(value < 0.5 for value in values)
        counts[name] = LabelCount(positive=positive, negative=negative, masked=len(records) - positive - negative)
    return counts
