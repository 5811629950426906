"""Write the shipped cards again from the shipped graphs: `python docs/make_cards.py [--data DATA] [--out FOLDER]`.

Nothing is trained: graph and calibration stay to the bit, and operating points too but for the adult's. The split is
made again from the images and must be the card's. Validation is read with the shipped graph, and judged by today's
statistics; a refit beside it shows whether the card's calibration and operating point still come of it. A look at a
test comes from the folder of that evaluation (`--look NAME=FOLDER`), else from the ledger, and only where it was of the
same graph. The adult's figures and operating points are those of its study (`--study FOLDER`), which must give the
card's calibrations. The file of training images is made of the same split. DATA holds the releases as in training.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from markers import ROOT

from hilum.bundle.calibrated_on import LOOKED_AT
from hilum.bundle.card import GRAPH, Card
from hilum.bundle.label import Label, LabelResult
from hilum.bundle.load import CARD_NAME, PACKED_SUFFIX, TRAINING_IMAGES, Bundle
from hilum.bundle.save import card_bytes, file_hashes, write_bundle
from hilum.bundle.shelf import RUN_NAME, SHIPPED_FOLDER, shipped_bundles
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.split import Split
from hilum.evaluation.bundles.ledger import LEDGER_NAME, looks, read_ledger
from hilum.evaluation.bundles.look import LOOK_NAME
from hilum.evaluation.bundles.result_on_card import calibration_on_card
from hilum.evaluation.bundles.run_folder import read_run_file
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.operating_points import with_bundle_points
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.study.as_json import STUDY_NAME, read_study_json
from hilum.networks.starting_weights import RandomWeights
from hilum.reading.engines.engine import available_cores
from hilum.systems.chest_adult.folds import adult_images
from hilum.systems.chest_adult.labels import adult_labels
from hilum.systems.chest_adult.limits import BEGINNINGS, FLATTERS, limits_of_study
from hilum.systems.chest_adult.looks import read_looks
from hilum.systems.chest_adult.recipe import NAME as ADULT
from hilum.systems.chest_adult.recipe import WORDS
from hilum.systems.chest_adult.train import RELEASE, study_predictions
from hilum.systems.gate.data.releases import read_gate_data
from hilum.systems.gate.groups import capped
from hilum.systems.gate.shipped import gate
from hilum.systems.lungs.releases import read_lung_sources
from hilum.systems.pneumonia.recipe import pneumonia_lungs
from hilum.training.data.make_split import make_splits
from hilum.training.export.label_fits import fit_labels, fit_parts, label_rows, read_validation
from hilum.training.export.seen_images import seen_images, seen_in_stages
from hilum.training.recipe.recipe import TRAIN, Recipe
from hilum.training.records.provenance import records_sha256

DATA = ROOT.parent / "shared" / "data"
PREDICTIONS = "predictions.parquet"
FLATTERING = {"1.1.0": "1.1.1"}
"""The adult's version whose figures are not cross-fitted, and the one that is the same and says so."""

SAME = 1e-6
"""A refit that differs by more is told."""


def say(line: str) -> None:
    """One line on standard output."""
    sys.stdout.write(f"{line}\n")


class NotTheseDataError(Exception):
    """The images are not those that the bundle was made with."""


@dataclass(frozen=True)
class Remade:
    """The card with its new rows, and the file of training images by its name."""

    card: Card
    seen: Mapping[str, bytes]


def remake_classifier(
    bundle: Bundle, *, recipe: Recipe, records: Sequence[Record], looks: Mapping[str, LabelResult]
) -> Remade:
    """A classifier's card; `looks` holds the row of the newest look at a test by the label's name.

    Raises `NotTheseDataError` where the split is not the card's.
    """
    splits = make_splits(recipe, records=records)
    _check_split(bundle, found=splits[recipe.last.name].sha256)
    read = read_validation(bundle, split=splits[recipe.last.name], recipe=recipe)
    parts = fit_parts(bundle, read=read, recipe=recipe)
    for label, again in zip(bundle.card.labels, fit_labels(parts, recipe=recipe), strict=True):
        say(f"{bundle.card.name}: {refit_in_words(label, again=again)}")
    rows = [label_rows(label, column=column, parts=parts.judged) for column, label in enumerate(bundle.card.labels)]
    seen = seen_in_stages(recipe, splits=splits.values(), jobs=available_cores())
    return Remade(with_looks(bundle.card, rows=rows, looks=looks), seen)


def with_looks(card: Card, *, rows: Sequence[Sequence[LabelResult]], looks: Mapping[str, LabelResult]) -> Card:
    """The card with the `rows` of each label, then that of a look at a test, of which a limit tells."""
    labels = tuple(
        label.changed({"results": (*own, *([looks[label.name]] if label.name in looks else []))})
        for label, own in zip(card.labels, rows, strict=True)
    )
    limits = [line for line in card.limits if not line.startswith(LOOKED_AT)]
    said = [limit_of_look(name, row=row) for name, row in looks.items() if row.calibration is not None]
    return card.changed({"labels": labels, "limits": (*limits, *said)})


def limit_of_look(label: str, *, row: LabelResult) -> str:
    """How well the probabilities held on the newest look at a test, in words, for the card's limits."""
    found = row.calibration
    if found is None or found.mean_stated_minus_observed_ci is None:
        return f"{LOOKED_AT}: {label}: nothing can be said of how well its probabilities hold."
    low, high = found.mean_stated_minus_observed_ci
    off = "too high" if low > 0 else "too low" if high < 0 else "neither clearly too high nor too low"
    return (
        f"{LOOKED_AT} ({row.n} images, {row.positives} with {label}): its probabilities are {off}, on average by "
        f"{found.mean_stated_minus_observed:+.3f} [{low:+.3f}, {high:+.3f}]. {found.in_words}"
    )


def refit_in_words(label: Label, *, again: Label) -> str:
    """How far a refit on the same images is from what the card holds."""
    pairs = {
        "slope": (label.calibration.slope, again.calibration.slope),
        "intercept": (label.calibration.intercept, again.calibration.intercept),
        "operating point": (label.operating_point, again.operating_point),
    }
    apart = {name: abs(one - other) for name, (one, other) in pairs.items() if None not in (one, other)}
    far = [f"{name} by {difference:.2g}" for name, difference in apart.items() if difference > SAME]
    if far or len(apart) < len(pairs):
        return f"{label.name}: a refit differs in {', '.join(far) or 'what it can fit'}; the card's own numbers stay"
    return f"{label.name}: a refit gives the card's calibration and operating point to {max(apart.values()):.1g}"


def remake_gate(bundle: Bundle, *, data: Path) -> Remade:
    """The gate's card as it is, with its training images; its thresholds were chosen on the others too."""
    recipe, records = gate(RandomWeights()), read_gate_data(data).records
    chosen = capped(records, caps=recipe.caps, seed=recipe.seed)
    listing = sorted((record.source, record.image, record.sha256) for record in chosen)
    earlier = hashlib.sha256(json.dumps(listing).encode()).hexdigest()  # what a gate's card named at first
    named = bundle.card.training.split_sha256
    _check_split(bundle, found=earlier if named == earlier else records_sha256(chosen))
    kept = {id(record) for record in chosen}
    others = [record for record in records if id(record) not in kept]
    return Remade(bundle.card, seen_images(train=chosen, validation=others, starts=(), jobs=available_cores()))


def remake_lungs(bundle: Bundle, *, data: Path) -> Remade:
    """The card of what draws lungs as it is, with its training images: the whole of both releases."""
    records = read_lung_sources(data)
    _check_split(bundle, found=records_sha256(records))
    return Remade(bundle.card, seen_images(train=records, validation=(), starts=(), jobs=available_cores()))


def remake_adult(bundle: Bundle, *, data: Path, looks: Mapping[str, LabelResult], study: Path | None = None) -> Remade:
    """The card of the adult's chest, whose figures are its study's, and its training images: all that it may learn.

    Without the folder of that `study` they stay, and the card says so of figures that flatter. Raises
    `NotTheseDataError` where the images are not those of its training, and as `with_study` does.
    """
    folders = [(RELEASE, data / name) for name in ("nih", "nih_64") if (data / name).is_dir()]
    records = adult_images(read_releases(folders).records).every
    _check_split(bundle, found=Split({TRAIN: records}, "all").sha256)
    seen = seen_images(train=records, validation=(), starts=(), jobs=available_cores())
    card = with_caution(bundle.card) if study is None else with_study(bundle.card, folder=study)
    rows = [[row for row in label.results if not row.is_test] for label in card.labels]
    return Remade(with_looks(card, rows=rows, looks=looks), seen)


def with_caution(card: Card) -> Card:
    """The card, which says so where its figures are of a version that did not cross-fit them."""
    if card.version not in FLATTERING:
        return card
    return card.changed({"version": FLATTERING[card.version], "limits": (*card.limits, FLATTERS)})


def with_study(card: Card, *, folder: Path) -> Card:
    """The adult's card with the labels and limits that its study in `folder` gives; nothing else of it changes.

    Raises `NotTheseDataError` where the study's calibrations are not those that the card, and so the graph, holds.
    """
    fusion = card.fusion
    if fusion is None:
        raise NotTheseDataError(f"{card.name} is no fusion: no study of the adult's chest made it")
    looks = read_looks(folder, folds=tuple(read_run_file(folder / RUN_NAME).stage_splits))
    made = adult_labels(study_predictions(folder), looks=looks)
    kept = (*card.labels, *fusion.whole_labels, *fusion.crop_labels)
    apart = max(map(_calibrations_apart, kept, (*made.mean, *made.whole, *made.crop)))
    if apart > SAME:
        raise NotTheseDataError(f"{card.name}: the calibrations of the study in {folder} differ by {apart:.2g}")
    say(f"{card.name}: the study gives the card's calibrations to {apart:.1g}")
    sections = read_study_json(folder / STUDY_NAME, study=ADULT)["sections"]
    limits = [line for line in card.limits if not line.startswith(BEGINNINGS)]
    return card.changed(
        {
            "version": WORDS.version,
            "labels": made.mean,
            "limits": (*limits, *limits_of_study(sections)),
            "fusion": fusion.changed({"whole_labels": made.whole, "crop_labels": made.crop}),
        }
    )


def _calibrations_apart(one: Label, other: Label) -> float:
    """The largest difference of slope or intercept; infinite for two labels."""
    if one.name != other.name:
        return math.inf
    pairs = ((one.calibration.slope, other.calibration.slope), (one.calibration.intercept, other.calibration.intercept))
    return max(abs(mine - others) for mine, others in pairs)


def _check_split(bundle: Bundle, *, found: str) -> None:
    if found != bundle.card.training.split_sha256:
        raise NotTheseDataError(
            f"{bundle.card.name}: the data give the split {found[:12]}…, its card names "
            f"{(bundle.card.training.split_sha256 or 'none')[:12]}…: not the images of its training"
        )


def look_of_folder(folder: Path, *, bundle: Bundle) -> dict[str, LabelResult]:
    """The rows of a look at a test that `hilum evaluate` left in `folder`, by label.

    Raises `NotTheseDataError` where the look was not of this bundle's graph.
    """
    look = json.loads((folder / LOOK_NAME).read_text(encoding="utf-8"))
    if not is_of(look, bundle=bundle):
        raise NotTheseDataError(f"{bundle.card.name}: the look in {folder} was of another model")
    predictions = read_predictions(folder / PREDICTIONS)
    judged = with_bundle_points(
        judge(predictions), predictions=predictions, card=bundle.card, validation={}, prevalence=None
    )
    rows = {}
    for column, one in enumerate(judged.whole.labels):
        known = ~np.isnan(predictions.truth[:, column])
        if one.auroc is None or one.decisions is None:
            continue
        sensitivity, specificity = (one.decisions.measures[name] for name in ("sensitivity", "specificity"))
        if sensitivity is None or specificity is None:
            continue
        rows[one.label] = LabelResult(
            set=look_in_words(look),
            is_test=True,
            n=one.n,
            positives=one.positives,
            auroc=one.auroc.value,
            auroc_ci=one.auroc.interval,
            sensitivity=sensitivity.value,
            sensitivity_ci=sensitivity.interval,
            specificity=specificity.value,
            specificity_ci=specificity.interval,
            baseline=look.get("baseline"),
            baseline_auroc=look.get("baseline_auroc"),
            calibration=calibration_on_card(
                predictions.truth[known, column],
                probabilities=predictions.scores[known, column],
                patients=[name for name, there in zip(predictions.patient, known, strict=True) if there],
            ),
        )
    return rows


def look_of_ledger(ledger: Path, *, bundle: Bundle) -> dict[str, LabelResult]:
    """The rows of the newest look at each label that was of this bundle's graph; they have no block of calibration."""
    rows = {}
    for look in (one.fields for one in looks(read_ledger(ledger))):
        label = str(look.get("label"))
        known = all(look.get(name) is not None for name in ("auroc", "sensitivity", "specificity"))
        if known and is_of(look, bundle=bundle) and label in bundle.card.label_names:
            names = ("n", "positives", "auroc", "auroc_ci", "baseline", "baseline_auroc")
            names += ("sensitivity", "sensitivity_ci", "specificity", "specificity_ci")
            fields = {name: look.get(name) for name in names}
            rows[label] = LabelResult.model_validate({"set": look_in_words(look), "is_test": True, **fields})
    return rows


def is_of(look: Mapping[str, Any], *, bundle: Bundle) -> bool:
    """Whether a look of the ledger was one with this bundle's card or graph."""
    return look.get("bundle_sha256") == bundle.sha256 or look.get("graph_sha256") == bundle.card.files[GRAPH]


def look_in_words(look: Mapping[str, Any]) -> str:
    """What the row is called on the card."""
    return f"a test, looked at on {str(look['date'])[:10]}: {look['protocol']}"


def write_shipped(remade: Remade, *, bundle: Bundle, folder: Path) -> None:
    """Write the bundle as it ships, files packed, after loading the whole as a reader would.

    A graph that lies packed is taken over to the byte.
    """
    files = {name: bundle.read(name) for name in bundle.card.files} | dict(remade.seen)
    card = remade.card.changed({"files": file_hashes(files)})
    with TemporaryDirectory() as scratch:
        write_bundle(Path(scratch) / "bundle", card=card, files=files)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        packed, before = folder / f"{name}{PACKED_SUFFIX}", bundle.folder / f"{name}{PACKED_SUFFIX}"
        if name == TRAINING_IMAGES or not before.is_file():
            packed.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
        elif packed != before:
            shutil.copyfile(before, packed)
    (folder / CARD_NAME).write_bytes(card_bytes(card))


def remake(bundle: Bundle, *, data: Path, looks: Mapping[str, LabelResult], study: Path | None = None) -> Remade:
    """The shipped bundle's card and training images, made of the releases in `data`; `study` is the adult's."""
    if bundle.card.gate is not None:
        return remake_gate(bundle, data=data)
    if bundle.card.lungs is not None:
        return remake_lungs(bundle, data=data)
    if bundle.card.fusion is not None:
        return remake_adult(bundle, data=data, looks=looks, study=study)
    records = read_kermany(data / "kermany" / "chest_xray")
    return remake_classifier(bundle, recipe=pneumonia_lungs(RandomWeights()), records=records, looks=looks)


def main(words: Sequence[str]) -> int:
    """Write every named bundle again, or all; 1 where one could not be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="shipped bundles; all by default")
    parser.add_argument("--data", type=Path, default=DATA, help="where the releases lie")
    parser.add_argument("--out", type=Path, default=SHIPPED_FOLDER, help="where the bundles go")
    parser.add_argument("--look", action="append", default=[], metavar="NAME=FOLDER", help="an evaluation of a test")
    parser.add_argument("--study", type=Path, help="the folder of `hilum study chest-adult` that made the adult's")
    parser.add_argument("--ledger", type=Path, default=ROOT / LEDGER_NAME)
    asked = parser.parse_args(words)
    folders = dict(pair.split("=", 1) for pair in asked.look)
    left = 0
    for bundle in shipped_bundles():
        name = bundle.card.name
        if asked.names and name not in asked.names:
            continue
        try:
            if name in folders:
                looks = look_of_folder(Path(folders[name]), bundle=bundle)
            else:
                looks = look_of_ledger(asked.ledger, bundle=bundle)
            remade = remake(bundle, data=asked.data, looks=looks, study=asked.study)
        except NotTheseDataError as error:
            say(f"{error}; left as it is")
            left = 1
            continue
        write_shipped(remade, bundle=bundle, folder=asked.out / bundle.folder.name)
        say(f"{name}: wrote {asked.out / bundle.folder.name}")
    return left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
