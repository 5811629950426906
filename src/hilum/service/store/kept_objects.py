"""The DICOM objects of a reading as they are kept, as long as what is drawn of it: a list, and a file for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from hilum.output.layout import ObjectKind
from hilum.service.store.files import StoredFiles

_LIST = "objects.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptObject:
    """One object; `size` is that of its file, in bytes."""

    kind: ObjectKind
    sop_class: str
    sop_instance: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptObjects:
    """What there is of a reading; where there are no objects, `refused` says why in a sentence."""

    objects: tuple[KeptObject, ...] = ()
    refused: str = ""


def files_of_objects(made: Sequence[tuple[KeptObject, bytes]], *, refused: str) -> Mapping[str, bytes]:
    """What is drawn along with a reading: the list, and each object's file, by name."""
    listed = {"objects": [asdict(one) for one, _ in made], "refused": refused}
    return {**{_file(one.kind): data for one, data in made}, _LIST: json.dumps(listed).encode()}


def kept_objects(files: StoredFiles, job_id: str) -> KeptObjects | None:
    """The objects of a reading; None where nothing drawn of it is kept (any more)."""
    data = files.drawn(job_id, _LIST)
    if data is None:
        return None
    listed = json.loads(data)
    return KeptObjects(objects=tuple(KeptObject(**one) for one in listed["objects"]), refused=listed["refused"])


def kept_object(files: StoredFiles, job_id: str, *, kind: ObjectKind) -> bytes | None:
    """The file of one object, or None where it is not there (any more)."""
    return files.drawn(job_id, _file(kind))


def has_objects(files: StoredFiles, job_id: str) -> bool:
    """Whether objects of a reading are kept: there is a report wherever there are any."""
    return files.drawn_path(job_id, _file("sr")).exists()


def _file(kind: ObjectKind) -> str:
    return f"{kind}.dcm"
