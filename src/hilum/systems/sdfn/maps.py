"""The class maps of the images that the SDFN study draws, kept beside a fold's predictions in one `.npz` file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Box, Geometry
from hilum.systems.sdfn.heatmaps import TwoMaps
from hilum.whole_files import write_whole

_GRIDS = ("whole_alone", "whole", "crop")
_NAMES = ("image", "label", *_GRIDS, "geometry", "crop_box", "probability")


def save_maps(maps: Sequence[TwoMaps], *, path: Path) -> None:
    """Write the maps, whole or not at all; all have one grid a network."""
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "image": np.array([one.image for one in maps], np.str_),
        "label": np.array([one.label for one in maps], np.str_),
        "geometry": np.array([[_plain(getattr(one, name).geometry) for name in _GRIDS] for one in maps], np.float64),
        "crop_box": np.array([_box(one.crop_box) for one in maps], np.float64),
        "probability": np.array([[one.whole_probability, one.sdfn_probability] for one in maps], np.float64),
    }
    arrays |= {name: np.array([getattr(one, name).grid for one in maps], np.float32) for name in _GRIDS}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_whole(path, buffer.getvalue())


def load_maps(path: Path) -> tuple[TwoMaps, ...]:
    """What `save_maps` wrote. Raises `DataError` for anything else."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            content = {name: stored[name] for name in _NAMES}
        return tuple(_one(content, place) for place in range(len(content["image"])))
    except (OSError, KeyError, ValueError, IndexError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} does not hold class maps ({error}). Remove it and run the study again") from error


def _one(content: dict[str, npt.NDArray[np.generic]], place: int) -> TwoMaps:
    placed = {
        name: PlacedMap(content[name][place], Geometry(*map(float, content["geometry"][place][column])))
        for column, name in enumerate(_GRIDS)
    }
    box = [float(number) for number in content["crop_box"][place]]
    whole, sdfn = map(float, content["probability"][place])
    return TwoMaps(
        image=str(content["image"][place]),
        label=str(content["label"][place]),
        whole_alone=placed["whole_alone"],
        whole=placed["whole"],
        crop=placed["crop"],
        crop_box=None if np.isnan(box).any() else Box(*box),
        whole_probability=whole,
        sdfn_probability=sdfn,
    )


def _plain(geometry: Geometry) -> tuple[float, float, float, float]:
    return geometry.scale_x, geometry.scale_y, geometry.offset_x, geometry.offset_y


def _box(box: Box | None) -> list[float]:
    return [np.nan] * 4 if box is None else box.as_list()
