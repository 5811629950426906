"""A published classifier as a bundle: its card says whose it is, on what terms, and that hilum did not judge it.

Operating points are not taken over: the bundle gives the network's own sigmoid, uncalibrated, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hilum.bundle.calibrated_on import NO_POINT, NOT_CALIBRATED
from hilum.bundle.card import Card, HeatmapSpec, OcclusionSpec, Scope, Training
from hilum.bundle.label import RAW, Label
from hilum.bundle.load import Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.errors import BundleError
from hilum.findings import finding
from hilum.imaging.preprocess import PreprocessSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is known of the file that a bundle is made of.

    `name` is the bundle's, `title` the card's. `authors` trained it on `data`; `source` is where the file is released
    and `cited` the paper. `sha256` is that of the file at hand, and `known` that of the released one, or None where
    nobody wrote it down. `no_point` says why there is no operating point, `limits` what else to know of it, and
    `licence` the terms of the weights.
    """

    name: str
    title: str
    authors: str
    data: tuple[str, ...]
    source: str
    cited: str
    sha256: str
    known: str | None
    no_point: str
    limits: tuple[str, ...]
    licence: str

    @property
    def is_known(self) -> bool | None:
        """Whether the file is the released one; None where that cannot be told."""
        return None if self.known is None else self.sha256 == self.known


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The bundle, the SHA-256 of the file that it was made from, and whether that is the known one (None: none is)."""

    bundle: Bundle
    sha256: str
    is_known: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The network of a bundle: its architecture's name and arguments, its labels as its authors call them, in order.

    `has_maps` says whether the graph gives class maps; where it does not, heatmaps are made by occlusion.
    """

    architecture: str
    arguments: Mapping[str, int]
    labels: tuple[str, ...]
    preprocess: PreprocessSpec
    has_maps: bool


def check_folder(folder: Path, *, replace: bool) -> None:
    """Raise `BundleError` where `folder` exists and is not to be replaced, before anything is computed."""
    if folder.exists() and not replace:
        raise BundleError(f"{folder} exists already. Name a new folder, or choose to replace the bundle in it")


def write_imported(
    origin: Origin, *, network: Network, files: Mapping[str, bytes], folder: Path, command: str, replace: bool
) -> Imported:
    """Write the bundle of `files`, the graph among them; `command` goes to the card. Raises as `write_bundle` does."""
    card = _card(origin, network=network, command=command, files=file_hashes(files))
    bundle = write_bundle(folder, card=card, files=files, replace=replace)
    return Imported(bundle=bundle, sha256=origin.sha256, is_known=origin.is_known)


def _card(origin: Origin, *, network: Network, command: str, files: dict[str, str]) -> Card:
    hashed = {True: "the hash known for this file", False: "NOT the hash known for this file", None: "none is known"}
    return Card(
        name=origin.name,
        version="1.0.0",
        title=origin.title,
        kind="classifier",
        architecture=network.architecture,
        architecture_arguments=dict(network.arguments),
        labels=tuple(
            Label(
                name=finding(label).name,
                calibration=RAW,
                operating_point=None,
                operating_point_rule=origin.no_point,
            )
            for label in network.labels
        ),
        preprocess=network.preprocess,
        scope=Scope(xray_type="chest", age_years=(18.0, 120.0), views=("PA", "AP")),
        heatmap=HeatmapSpec(method="class-map")
        if network.has_maps
        else HeatmapSpec(method="occlusion", occlusion=OcclusionSpec()),
        protocol=f"not known to hilum: trained by {origin.authors} on their own split",
        training=Training(
            command=command,
            commit=None,
            data=origin.data,
            split_sha256=None,
            seed=0,
            starting_weights=(f"{origin.source} (sha256 {origin.sha256}; {hashed[origin.is_known]}), {origin.cited}"),
            recipe={},
        ),
        compression=None,
        intended_use=(
            "Research: how likely a strong public network takes findings to be on an adult's frontal chest radiograph."
        ),
        not_for=(
            "Diagnosis, triage or any decision about a patient: this is not a medical device.",
            "Children, lateral views, and anything but a chest radiograph.",
        ),
        limits=(*_LIMITS, *origin.limits),
        weights_licence=origin.licence,
        files=files,
    )


_LIMITS = (
    NOT_CALIBRATED,
    NO_POINT,
    "Its training data may hold images of any official test set of the data sets named here: no figure on them is "
    "external.",
    "Labels were drawn from reports by programs, each data set by its own.",
)
