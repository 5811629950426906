"""What the whole-image network, the lung-crop network and their fusion said of the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.predictions.predictions import Predictions, Texts
from hilum.evaluation.predictions.predictions_file import read_predictions, write_predictions
from hilum.statistics.outcomes import BoolArray, FloatArray

Network = str
NETWORKS: tuple[Network, ...] = ("whole", "lung", "sdfn")
TITLES: dict[Network, str] = {"whole": "whole image", "lung": "lung crop", "sdfn": "SDFN"}

Pair = tuple[Network, Network]
PAIRS: tuple[Pair, ...] = (("sdfn", "whole"), ("sdfn", "lung"), ("lung", "whole"))
"""What is compared: a difference is the first network's AUROC minus the second's."""


@dataclass(frozen=True, slots=True, eq=False)
class SdfnPredictions:
    """Three predictions of the same images in the same order, with the same truths, labels and protocol.

    Raises `DataError` where they differ: a difference between networks would then be one between images.
    """

    whole: Predictions
    lung: Predictions
    sdfn: Predictions

    def __post_init__(self) -> None:
        for name, other in (("lung", self.lung), ("sdfn", self.sdfn)):
            for what in ("protocol", "design", "smoke"):
                if getattr(other, what) != getattr(self.whole, what):
                    raise DataError(f"expected one {what} in the predictions of whole and {name}, came two")
        _ = self.many  # it raises where images, patients, splits, labels or truths differ

    @property
    def many(self) -> ManyPredictions:
        """The three as what any number of models are compared as."""
        return ManyPredictions(NETWORKS, (self.whole, self.lung, self.sdfn))

    def of(self, network: Network) -> Predictions:
        """One network's predictions."""
        return {"whole": self.whole, "lung": self.lung, "sdfn": self.sdfn}[network]

    def column(self, label: str) -> tuple[FloatArray, dict[str, FloatArray]]:
        """The truth (n,) of a label, and its scores (n,) by network."""
        return self.many.column(label)

    def take(self, rows: npt.NDArray[np.intp] | BoolArray) -> SdfnPredictions:
        """The rows that an index array or a mask (n,) names."""
        return SdfnPredictions(self.whole.take(rows), self.lung.take(rows), self.sdfn.take(rows))


def write_sdfn_predictions(predictions: SdfnPredictions, *, folder: Path) -> None:
    """Write `whole.parquet`, `lung.parquet` and `sdfn.parquet`, which `hilum judge` and `hilum compare` read."""
    for network in NETWORKS:
        write_predictions(predictions.of(network), path=folder / f"{network}.parquet")


def read_sdfn_predictions(folder: Path) -> SdfnPredictions:
    """What `write_sdfn_predictions` left in `folder`; raises as `read_predictions` does."""
    return SdfnPredictions(*(read_predictions(folder / f"{network}.parquet") for network in NETWORKS))


def has_sdfn_predictions(folder: Path) -> bool:
    """Whether all three files lie in `folder`."""
    return all((folder / f"{network}.parquet").is_file() for network in NETWORKS)


def pooled(parts: Sequence[SdfnPredictions]) -> SdfnPredictions:
    """All parts as one, in order. Raises `DataError` for none, other labels or protocols, or an image that comes twice.

    An image in two parts would have been predicted by networks of which one may have seen its patient.
    """
    if not parts:
        raise DataError("expected predictions of at least one fold, came none; run the study first")
    return SdfnPredictions(*(_joined([part.of(network) for part in parts]) for network in NETWORKS))


def _joined(parts: Sequence[Predictions]) -> Predictions:
    first = parts[0]
    for other in parts[1:]:
        if any(getattr(other, what) != getattr(first, what) for what in ("labels", "protocol", "design", "smoke")):
            raise DataError("expected one protocol and the same labels in every fold, came others; run the study anew")
    ages = [np.full(part.n, np.nan) if part.age_years is None else part.age_years for part in parts]
    return replace(
        first,
        image=tuple(name for part in parts for name in part.image),
        patient=tuple(name for part in parts for name in part.patient),
        split=tuple(name for part in parts for name in part.split),
        truth=np.concatenate([part.truth for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        age_years=np.concatenate(ages),
        sex=_texts([part.sex for part in parts], counts=[part.n for part in parts]),
        view=_texts([part.view for part in parts], counts=[part.n for part in parts]),
        source=_texts([part.source for part in parts], counts=[part.n for part in parts]),
    )


def _texts(columns: Sequence[Texts | None], *, counts: Sequence[int]) -> Texts | None:
    if all(column is None for column in columns):
        return None
    filled = ((None,) * count if column is None else column for column, count in zip(columns, counts, strict=True))
    return tuple(text for column in filled for text in column)
