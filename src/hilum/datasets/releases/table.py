"""The releases that hilum reads: the one table, by the name that `--data NAME=FOLDER` and `hilum data check` use.

What a gate or a lung network learns from lies in one data folder, each release in a folder of its own below it:
`Release.folder`. Where that is another word than the key, the release's records carry it as their source, and it starts
their patients' ids, so that runs keep their fingerprints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from hilum.datasets.own.columns import NOTHING_STATED, StatedColumns
from hilum.datasets.own.folder_of_folders import read_folder_of_folders
from hilum.datasets.own.own_boxes import list_own_boxes, read_own_boxes
from hilum.datasets.own.own_table import list_own_table, read_own_table
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.datasets.releases import (
    brax,
    chestxray14,
    chexpert,
    general_blockchain,
    jsrt,
    kermany,
    mimic_cxr_jpg,
    montgomery_shenzhen,
    mura,
    openi,
    padchest,
    rsna_pneumonia,
    siim_pneumothorax,
    vindr_cxr,
    vindr_pcxr,
    wingspan,
)
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.datasets.typed import (
    aasce,
    body_parts,
    chest_lateral,
    hannover,
    imagenet,
    lera,
    other_modality,
    panoramic_dental,
)
from hilum.errors import UsageError
from hilum.nearest import did_you_mean
from hilum.there import is_file, is_folder

Adapter = Callable[[Path], tuple[Record, ...]]


class AdapterWithTables(Protocol):
    """An adapter of a release whose pictures may lie apart from its tables."""

    def __call__(self, folder: Path, /, *, tables: Path) -> tuple[Record, ...]:
        """The pictures in `folder` that the tables in `tables` name."""


class AdapterWithPolicy(Protocol):
    """An adapter of a release with uncertain labels."""

    def __call__(self, folder: Path, /, *, policy: ChexpertPolicy | None = None) -> tuple[Record, ...]:
        """The pictures in `folder`, with labels settled by `policy`."""


class AdapterWithPattern(Protocol):
    """An adapter of pictures whose patients only their names may tell."""

    def __call__(self, folder: Path, /, *, patient_pattern: str | None = None) -> tuple[Record, ...]:
        """The pictures in `folder`; the group `patient` of the pattern is the patient."""


class AdapterWithColumns(Protocol):
    """An adapter of a table whose columns its user may name."""

    def __call__(
        self, folder: Path, /, *, stated: StatedColumns = NOTHING_STATED, say: Callable[[str], None] | None = None
    ) -> tuple[Record, ...]:
        """The pictures of the table; `say` is told what was guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release: its adapter, what its own tables list (None where it has none), and what was published of it.

    `folder` is where it lies in a data folder of many releases, None for one that no gate and no lung network reads.
    `licence` is its citation and terms in one line, None for images of one's own. `official` counts images and patients
    by official part; the part '' is the whole of a release without parts. `read_with_tables` is for a release that may
    lie in several folders, the first of them with the tables; `read_with_policy` for one whose uncertain labels a
    recipe may settle, `read_with_pattern` for one whose file names alone may tell patients apart, `read_with_columns`
    for a table of anybody's. `is_a_table`: the table of the pictures may be named in the place of their folder.
    """

    title: str
    read: Adapter
    folder: str | None = None
    licence: str | None = None
    read_with_tables: AdapterWithTables | None = None
    read_with_policy: AdapterWithPolicy | None = None
    read_with_pattern: AdapterWithPattern | None = None
    read_with_columns: AdapterWithColumns | None = None
    is_a_table: bool = False
    list: Callable[[Path], Listing] | None = None
    official: Mapping[str, Count] = field(default_factory=dict)


RELEASES: Mapping[str, Release] = {
    "nih": Release(
        title="ChestX-ray14 (Wang et al. 2017)",
        read=chestxray14.read_chestxray14,
        folder="nih",
        licence=chestxray14.LICENCE,
        read_with_tables=chestxray14.read_chestxray14,
        list=chestxray14.list_chestxray14,
        official=chestxray14.OFFICIAL,
    ),
    "chexpert": Release(
        title="CheXpert v1.0, also small (Irvin et al. 2019)",
        read=chexpert.read_chexpert,
        licence=chexpert.LICENCE,
        read_with_policy=chexpert.read_chexpert,
        list=chexpert.list_chexpert,
        official=chexpert.OFFICIAL,
    ),
    "vindr_pcxr": Release(
        title="VinDr-PCXR (Pham et al. 2022)",
        read=vindr_pcxr.read_vindr_pcxr,
        licence=vindr_pcxr.LICENCE,
        list=vindr_pcxr.list_vindr_pcxr,
        official=vindr_pcxr.OFFICIAL,
    ),
    "vindr_cxr": Release(
        title="VinDr-CXR (Nguyen et al. 2022)",
        read=vindr_cxr.read_vindr_cxr,
        licence=vindr_cxr.LICENCE,
        list=vindr_cxr.list_vindr_cxr,
        official=vindr_cxr.OFFICIAL,
    ),
    "rsna": Release(
        title="RSNA Pneumonia Detection Challenge (Shih et al. 2019)",
        read=rsna_pneumonia.read_rsna_pneumonia,
        licence=rsna_pneumonia.LICENCE,
        list=rsna_pneumonia.list_rsna_pneumonia,
        official=rsna_pneumonia.OFFICIAL,
    ),
    "siim_pneumothorax": Release(
        title="SIIM-ACR Pneumothorax Segmentation Challenge 2019",
        read=siim_pneumothorax.read_siim_pneumothorax,
        licence=siim_pneumothorax.LICENCE,
        list=siim_pneumothorax.list_siim_pneumothorax,
    ),
    "mimic_cxr_jpg": Release(
        title="MIMIC-CXR-JPG 2.0.0 (Johnson et al. 2019)",
        read=mimic_cxr_jpg.read_mimic_cxr_jpg,
        licence=mimic_cxr_jpg.LICENCE,
        list=mimic_cxr_jpg.list_mimic_cxr_jpg,
        official=mimic_cxr_jpg.OFFICIAL,
    ),
    "padchest": Release(
        title="PadChest (Bustos et al. 2020)",
        read=padchest.read_padchest,
        licence=padchest.LICENCE,
        list=padchest.list_padchest,
        official=padchest.OFFICIAL,
    ),
    "openi": Release(
        title="OpenI, Indiana University (Demner-Fushman et al. 2016)",
        read=openi.read_openi,
        licence=openi.LICENCE,
        list=openi.list_openi,
    ),
    "brax": Release(
        title="BRAX 1.1.0 (Reis et al. 2022)",
        read=brax.read_brax,
        licence=brax.LICENCE,
        list=brax.list_brax,
        official=brax.OFFICIAL,
    ),
    "kermany": Release(
        title="Kermany et al. 2018, paediatric chests",
        read=kermany.read_kermany,
        folder="kermany/chest_xray",
        licence=kermany.LICENCE,
        official={"train": Count(images=5_216), "val": Count(images=16), "test": Count(images=624)},
    ),
    "jsrt": Release(
        title="JSRT with SCR masks (Shiraishi et al. 2000)",
        read=jsrt.read_jsrt,
        licence=jsrt.LICENCE,
        list=jsrt.list_jsrt,
        official={"": Count(images=jsrt.IMAGES, patients=jsrt.IMAGES)},
    ),
    "montgomery_shenzhen": Release(
        title="Montgomery and Shenzhen (Jaeger et al. 2014)",
        read=montgomery_shenzhen.read_montgomery_shenzhen,
        folder="lungs_tb",
        licence=montgomery_shenzhen.LICENCE,
        official={"": Count(images=montgomery_shenzhen.IMAGES, patients=montgomery_shenzhen.IMAGES)},
    ),
    "general_blockchain": Release(
        title="Adult chests with lung masks (GeneralBlockchain)",
        read=general_blockchain.read_general_blockchain,
        folder="lungs",
        licence=general_blockchain.LICENCE,
    ),
    "wingspan": Release(
        title="Wingspan chests with lung fields and heart (Dong et al. 2018)",
        read=wingspan.read_wingspan,
        folder="wingspan",
        licence=wingspan.LICENCE,
        list=wingspan.list_wingspan,
    ),
    "chest_lateral": Release(
        title="Lateral chests of the COVID-19 image data collection (Cohen et al. 2020)",
        read=chest_lateral.read_chest_lateral,
        folder="chest_lateral",
        licence=chest_lateral.LICENCE,
    ),
    "hannover": Release(
        title="Adult COVID-19 chests of Hannover (Winther et al. 2020)",
        read=hannover.read_hannover,
        folder="chest_adult",
        licence=hannover.LICENCE,
    ),
    "body_parts": Release(
        title="Body parts of several public releases",
        read=body_parts.read_body_parts,
        folder="types",
        licence=body_parts.LICENCE,
    ),
    "mura": Release(
        title="MURA v1.1 (Rajpurkar et al. 2018)",
        read=mura.read_mura,
        folder="mura",
        licence=mura.LICENCE,
        official={"train": Count(images=36_808, patients=11_184), "valid": Count(images=3_197, patients=783)},
    ),
    "lera": Release(title="LERA (Varma et al. 2019)", read=lera.read_lera, folder="lera", licence=lera.LICENCE),
    "aasce": Release(
        title="AASCE 2019 (Wu et al. 2017)",
        read=aasce.read_aasce,
        folder="aasce",
        licence=aasce.LICENCE,
        official={"training": Count(images=481), "test": Count(images=128)},
    ),
    "panoramic_dental": Release(
        title="Panoramic jaws (Jader et al. 2018)",
        read=panoramic_dental.read_panoramic_dental,
        folder="panoramic_dental",
        licence=panoramic_dental.LICENCE,
    ),
    "imagenet": Release(
        title="ImageNet photographs (Deng et al. 2009)",
        read=imagenet.read_imagenet,
        folder="photos",
        licence=imagenet.LICENCE,
    ),
    "other_modality": Release(
        title="CT, MR and ultrasound pictures",
        read=other_modality.read_other_modality,
        folder="other_modality",
        licence=other_modality.LICENCE,
    ),
    "folder": Release(
        title="A folder of class folders", read=read_folder_of_folders, read_with_pattern=read_folder_of_folders
    ),
    "table": Release(
        title="A table of one's own",
        read=read_own_table,
        read_with_columns=read_own_table,
        is_a_table=True,
        list=list_own_table,
    ),
    "boxes": Release(title="Boxes of one's own", read=read_own_boxes, is_a_table=True, list=list_own_boxes),
}


def releases_in(folder: Path, *, among: Sequence[str]) -> dict[str, Path]:
    """Where each of the releases `among`, by key, lies in a data folder; those that are absent are left out."""
    places = {name: folder / (RELEASES[name].folder or name) for name in among}
    return {name: place for name, place in places.items() if place.is_dir()}


def release_named(name: str) -> Release:
    """The release of this name. Raises `UsageError` that says which names are near."""
    if name not in RELEASES:
        raise UsageError(no_release(name))
    return RELEASES[name]


def no_release(name: str, *, allowed: Sequence[str] = tuple(RELEASES)) -> str:
    """That no data set among `allowed` has this name, and which are near."""
    near = did_you_mean(name, among=allowed)
    return f"No data set is called {name!r}{near or ';'} {'All' if near else 'the'} names are {', '.join(allowed)}"


def check_there(name: str, *, place: Path, asked: str) -> None:
    """Refuse, with a `UsageError`, where no release called `name` can lie; `asked` is how the user named it."""
    table = RELEASES[name].is_a_table
    if not is_folder(place) and not (table and is_file(place)):
        what = "file or folder" if table else "folder"
        raise UsageError(f"Check the path: there is no {what} {place} for {asked}")


def with_columns(release: Release, *, stated: StatedColumns, say: Callable[[str], None] | None = None) -> Release:
    """The release, with what its user says of the columns where it is a table of their own; `say` as its reader has."""
    if release.read_with_columns is None:
        return release
    return replace(
        release,
        read=partial(read_own_table, stated=stated, say=say),
        list=partial(list_own_table, stated=stated),
    )


def citation_of(source: str) -> str | None:
    """The line that cites the release whose records carry `source`; None where it is nobody's or one's own."""
    release = RELEASES.get(source) or next((one for one in RELEASES.values() if one.folder == source), None)
    return None if release is None else release.licence
