"""How held-out pictures are shown to a network when it is judged, and what the network says of them.

`as read` is what reading would show. `black`, `white` and `stretch` are framed at random from seeds that training never
draws, alike for all pictures; `masked` is `black` with a frame of mid grey. Chests are also shown with one fault each.
`learnt from` marks training pictures as read: distances in feature space start from them, and no figure uses them.
`other patients` marks chests as read whose source was learnt from, but no picture of the patient: PA and AP are judged
on them, since one source alone tells them apart.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from hilum.bundle.gate_outputs import MIRROR_SWAPS, TURNS_DEG
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import PreprocessSpec, normalise
from hilum.networks.mirrored import Mirrored
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.systems.gate.frames import RULES, Frame, Framing, Grey, crop_to_aspect, draw_frame, mask_frame
from hilum.systems.gate.pictures import ChestChanges, GatePicture, crop_area
from hilum.systems.gate.recipe import GateRecipe
from hilum.systems.gate.study.predictions import AS_READ, FRAMED_VIEWS, MASKED, GatePredictions

CHEST_FAULTS = (*(f"turned {degrees}" for degrees in TURNS_DEG[1:]), "inverted", "cropped")
BATCH = 64

Shown = tuple[str, Grey, Frame | None]


def shown(
    picture: GatePicture, *, framing: Framing, aspects: npt.NDArray[np.float64], faults: ChestChanges
) -> list[Shown]:
    """Every view of one picture: its name, the square uint8 picture and the frame that was drawn."""
    rng = np.random.default_rng((zlib.crc32(f"{picture.source}/{picture.name}".encode()), 1))
    views: list[Shown] = [(AS_READ, picture.plain, None)]
    grey = picture.grey
    if not picture.is_xray:
        grey = crop_to_aspect(grey, aspect=float(rng.choice(aspects)), rng=rng)
    for rule in FRAMED_VIEWS:
        cropped = crop_area(grey, area=float(rng.uniform(0.8, 1.0)), rng=rng)
        framed, frame = draw_frame(cropped, framing=framing, rng=rng, rule=rule)
        views.append((rule, framed, frame))
    views.append((MASKED, mask_frame(views[1][1]), views[1][2]))
    if picture.xray_type == "chest":
        views.extend(_with_faults(picture, framing=framing, faults=faults, rng=rng))
    return views


def predict(
    network: PooledClassifier,
    *,
    name: str,
    pictures: Sequence[GatePicture],
    recipe: GateRecipe,
    aspects: Sequence[float],
) -> GatePredictions:
    """What `network` (called `name`) says of every view of every picture; `aspects` are those of radiographs."""
    framing, faults = recipe.changes.framing, recipe.changes.chest
    rows = [
        (picture, *view)
        for picture in pictures
        for view in shown(picture, framing=framing, aspects=np.asarray(aspects, np.float64), faults=faults)
    ]
    return _predicted(network, name=name, rows=rows, spec=recipe.preprocess)


def predict_plain(
    network: PooledClassifier, *, name: str, pictures: Sequence[GatePicture], recipe: GateRecipe, view: str = AS_READ
) -> GatePredictions:
    """What `network` says of every picture as read; `view` is what that is marked as."""
    rows = [(picture, view, picture.plain, None) for picture in pictures]
    return _predicted(network, name=name, rows=rows, spec=recipe.preprocess)


def _predicted(
    network: PooledClassifier,
    *,
    name: str,
    rows: Sequence[tuple[GatePicture, str, Grey, Frame | None]],
    spec: PreprocessSpec,
) -> GatePredictions:
    mirrored = Mirrored(network, swaps=MIRROR_SWAPS)
    outputs = [
        run(mirrored, greys=[row[2] for row in rows[start : start + BATCH]], spec=spec)
        for start in range(0, len(rows), BATCH)
    ]
    return GatePredictions(
        network=np.array([name] * len(rows)),
        view=np.array([row[1] for row in rows]),
        name=np.array([row[0].name for row in rows]),
        source=np.array([row[0].source for row in rows]),
        group=np.array([row[0].group for row in rows]),
        is_xray=np.array([row[0].is_xray for row in rows]),
        xray_type=np.array([row[0].xray_type or "" for row in rows]),
        chest_view=np.array([row[0].view or "" for row in rows]),
        logits=np.concatenate([logits for logits, _ in outputs]),
        features=np.concatenate([features for _, features in outputs]),
        frame=np.array([_frame_row(row[3]) for row in rows], np.float32),
    )


def run(
    network: Mirrored, *, greys: Sequence[Grey], spec: PreprocessSpec
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float16]]:
    """Logits float32 (n, L) and pooled features float16 (n, K) of square pictures."""
    batch = np.stack([normalise(to_unit(grey, bits=8), spec=spec) for grey in greys])
    with torch.inference_mode():
        images = torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)
        logits, features = network.forward_with_features(images)
    return logits.numpy(), features.numpy().astype(np.float16)


def _with_faults(
    picture: GatePicture, *, framing: Framing, faults: ChestChanges, rng: np.random.Generator
) -> list[Shown]:
    greys: list[Grey] = [np.rot90(picture.grey, turn) for turn in range(1, len(TURNS_DEG))]
    greys.append(255 - picture.grey)
    greys.append(crop_area(picture.grey, area=float(rng.uniform(*faults.strong_crop_area)), rng=rng))
    return [
        (name, *draw_frame(np.ascontiguousarray(grey), framing=framing, rng=rng, rule="black"))
        for name, grey in zip(CHEST_FAULTS, greys, strict=True)
    ]


def _frame_row(frame: Frame | None) -> list[float]:
    if frame is None:
        return [float("nan")] * 5
    return [float(RULES.index(frame.rule)), float(frame.quality), float(frame.size_px), frame.aspect, frame.fill]
