"""One image of a release, as every adapter gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.packed_mask import PackedMask
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES
from hilum.geometry import Box
from hilum.radiograph import Sex, View
from hilum.reading_result import LungDefinition

NONE_OF_THE_TYPES = "none of the types"
NOT_XRAY = "not an X-ray"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBox:
    """A radiologist's box: a canonical finding name, the box, and the frame that it is measured in.

    `box` is in pixels of an image `frame` = (width, height) pixels large, which need not be the size of the file at
    hand: ChestX-ray14's boxes are in the 1024-pixel frame, and a copy may be smaller.
    """

    label: str
    box: Box
    frame: tuple[int, int]

    def in_image(self, *, width: int, height: int) -> Box:
        """The box in pixels of the same picture at `width` x `height`."""
        x, y = width / self.frame[0], height / self.frame[1]
        return Box(self.box.x * x, self.box.y * y, self.box.width * x, self.box.height * y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One image with its labels.

    `image` is the name within the release (folder and file), `patient` is unique over releases (it starts with the
    release's name), `official` is the release's own split or None. `held_out` says whether the release, or its user,
    keeps the image for judging; None leaves it to the name of the official part, and `held_out.is_held_out` is the rule
    for both. `labels` maps canonical finding names to 1.0, 0.0
    or NaN (not labelled). `stratum` names what a split balances. `is_xray` says whether it is a radiograph, and is
    None for pictures of one's own, of which nobody said; a radiograph whose `xray_type` is None shows none of the
    fourteen, and another type is a `DataError`. `study` is unique like `patient`, or None where a release
    has no studies. `boxes` are the radiologists' boxes; an image without any need not be free of findings. `masks` maps
    what is drawn (`lungs`, `left lung`, `heart`) to the mask's file, as the release names it, and `lung_definition`
    says what the masks of lungs show; None where the adapter does not tell. `lung_box` is the box around the lungs in
    native pixels of the file, as a lung bundle drew it, and `lung_mask` where the lungs lie on the picture as a network
    takes it; None where nobody drew them or the drawing is not trusted.
    `patient_is_known` is False where nothing tells patients apart, and `patient` is the image's own name.
    """

    path: Path
    image: str
    patient: str
    source: str
    official: str | None
    labels: Mapping[str, float]
    stratum: str
    sha256: str
    view: View = "unknown"
    age_years: float | None = None
    sex: Sex = "unknown"
    is_xray: bool | None = None
    xray_type: str | None = None
    study: str | None = None
    boxes: tuple[LabelledBox, ...] = ()
    masks: Mapping[str, Path] = field(default_factory=dict)
    lung_definition: LungDefinition | None = None
    lung_box: Box | None = None
    lung_mask: PackedMask | None = None
    patient_is_known: bool = True
    held_out: bool | None = None

    def __post_init__(self) -> None:
        if self.xray_type is not None and (self.xray_type not in XRAY_TYPES or not self.is_xray):
            raise DataError(
                f"Unknown type of X-ray for {self.path}: {self.xray_type!r}. Known types: {', '.join(XRAY_TYPES)}; "
                "what is no X-ray has none"
            )


def typed_record(
    path: Path,
    *,
    image: str,
    group: str,
    source: str,
    is_xray: bool = True,
    xray_type: str | None = None,
    official: str | None = None,
    held_out: bool | None = None,
    study: str | None = None,
    labels: Mapping[str, float] | None = None,
    masks: Mapping[str, Path] | None = None,
) -> Record:
    """One picture of a release that tells types rather than findings; its stratum is its type.

    `group` (a patient, a study, a WordNet id) is made unique over releases by the source's name, and so is `study`.
    """
    return Record(
        path=path,
        image=image,
        patient=f"{source}:{group}",
        source=source,
        official=official,
        held_out=held_out,
        study=None if study is None else f"{source}:{study}",
        labels=labels or {},
        stratum=type_stratum(is_xray=is_xray, xray_type=xray_type),
        sha256=file_sha256(path),
        is_xray=is_xray,
        xray_type=xray_type,
        masks=masks or {},
    )


def type_stratum(*, is_xray: bool | None, xray_type: str | None) -> str:
    """The stratum of a split that balances types, with whatever is no radiograph as one of them."""
    return (xray_type or NONE_OF_THE_TYPES) if is_xray else NOT_XRAY
