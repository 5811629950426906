"""What of a heatmap lies in the radiologists' boxes (Tran et al. 2021 show both in section 4.4.3 and figure 5).

Of each label that radiologists boxed, children whom a network never saw are drawn from a fixed seed: nothing is chosen
by a heatmap, and no threshold is fitted. What is counted is where the map's maximum and its mass lie
(`explain/in_boxes.py`); beside it stand a map that is even, and the average box of the other folds' children, which
knows no picture at all. A map is the class map in logit contribution, which is Grad-CAM before its ReLU; that of a mean
of networks is the mean of p (1 - p) times theirs, over p (1 - p) (`explain/ensemble_map.py`). A mean of networks that
see pictures prepared in two ways has none, nor has a network of labels in a tree, whose logits are no sum over cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hilum.datasets.records.record import Record
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.study import Study
from hilum.explain.ensemble_map import as_logit_contribution
from hilum.explain.fused_map import PlacedMap, cells_of
from hilum.explain.in_boxes import boxes_mask, mass_in_boxes, maximum_in_boxes
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import PreprocessSpec, preprocess
from hilum.networks.ensemble import EnsembleClassifier
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.radiograph import Pixels
from hilum.training.loop.stages import has_ended, load_stage
from hilum.training.recipe.hierarchical import Hierarchical
from hilum.training.recipe.recipe import Recipe

COUNTED = 25
"""Children of each label that are counted."""
SEED = 38
AVERAGE, EVEN = "average box", "even map"
"""What knows no picture: the average box of other children, and a map that is the same everywhere."""
CELLS = 64
"""Cells a side of the average box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A child's image with boxes of one label: its row among the predictions, and the fold that judged it."""

    record: Record
    label: str
    row: int
    fold: str

    def boxes(self, *, rows: int, columns: int) -> list[Box]:
        """Those of the label, in pixels of the picture at that size."""
        return [box.in_image(width=columns, height=rows) for box in self.record.boxes if box.label == self.label]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network or a mean of several, with what it wants of a picture."""

    network: PooledClassifier | EnsembleClassifier
    spec: PreprocessSpec

    def map_of(self, pixels: Pixels, *, column: int) -> PlacedMap:
        """The class map of the label at `column`, in logit contribution, with its way to the `pixels` (H, W)."""
        model_input = preprocess(pixels, spec=self.spec)
        images = torch.from_numpy(model_input.array)[None]
        with torch.inference_mode():
            if isinstance(self.network, EnsembleClassifier):
                found = self.network.outputs(images)
                grid = as_logit_contribution(found.maps[0, column].numpy(), logit=float(found.logits[0, column]))
            else:
                grid = self.network.forward_with_maps(images)[1][0, column].numpy()
        size = model_input.array.shape[1], model_input.array.shape[2]
        return cells_of(grid, geometry=model_input.geometry, input_size=size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What one map has in the boxes of one case."""

    case: Case
    by: str
    maximum: float
    mass: float


def chosen_cases(content: StudyContent, *, records: Sequence[Record], most: int = COUNTED) -> tuple[Case, ...]:
    """At most `most` judged images of each boxed label, in the order that a fixed seed deals them."""
    judged, by_name = content.predictions.first, {record.image: record for record in records}
    found: list[Case] = []
    for label in content.aurocs.in_mean:
        rows = [
            row
            for row, image in enumerate(judged.image)
            if image in by_name and any(box.label == label for box in by_name[image].boxes)
        ]
        dealt = np.random.default_rng(SEED).permutation(np.array(rows, np.intp))[:most]
        found += [
            Case(record=by_name[judged.image[row]], label=label, row=int(row), fold=str(judged.split[row]))
            for row in dealt
        ]
    return tuple(found)


def networks_of_fold(study: Study, *, recipes: Mapping[str, Recipe], folder: Path) -> dict[str, Network]:
    """By arm, what was trained in a fold's `folder` and has class maps; the means of such arms too."""
    found = {}
    for arm, recipe in recipes.items():
        if has_ended(recipe.last, folder=folder / arm) and not isinstance(recipe.last.loss, Hierarchical):
            network = load_stage(recipe, stage=recipe.last, folder=folder / arm).network
            found[arm] = Network(network=network, spec=recipe.preprocess_of(recipe.last))
    for mean in study.means:
        members = [found[name] for name in mean.of if name in found]
        size = members[0].spec.output_size if members else None
        if len(members) == len(mean.of) and len({one.spec for one in members}) == 1 and size is not None:
            networks = [one.network for one in members if isinstance(one.network, PooledClassifier)]
            found[mean.arm.name] = Network(network=EnsembleClassifier(networks, size=size), spec=members[0].spec)
    return found


def average_box(cases: Sequence[Case], *, label: str, without: str) -> PlacedMap:
    """How often each of 64 x 64 cells lies in a box of the label, over the cases of all folds but one.

    Its geometry leads to a picture of 1 x 1.
    """
    others = [case for case in cases if case.label == label and case.fold != without]
    masks = [boxes_mask(case.boxes(rows=CELLS, columns=CELLS), rows=CELLS, columns=CELLS) for case in others]
    mean = np.mean(masks, axis=0) if masks else np.zeros((CELLS, CELLS))
    return PlacedMap(np.asarray(mean, np.float32), Geometry(1 / CELLS, 1 / CELLS, 0.0, 0.0))


def counted_of(
    case: Case, *, maps: Mapping[str, PlacedMap], cases: Sequence[Case], rows: int, columns: int
) -> Iterator[Counted]:
    """What the `maps` by arm have in the boxes of the case, whose picture has `rows` x `columns` pixels.

    So has what knows no picture, from all `cases`.
    """
    boxes = case.boxes(rows=rows, columns=columns)
    inside = boxes_mask(boxes, rows=rows, columns=columns)
    blind = average_box(cases, label=case.label, without=case.fold)
    average = PlacedMap(blind.grid, Geometry(columns, rows, 0.0, 0.0).after(blind.geometry))
    for by, placed in {**maps, AVERAGE: average}.items():
        maximum = float(maximum_in_boxes(placed, boxes=boxes))
        yield Counted(case=case, by=by, maximum=maximum, mass=mass_in_boxes(placed, inside=inside))
    covered = float(inside.mean())
    yield Counted(case=case, by=EVEN, maximum=covered, mass=covered)
