"""A pair of networks as three arms of a study: trained on each fold, each head calibrated on validation, and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from hilum.datasets.splits.split import TEST
from hilum.evaluation.predictions.predictions import Predictions
from hilum.systems.attention.bundle import Floats, Looks, crop_shares, torch_looks
from hilum.systems.attention.fit import fit_two_looks
from hilum.systems.attention.pairs import HEADS, Head, NetworkPair
from hilum.systems.attention.recipe import AttentionRecipe
from hilum.systems.attention.study_sections import CROPS
from hilum.training.recipe.settings import flat_values
from hilum.training.records.run_place import RunPlace
from hilum.training.run_study import Trained
from hilum.training.study_fold import Fold, calibrated, fit_calibrations, fold_predictions, write_facts
from hilum.whole_files import write_whole


def attention_arms(pair: NetworkPair, *, recipe: AttentionRecipe) -> Trained[Fold, Predictions]:
    """The whole picture, the crop and both looks of `pair`, by one training of `recipe`, which has its backbones.

    Folds must have the parts that the recipe names; calibrations are fitted on its calibration part.
    """
    return Trained(
        arms=tuple(pair.arm(head) for head in HEADS),
        run=partial(_run, pair, recipe),
        folder=pair.name,
        settings=flat_values(recipe),
    )


def _run(pair: NetworkPair, recipe: AttentionRecipe, fold: Fold, place: RunPlace) -> Mapping[str, Predictions]:
    fitted = fit_two_looks(recipe, split=fold.split, place=place)
    part, labels = recipe.assessment.calibration_part, recipe.last.labels
    validation, judged = (
        torch_looks(fitted.network, records=fold.split.parts[name], recipe=recipe, preparation=place.preparation)
        for name in (part, TEST)
    )
    by = {
        head: fit_calibrations(fold, parts=(part,), logits=logits_of(validation, head).astype("float32"), labels=labels)
        for head in HEADS
    }
    scores = {
        pair.arm(head): calibrated(logits_of(judged, head).astype("float32"), by=fitted_by)
        for head, fitted_by in by.items()
    }
    _write_crops(judged, recipe=recipe, folder=place.folder)
    write_facts(
        fold,
        calibrations=[one for fitted_by in by.values() for one in fitted_by],
        started_from=fitted.started_from,
        folder=place.folder,
    )
    return fold_predictions(fold, scores=scores, labels=labels)


def _write_crops(looks: Looks, *, recipe: AttentionRecipe, folder: Path) -> None:
    """How many pictures were judged, in how many nothing was cut, and the sum of the crops' shares of the picture."""
    shares = crop_shares(looks, side_px=recipe.preprocess.output_size or (0, 0))
    content = {"pictures": len(shares), "whole": int((shares == 1.0).sum()), "shares": float(shares.sum())}
    write_whole(folder / CROPS, (json.dumps(content, indent=1) + "\n").encode())


def logits_of(looks: Looks, head: Head) -> Floats:
    """What one head says, (N, L)."""
    return {"whole": looks.whole, "crop": looks.crop, "fused": looks.fused}[head]
