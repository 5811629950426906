"""Urinbayev et al. 2020's modules I and II, as published: DenseNet-121, Adam 1e-3, a plateau, 10 epochs, 70/20/10.

Command  `hilum study gate-urinbayev --data DIR --weights random --out runs/urinbayev`
Hardware a GPU: ten epochs of 100,000 pictures on a DenseNet-121 take a CPU weeks; not run to the end here.

The paper has 54,525 radiographs (a tenth of ChestX-ray14's) and as many ImageNet photographs, and reports accuracy
0.987 (0.992 in its table II) and 0.976. Its batch size is not given; 32 here. Its modules have one network each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hilum.datasets.records.record import NOT_XRAY, Record
from hilum.findings import XRAY_TYPES
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.gate.urinbayev2020_training import VALIDATION, PaperModule
from hilum.training.recipe.optimizers import Adam
from hilum.training.recipe.schedules import Plateau

XRAY = "X-ray"
CHEST_SHARE = 0.1
SMOKE_PX = 32

SPEC = PreprocessSpec(
    steps=(Resize(height=224, width=224, rule="stretch", filter="bilinear"),),
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)


def urinbayev2020(starting_weights: StartingWeights) -> tuple[PaperModule, PaperModule]:
    """Module I (X-ray or not) and module II (the type), in the order in which they read."""
    first = PaperModule(
        name="module-1",
        classes=(NOT_XRAY, XRAY),
        backbone="densenet121",
        starting_weights=starting_weights,
        preprocess=SPEC,
        optimizer=Adam(learning_rate=1e-3, weight_decay=1e-5),
        schedule=Plateau(monitor=f"{VALIDATION}/loss", factor=0.1, patience=3),
        epochs=10,
        batch_size=32,
        seed=5,
    )
    return first, replace(first, name="module-2", classes=XRAY_TYPES)


def smoke(module: PaperModule) -> PaperModule:
    """The same module on small pictures for two epochs: it proves the path, and its numbers mean nothing."""
    steps = (Resize(height=SMOKE_PX, width=SMOKE_PX, rule="stretch", filter="bilinear"),)
    spec = PreprocessSpec(steps=steps, mean=module.preprocess.mean, std=module.preprocess.std)
    return replace(module, preprocess=spec, epochs=2, batch_size=4, backbone="mobilenet_v2")


def records_of_module(records: Sequence[Record], *, module: PaperModule) -> tuple[Record, ...]:
    """What a module learns from: a tenth of ChestX-ray14's chests, and for module I as many photographs as X-rays.

    Module II gets radiographs of the fourteen types alone. Other modalities are left out, as in the paper.
    """
    rng = np.random.default_rng(module.seed)
    kept = [record for record in records if record.source != "nih" or rng.random() < CHEST_SHARE]
    xrays = [record for record in kept if record.xray_type is not None]
    if NOT_XRAY not in module.classes:
        return tuple(record for record in xrays if record.xray_type in module.classes)
    photos = [record for record in kept if record.source == "photos"]
    chosen = rng.permutation(len(photos))[: len(xrays)]
    return (*(replace(record, stratum=XRAY) for record in xrays), *(photos[index] for index in chosen))
