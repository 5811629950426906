"""Which part of the body an object is of, from the image's tags or from what the gate saw."""

from __future__ import annotations

from pydicom.dataset import Dataset

from hilum.objects.source import SourceImage
from hilum.reading_result import Reading

_COPIED = ("BodyPartExamined", "Laterality", "ImageLaterality")
_PAIRED = frozenset(
    {"ANKLE", "ELBOW", "FINGER", "FOOT", "FOREARM", "HAND", "HIP", "HUMERUS", "KNEE", "SHOULDER", "WRIST"}
)
_BY_TYPE = {"chest": "CHEST", "dental": "JAW", "spine": "SPINE"}


def tell_body_part(made: Dataset, *, image: SourceImage, reading: Reading) -> None:
    """Write body part and side into an object that has a picture: as in the image, else what the gate saw.

    PS3.3 C.7.3.1 asks for a Laterality, if only an empty one, wherever the part of the body is paired or not told.
    """
    for keyword in _COPIED:
        if image.text(keyword):
            setattr(made, keyword, image.text(keyword))
    seen = reading.gate.seen_type or ""
    if not image.text("BodyPartExamined") and seen:
        made.BodyPartExamined = _BY_TYPE.get(seen, seen.upper())
    part = str(made.get("BodyPartExamined") or "")
    if (not part or part in _PAIRED) and "Laterality" not in made and "ImageLaterality" not in made:
        made.Laterality = ""
