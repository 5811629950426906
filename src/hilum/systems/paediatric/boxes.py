"""What of a heatmap lies in the radiologists' boxes (Tran et al. 2021 show both in section 4.4.3 and figure 5).

Of each label that radiologists boxed, children whom a network never saw are drawn from a fixed seed: nothing is chosen
by a heatmap, and no threshold is fitted. What is counted is where the map's maximum and its mass lie
(`evaluation/localisation`); beside it stand a map that is even, and the average box of the other folds' children, which
knows no picture at all. A map is the class map in logit contribution, which is Grad-CAM before its ReLU; that of a mean
of networks is the mean of p (1 - p) times theirs, over p (1 - p) (`explain/ensemble_map.py`), and belongs to the mean
of the same probabilities, whose calibrated number stands beside it (`training/mean_arm.py`). A mean of networks that
see pictures prepared in two ways has none, nor has a network of labels in a tree, whose logits are no sum over cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from hilum.datasets.records.record import Record
from hilum.evaluation.localisation.cases import BoxedCase
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.folder import fold_folder
from hilum.explain.ensemble_map import as_logit_contribution
from hilum.explain.fused_map import PlacedMap, cells_of
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(BoxedCase):
    """A child's image with boxes of one label: its row among the predictions, and the fold that judged it."""

    row: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """Where a study's networks lie: its `folder`, the recipe of each arm, and the arms that are means of others."""

    recipes: Mapping[str, Recipe]
    means: Mapping[str, tuple[str, ...]]
    folder: Path


def networks_of_fold(fold: str, *, networks: Networks) -> dict[str, Network]:
    """By arm, what was trained in a fold and has class maps; the means of such arms too."""
    found: dict[str, Network] = {}
    folder = fold_folder(fold, folder=networks.folder)
    for arm, recipe in networks.recipes.items():
        if has_ended(recipe.last, folder=folder / arm) and not isinstance(recipe.last.loss, Hierarchical):
            network = load_stage(recipe, stage=recipe.last, folder=folder / arm).network
            found[arm] = Network(network=network, spec=recipe.preprocess_of(recipe.last))
    for arm, of in networks.means.items():
        members = [found[name] for name in of if name in found]
        size = members[0].spec.output_size if members else None
        if len(members) == len(of) and len({one.spec for one in members}) == 1 and size is not None:
            whole = [one.network for one in members if isinstance(one.network, PooledClassifier)]
            found[arm] = Network(network=EnsembleClassifier(whole, size=size), spec=members[0].spec)
    return found
