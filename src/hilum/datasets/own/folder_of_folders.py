"""A plain folder of class folders: `folder/CLASS/**/picture.png`, or `folder/{train,val,test}/CLASS/**/picture.png`.

The parts may have any name that says what they are for (`Train`, `hold-out`). Each picture belongs to the class of its
folder and to no other, so every other label is 0. Nothing tells patients apart: each picture is its own, unless a
pattern finds the patient in the name. Whoever has several pictures a patient must give one, or a split will leak;
`table` is the other way to say it.

Folders are compared by the label that they are, not by their names: `Pleural Effusion` is `Effusion`, `PNEUMONIA` is
`Pneumonia`, and of names that no vocabulary has those that differ in case alone are one. So parts may name a class each
in its own way. Of two folders of one part that are one label, such as `Hernia` and `Hiatal hernia`, somebody may have
meant two classes, and taking them together would hide that: they are refused, but where only the case differs, which
can mean nothing else, they are taken together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from hilum.datasets.records.files import PICTURES, file_sha256
from hilum.datasets.records.held_out import part_role
from hilum.datasets.records.label_values import own_label
from hilum.datasets.records.record import Record
from hilum.errors import DataError

_PARTS = frozenset(("train", "training", "val", "valid", "validation", "test", "testing"))
"""Names that no class has; beside a class folder one of them is a mistake."""


def read_folder_of_folders(folder: Path, *, patient_pattern: str | None = None) -> tuple[Record, ...]:
    """Every picture or DICOM file in class folders, sorted by path.

    `patient_pattern` is a regular expression whose group `patient` is searched in the file's name; it must match every
    one. Raises `DataError` where there are fewer than two labels, two folders of a part are one label, the pattern is
    none, or a name has no patient.
    """
    pattern = None if patient_pattern is None else _compiled(patient_pattern)
    depth = _depth(folder)
    pictures = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in PICTURES
        and len(path.relative_to(folder).parts) > depth + 1
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    labels = _labels([path.relative_to(folder).parts[: depth + 1] for path in pictures], folder=folder)
    return tuple(_record(path, folder=folder, depth=depth, labels=labels, pattern=pattern) for path in pictures)


def _labels(places: Iterable[tuple[str, ...]], *, folder: Path) -> dict[str, str]:
    """The label that each class folder is; a place is a class folder, after its part where there are parts."""
    found = sorted(set(places))
    names = sorted({place[-1] for place in found})
    first: dict[str, str] = {}
    labels = {name: first.setdefault(own_label(name).casefold(), own_label(name)) for name in names}
    if len(first) < 2:
        one = f", all one label, {labels[names[0]]}" if len(names) > 1 else ""
        raise DataError(
            f"Each class needs a folder of its own in {folder} (folder/CLASS/picture.png); found with pictures: "
            f"{', '.join(names) or 'no class'}{one}"
        )
    taken: dict[tuple[str, ...], str] = {}
    for *part, name in found:
        other = taken.setdefault((*part, labels[name]), name)
        if other.casefold() != name.casefold():
            raise DataError(
                f"{other} and {name} of {folder.joinpath(*part)} are one label, {labels[name]}; put their pictures "
                "into one folder, or rename one of them if it means another finding"
            )
    return labels


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise DataError(f"--patient-pattern {pattern!r} is not a valid regular expression ({error})") from error
    if "patient" not in found.groupindex:
        raise DataError(
            f"--patient-pattern {pattern!r} does not say which part is the patient. Put it into (?P<patient>...)"
        )
    return found


def _depth(folder: Path) -> int:
    """1 where the folders are parts that hold class folders, 0 where they are classes.

    Raises `DataError` for a mixture: a part would be learned as a class.
    """
    tops = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    unknown = [name for name in tops if part_role(name) is None]
    if not unknown:
        return 1 if tops else 0
    part = next((name for name in tops if name.casefold() in _PARTS), None)
    if part is not None:
        raise DataError(
            f"{folder} mixes parts (train, val, test) and classes: {part} lies beside {unknown[0]}. Move every class "
            "folder into a part, or the others elsewhere"
        )
    return 0


def _record(
    path: Path, *, folder: Path, depth: int, labels: Mapping[str, str], pattern: re.Pattern[str] | None
) -> Record:
    """The record of a picture; `labels` has the label that each class folder is."""
    parts = path.relative_to(folder).parts
    own = labels[parts[depth]]
    return Record(
        path=path,
        image="/".join(parts),
        patient=f"folder:{_patient(path, name='/'.join(parts), pattern=pattern)}",
        patient_is_known=pattern is not None,
        source="folder",
        official=parts[0] if depth else None,
        labels={label: float(label == own) for label in labels.values()},
        stratum=own,
        sha256=file_sha256(path),
    )


def _patient(path: Path, *, name: str, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return name
    match = pattern.search(path.name)
    if match is None:
        raise DataError(
            f"The name of {path} does not match --patient-pattern {pattern.pattern}. Change the pattern, or rename "
            "the file"
        )
    return match["patient"]
