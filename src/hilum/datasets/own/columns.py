"""Which columns of somebody's table are the picture, the patient and the rest: guessed from names and contents.

What cannot be told is asked back in one line, which names the option that settles it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.datasets.own.label_columns import TRUTH, LabelColumn, guess_labels
from hilum.datasets.own.pictures import Pictures
from hilum.errors import DataError, UsageError
from hilum.option import Option

IMAGE_COLUMN = Option(metavar="COLUMN", help="The column of your table that names the pictures, else it is guessed.")
PATIENT_COLUMN = Option(
    metavar="COLUMN|none", help="The column that says whose picture it is, else it is guessed; none: there is none."
)
NO_COLUMN = "none"

_SAMPLE = 60
_ALIKE = 0.8
"""Of two columns that name pictures, the one that names so much fewer is none."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "image": (
        "image", "images", "imageid", "imageindex", "imagename", "imagepath", "imagefile", "imagefilename", "img",
        "imgid", "imgpath", "file", "filename", "filepath", "path", "picture", "radiograph", "xray", "scan", "dicom",
        "dicomid", "dicompath", "dcm", "sopinstanceuid",
    ),
    "patient": (
        "patient", "patientid", "patientnumber", "patientno", "patientnr", "patientcode", "subject", "subjectid",
        "person", "personid", "participant", "participantid", "pid", "ptid", "mrn",
    ),
    "study": ("study", "studyid", "studyinstanceuid", "accession", "accessionnumber", "examination"),
    "split": ("split", "set", "subset", "partition", "officialsplit", "datasplit"),
    "age": ("ageyears", "age", "patientage", "ageatstudy"),
    "sex": ("sex", "gender", "patientsex", "patientgender"),
    "view": ("view", "viewposition", "projection"),
    "held_out": ("heldout",),
    "stratum": ("stratum",),
    "mask": ("mask",),
}  # fmt: skip
_NO_LABELS = frozenset({"", "id", "index", "row", "rowid", "unnamed0", "nr", "number", "fold", "site", "hospital"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedColumns:
    """What somebody says of a table; what is None is guessed.

    `patient` is `none` where no column tells patients apart. `labels` are columns, or classes of a column. `wanted`
    are labels that a model has: they settle which columns are labels, and need not be there.
    """

    image: str | None = None
    patient: str | None = None
    labels: tuple[str, ...] | None = None
    wanted: tuple[str, ...] = ()


NOTHING_STATED = StatedColumns()


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a table: of the picture, of the patient (None: nothing tells them apart), of labels by name.

    `others` has the columns of study, split, age, sex, view, held_out, stratum and mask that are there; `unused` those
    that are not read.
    """

    image: str
    patient: str | None
    labels: Mapping[str, LabelColumn]
    others: Mapping[str, str]
    unused: tuple[str, ...]

    @property
    def guessed(self) -> bool:
        """Whether a column has another name than hilum's own."""
        own = (self.image, self.patient) == ("image", "patient")
        return not own or not all(column.name.startswith(TRUTH) for column in self.labels.values())


def guess_columns(
    rows: Sequence[Mapping[str, str]], *, table: Path, pictures: Pictures, stated: StatedColumns = NOTHING_STATED
) -> Columns:
    """The columns of `table`, whose `rows` are given by column.

    Raises `UsageError` for a stated column that is not there, and `DataError` where columns cannot be told apart or
    are missing; either names the option that settles it.
    """
    names = tuple(rows[0]) if rows else ()
    if not names:
        raise DataError(f"{table} has no rows; give a table with one row for each picture")
    image = _image(rows, names=names, table=table, pictures=pictures, stated=stated.image)
    patient = _patient(names, table=table, stated=stated.patient, taken=image)
    others = {
        kind: found[0]
        for kind in _NAMES
        if kind not in ("image", "patient") and (found := columns_called(kind, names=names))
    }
    taken = {image, patient, *others.values()}
    free = [name for name in names if name not in taken and _plain(name) not in _NO_LABELS]
    free = [name for name in free if not _is(name, kinds=("image", "patient"))]
    labels = guess_labels(rows, names=free, table=table, stated=stated.labels, wanted=stated.wanted)
    taken |= {column.name for column in labels.values()}
    return Columns(
        image=image,
        patient=patient,
        labels=labels,
        others=others,
        unused=tuple(name for name in names if name and name not in taken),
    )


def _image(
    rows: Sequence[Mapping[str, str]], *, names: Sequence[str], table: Path, pictures: Pictures, stated: str | None
) -> str:
    if stated is not None:
        return _stated(stated, names=names, table=table)
    sample = rows[:: max(1, len(rows) // _SAMPLE)]
    shares = {name: sum(pictures.has(row[name]) for row in sample) / len(sample) for name in names}
    most = max(shares.values())
    found = [name for name, share in shares.items() if most > 0 and share >= _ALIKE * most and not _is_mask(name)]
    known = columns_called("image", names=names)
    if not found:
        if len(known) == 1:
            return known[0]
        raise DataError(
            f"No column of {table} names a picture in {pictures.folder} or below; put the table beside its pictures, "
            f"or say --image-column COLUMN (columns: {_listed(names)})"
        )
    if len(found) > 1:
        found = [name for name in found if name in known] or found
    return _only(found, table=table, what="name pictures", flag="--image-column")


def _patient(names: Sequence[str], *, table: Path, stated: str | None, taken: str) -> str | None:
    if stated is not None:
        if stated.casefold() == NO_COLUMN and NO_COLUMN not in map(str.casefold, names):
            return None
        return _stated(stated, names=names, table=table)
    found = [name for name in columns_called("patient", names=names) if name != taken]
    return _only(found, table=table, what="may say whose picture it is", flag="--patient-column") if found else None


def _stated(name: str, *, names: Sequence[str], table: Path) -> str:
    found = next((one for one in names if one == name), None)
    found = found or next((one for one in names if _plain(one) == _plain(name)), None)
    if found is None:
        raise UsageError(f"{table} has no column {name!r}; its columns are {_listed(names)}")
    return found


def _only(found: Sequence[str], *, table: Path, what: str, flag: str) -> str:
    if len(found) > 1:
        choices = " or ".join(f'{flag} "{name}"' if " " in name else f"{flag} {name}" for name in found)
        raise DataError(f"{', '.join(found)} of {table} all {what}; say {choices}")
    return found[0]


def columns_called(kind: str, *, names: Sequence[str]) -> list[str]:
    """The columns that bear a name of this kind; hilum's own name goes before all others."""
    own = [name for name in names if name == ("age_years" if kind == "age" else kind)]
    return own or [name for name in names if _plain(name) in _NAMES[kind]]


def _is(name: str, *, kinds: Sequence[str]) -> bool:
    return any(_plain(name) in _NAMES[kind] for kind in kinds)


def _is_mask(name: str) -> bool:
    return "mask" in _plain(name)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _listed(names: Sequence[str]) -> str:
    shown = [name or "(without a name)" for name in names]
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")
