"""PadChest (Bustos et al. 2020, BIMCV): 160,868 chests of 67,625 patients, labels of reports in a hierarchy.

Layout (BIMCV's page): `PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv`, plain or gzipped (ImageID, ImageDir,
StudyDate_DICOM, StudyID, PatientID, PatientBirth, PatientSex_DICOM, Projection, Labels as a list in brackets), and the
pictures, 16-bit PNG, by the name ImageID in numbered folders or in one. Not tried on real files.

Of some 190 labels those are read that hilum knows. The table writes the most exact word alone, a leaf of the trees of
findings and diagnoses (Bustos et al. 2020, doi:10.1016/j.media.2020.101797, supplementary trees; in the release
tree_term_CUI_counts_160K.csv), so `lobar atelectasis` is read as atelectasis, too. The trees are followed where hilum's
name means what their parent does. Where it means less (a lung mass is one of several `mass`, tuberculosis is not its
sequelae), where the image has but the more general word (`infiltrates` may be a consolidation), or a word that may be
the finding by another name (`costophrenic angle blunting`), nothing is known of the finding; nor where an unknown word
holds the finding's own.

`unchanged` points to an earlier report: what is not named beside it is not known. Where the list is empty, or says
`exclude` or `suboptimal study`, nothing is known at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.files import file_sha256, pictures_by_stem, some_of
from hilum.datasets.records.label_values import clean_age
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.radiograph import View
from hilum.stated import sex_in

LICENCE = "PadChest, Bustos et al. 2020, BIMCV, research use agreement"
OFFICIAL = {"": Count(images=160_868, patients=67_625)}
LABELS: Mapping[str, str] = {
    "atelectasis": "Atelectasis",
    "cardiomegaly": "Cardiomegaly",
    "consolidation": "Consolidation",
    "pulmonary edema": "Edema",
    "pleural effusion": "Effusion",
    "emphysema": "Emphysema",
    "pulmonary fibrosis": "Fibrosis",
    "hiatal hernia": "Hernia",
    "infiltrates": "Infiltration",
    "mass": "Mass",
    "nodule": "Nodule",
    "pleural thickening": "Pleural Thickening",
    "pneumonia": "Pneumonia",
    "pneumothorax": "Pneumothorax",
    "tuberculosis": "Tuberculosis",
    "normal": "No Finding",
}
"""The release's words, and hilum's names."""

_MORE_EXACT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "total atelectasis", "lobar atelectasis", "segmental atelectasis", "laminar atelectasis",
            "round atelectasis", "atelectasis basal",
        ),
        ("Atelectasis",),
    ),
    "consolidation": ("Infiltration",),
    "air bronchogram": ("Consolidation", "Infiltration"),
    **dict.fromkeys(
        (
            "interstitial pattern", "ground glass pattern", "reticular interstitial pattern",
            "reticulonodular interstitial pattern", "miliary opacities", "alveolar pattern",
        ),
        ("Infiltration",),
    ),
    **dict.fromkeys(
        ("loculated pleural effusion", "loculated fissural effusion", "empyema", "hemothorax"), ("Effusion",)
    ),
    "hydropneumothorax": ("Effusion", "Pneumothorax"),
    **dict.fromkeys(("apical pleural thickening", "calcified pleural thickening"), ("Pleural Thickening",)),
    "multiple nodules": ("Nodule",),
    "pulmonary mass": ("Mass",),
    "atypical pneumonia": ("Pneumonia",),
    **dict.fromkeys(("post radiotherapy changes", "asbestosis signs"), ("Fibrosis",)),
    "subcutaneous emphysema": (),
}  # fmt: skip
"""Words below others in the trees, and all that they are of what hilum knows: air under the skin is nothing of it."""

_MAY_BE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("infiltrates", "alveolar pattern"), ("Consolidation",)),
    "mediastinal enlargement": ("Hernia",),
    **dict.fromkeys(("volume loss", "hypoexpansion", "hypoexpansion basal"), ("Atelectasis",)),
    **dict.fromkeys(("heart insufficiency", "kerley lines", "respiratory distress"), ("Edema",)),
    **dict.fromkeys(("copd signs", "bullas", "hyperinflated lung", "air trapping"), ("Emphysema",)),
    "fibrotic band": ("Fibrosis",),
    **dict.fromkeys(("granuloma", "calcified granuloma", "pseudonodule"), ("Nodule",)),
    "lung metastasis": ("Mass", "Nodule"),
    "costophrenic angle blunting": ("Effusion", "Pleural Thickening"),
    **dict.fromkeys(
        (
            "pleural plaques", "calcified pleural plaques", "fissure thickening", "minor fissure thickening",
            "major fissure thickening",
        ),
        ("Pleural Thickening",),
    ),
}  # fmt: skip
"""Words that are more general than a finding, or may be it by another name."""

_TABLE = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv"
_NEEDED = (
    "ImageID", "StudyDate_DICOM", "StudyID", "PatientID", "PatientBirth", "PatientSex_DICOM", "Projection", "Labels",
)  # fmt: skip
_NOTHING_KNOWN = frozenset({"exclude", "suboptimal study"})
_AS_BEFORE, _NORMAL = "unchanged", "normal"
_WORD = re.compile(r"""['"]([^'"]*)['"]""")
_VIEWS: Mapping[str, View] = {"PA": "PA", "AP": "AP", "AP_HORIZONTAL": "AP", "L": "LL"}


def read_padchest(folder: Path) -> tuple[Record, ...]:
    """The pictures that the table names and that are there, in its order.

    Raises `DataError` where the table or every picture is missing, or two pictures have one name.
    """
    rows = _rows(folder)
    pictures = pictures_by_stem(folder, release="PadChest")
    records = tuple(
        _record(row, path=path) for row in rows if (path := pictures.get(Path(row["ImageID"]).stem)) is not None
    )
    return some_of(records, folder=folder, such_as=next((row["ImageID"] for row in rows), "IMAGE_ID.png"))


def list_padchest(folder: Path) -> Listing:
    """What the table names."""
    rows = _rows(folder)
    return Listing(
        images={row["ImageID"]: "" for row in rows},
        counts={"": Count(images=len(rows), patients=len({row["PatientID"] for row in rows}))},
    )


def _rows(folder: Path) -> list[dict[str, str]]:
    return read_rows(find_table(folder, names=(_TABLE,)), needed=_NEEDED)


def _labels(text: str) -> dict[str, float]:
    """1 where a word is the finding, NaN where one may be it, and 0 for the rest, where the report is a whole one."""
    said = {word.strip().casefold() for word in _WORD.findall(text)} - {""}
    if not said or said & _NOTHING_KNOWN:
        return dict.fromkeys(LABELS.values(), math.nan)
    unnamed = math.nan if _AS_BEFORE in said and _NORMAL not in said else 0.0
    labels = dict.fromkeys(LABELS.values(), unnamed)
    labels |= {name: math.nan for word in said for name in _maybe(word)}
    return labels | {name: 1.0 for word in said for name in _surely(word)}


def _surely(word: str) -> tuple[str, ...]:
    """The findings that a word is."""
    return ((LABELS[word],) if word in LABELS else ()) + _MORE_EXACT.get(word, ())


def _maybe(word: str) -> tuple[str, ...]:
    """The findings that a word may be: by the table, or since it holds a finding's word and nothing tells of it."""
    told = _MAY_BE.get(word, ())
    if word in LABELS or word in _MORE_EXACT:
        return told
    return told + tuple(name for term, name in LABELS.items() if re.search(rf"\b{term}(?:s|es)?\b", word))


def _age_years(row: Mapping[str, str]) -> float | None:
    """By the years of the study and of birth, which is all that the release tells."""
    study, birth = row["StudyDate_DICOM"][:4], row["PatientBirth"].removesuffix(".0")
    return clean_age(str(int(study) - int(birth))) if study.isdigit() and birth.isdigit() else None


def _record(row: Mapping[str, str], *, path: Path) -> Record:
    view = _VIEWS.get(row["Projection"].upper(), "unknown")
    return Record(
        path=path,
        image=row["ImageID"],
        patient=f"padchest:{row['PatientID']}",
        study=f"padchest:{row['StudyID']}",
        source="padchest",
        official=None,
        labels=_labels(row["Labels"]),
        stratum=view,
        sha256=file_sha256(path),
        view=view,
        age_years=_age_years(row),
        sex=sex_in(row["PatientSex_DICOM"]),
        is_xray=True,
        xray_type="chest",
    )
