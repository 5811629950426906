"""Shipped cards are written again from the shipped graphs: results anew, decisions as they were, images by hash."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from fabricate_bundle import ToyBundle
from fabricate_fusion import write_fusion
from fabricate_kermany import fabricate_kermany
from fabricate_nih_chests import fabricate_nih_chests
from fabricate_run import LABELS, fabricate_run
from fabricate_study import fabricate_arms
from hilum.bundle.card import Training
from hilum.bundle.label import LabelResult
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.save import write_bundle
from hilum.bundle.seen_images import seen_images_of
from hilum.datasets.records.record import Record
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.split import Split
from hilum.evaluation.bundles.evaluate import EvaluationSettings, evaluate_part
from hilum.evaluation.bundles.part import official_part
from hilum.evaluation.predictions.predictions_file import write_predictions
from hilum.evaluation.study.as_json import SCHEMA
from hilum.evaluation.study.folder import fold_folder
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest_adult.labels import adult_labels
from hilum.systems.chest_adult.limits import FLATTERS
from hilum.systems.chest_adult.looks import read_looks
from hilum.systems.pneumonia.recipe import pneumonia
from hilum.training.data.make_split import make_splits
from hilum.training.recipe.recipe import Recipe


@pytest.fixture(scope="module")
def script(docs_script: Callable[[str], ModuleType]) -> ModuleType:
    return docs_script("make_cards")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    return read_kermany(fabricate_kermany(tmp_path_factory.mktemp("kermany") / "chest_xray", train=12, test=4))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    made = pneumonia(RandomWeights())
    shares = {"train": 0.4, "calibration": 0.3, "operating point": 0.3}
    return replace(made, stages=(replace(made.last, split=replace(made.last.split, shares=shares)),))


def trained(folder: Path, *, split_sha256: str) -> Bundle:
    toy = ToyBundle(operating_point=0.6)
    training = Training.model_validate({**toy.card().training.model_dump(), "split_sha256": split_sha256})
    return write_bundle(folder, card=toy.card().model_copy(update={"training": training}), files=toy.files())


@pytest.fixture(scope="module")
def bundle(recipe: Recipe, records: tuple[Record, ...], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    split = make_splits(recipe, records=records)["train"]
    return trained(tmp_path_factory.mktemp("bundle") / "toy", split_sha256=split.sha256)


def test_rows_and_images_are_new_and_what_decides_stays(script, bundle, recipe, records, tmp_path) -> None:
    remade = script.remake_classifier(bundle, recipe=recipe, records=records, looks={})
    script.write_shipped(remade, bundle=bundle, folder=tmp_path / "out")
    written = load_bundle(tmp_path / "out")
    (before,), (after,) = bundle.card.labels, written.card.labels
    assert (after.calibration, after.operating_point) == (before.calibration, before.operating_point)
    assert written.read("model.onnx") == bundle.read("model.onnx")
    split = make_splits(recipe, records=records)["train"]
    assert [(row.set, row.n) for row in after.results] == [
        ("validation, calibration part", len(split.parts["calibration"])),
        ("validation, operating-point part", len(split.parts["operating point"])),
        ("validation, operating-point part, softened", len(split.parts["operating point"])),
    ]
    assert all(row.calibration is not None for row in after.results)
    seen = seen_images_of(written)
    assert seen is not None
    assert {row.tobytes().hex() for row in seen.train.files} == {r.sha256[:16] for r in split.parts["train"]}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "card.json", "model.onnx.gz", "training-images.bin.gz",
    }  # fmt: skip


def test_the_adults_card_keeps_its_studys_rows_and_gets_its_images_and_a_look(script, tmp_path) -> None:
    data = tmp_path / "data"
    records = [one for one in read_chestxray14(fabricate_nih_chests(data / "nih", patients=6)) if not one.held_out]
    card = write_fusion(tmp_path / "toy").card
    row = LabelResult(
        set="cross-validated", n=9, positives=4, auroc=0.8, auroc_ci=None, sensitivity=0.5, sensitivity_ci=None,
        specificity=0.6, specificity_ci=None,
    )  # fmt: skip
    old = row.changed({"set": "a test, looked at before", "is_test": True})
    changed = card.changed(
        {
            "labels": tuple(label.changed({"results": (row, old)}) for label in card.labels),
            "training": card.training.changed({"split_sha256": Split({"train": tuple(records)}, "all").sha256}),
        }
    )
    files = {name: load_bundle(tmp_path / "toy").read(name) for name in card.files}
    bundle = write_bundle(tmp_path / "made", card=changed, files=files)
    look = row.changed({"set": "a test, looked at now", "is_test": True})
    remade = script.remake(bundle, data=data, looks={"Edema": look})
    edema, pneumonia_label = remade.card.labels
    assert [one.set for one in edema.results] == ["cross-validated", "a test, looked at now"]
    assert [one.set for one in pneumonia_label.results] == ["cross-validated"]
    script.write_shipped(remade, bundle=bundle, folder=tmp_path / "out")
    seen = seen_images_of(load_bundle(tmp_path / "out"))
    assert seen is not None
    assert {one.tobytes().hex() for one in seen.train.files} == {record.sha256[:16] for record in records}
    assert (tmp_path / "out" / "lungs.onnx.gz").is_file()
    (data / "nih" / "images" / records[0].path.name).unlink()
    with pytest.raises(script.NotTheseDataError, match="not the images of its training"):
        script.remake(bundle, data=data, looks={})


def test_an_adults_card_of_before_cross_fitting_says_that_its_figures_flatter_and_stays_else(script, tmp_path) -> None:
    card = write_fusion(tmp_path / "toy").card.changed({"version": "1.1.0"})
    told = script.with_caution(card)
    assert told.limits == (*card.limits, FLATTERS)
    assert told == card.changed({"version": "1.1.1", "limits": told.limits})
    assert script.with_caution(told) == told


def test_the_adults_card_gets_labels_and_limits_of_the_study_whose_calibrations_it_holds(script, tmp_path) -> None:
    arms = fabricate_arms(
        strength={"local": 1.2, "crop": 0.9, "mean": 1.6}, labels=("Edema", "Pneumonia"), patients=400, rare=0.2
    )
    for arm, one in arms.items():
        write_predictions(one, path=tmp_path / "predictions" / f"{arm}.parquet")
    folds = dict.fromkeys(sorted(set(arms["mean"].split)), "0" * 64)
    (tmp_path / "run.json").write_text(json.dumps({"smoke": False, "settings": {}, "stage_splits": folds}))
    inside = {name: {"n": 0, "median": None} for name in ("Edema", "Pneumonia")}
    sections = {"earned": {}, "inside_lungs": inside}
    (tmp_path / "study.json").write_text(json.dumps({"schema": SCHEMA, "study": "chest-adult", "sections": sections}))
    by = {"method": "platt", "slope": 1.5, "intercept": -0.5}
    for name in folds:
        for arm in ("local", "crop"):
            folder = tmp_path / fold_folder(name, folder=tmp_path).name / arm
            folder.mkdir(parents=True)
            kept = {"calibrations": dict.fromkeys(("Edema", "Pneumonia"), by), "inside": {}}
            (folder / "look.json").write_text(json.dumps(kept))
    made = adult_labels(arms, looks=read_looks(tmp_path, folds=tuple(folds)))
    card = write_fusion(tmp_path / "toy").card
    older = tuple(label.changed({"operating_point": None, "results": ()}) for label in made.mean)
    card = card.changed(
        {
            "labels": older,
            "limits": ("Weak.", "Among images of view AP: an older card's words.", FLATTERS),
            "fusion": card.fusion.changed({"whole_labels": made.whole, "crop_labels": made.crop}),
        }
    )
    found = script.with_study(card, folder=tmp_path)
    assert found.labels == made.mean
    assert found.labels[0].results[0].set == "cross-validated"
    assert found.limits == ("Weak.",)
    first = older[0].changed({"calibration": older[0].calibration.changed({"slope": 9.0})})
    with pytest.raises(script.NotTheseDataError, match=r"the calibrations of the study in .* differ by"):
        script.with_study(card.changed({"labels": (first, *older[1:])}), folder=tmp_path)


def test_other_images_than_those_of_the_training_are_refused(script, recipe, records, tmp_path) -> None:
    other = trained(tmp_path / "toy", split_sha256="ab" * 32)
    with pytest.raises(script.NotTheseDataError, match=r"its card names abababababab…"):
        script.remake_classifier(other, recipe=recipe, records=records, looks={})


def test_a_refit_is_compared_with_the_card(script) -> None:
    label = ToyBundle(operating_point=0.6).card().labels[0]
    assert "gives the card's calibration and operating point" in script.refit_in_words(label, again=label)
    moved = label.model_copy(update={"operating_point": 0.6001})
    assert "differs in operating point by 0.0001" in script.refit_in_words(label, again=moved)
    assert "differs" in script.refit_in_words(label, again=label.model_copy(update={"operating_point": None}))


def test_a_look_is_taken_from_its_folder_or_from_the_ledger_and_of_this_graph_alone(script, tmp_path) -> None:
    made = fabricate_run(tmp_path, patients=30)
    bundle = load_bundle(made.run / "bundle")
    part = official_part(made.records, bundle=bundle, name="test")
    evaluated = evaluate_part(
        bundle, part=part, run=None, folder=tmp_path / "out", ledger=tmp_path / "LEDGER.jsonl",
        settings=EvaluationSettings(replicates=100, gallery=False), progress=lambda done, count: None,
    )  # fmt: skip
    rows = script.look_of_folder(tmp_path / "out", bundle=bundle)
    judged = {one.label: one for one in evaluated.judged.judgement.whole.labels}
    assert set(rows) == set(LABELS) - {"Hernia"}
    for label, row in rows.items():
        assert (row.n, row.auroc) == (judged[label].n, judged[label].auroc.value)
        assert row.is_test
        assert row.calibration is not None
    intent, result = (json.loads(line) for line in (tmp_path / "LEDGER.jsonl").read_text().splitlines())
    assert intent["graph_sha256"] == bundle.card.files["model.onnx"]
    ledger = tmp_path / "other.jsonl"
    numbers = {"n": 20, "positives": 9, "auroc": 0.9, "auroc_ci": [0.8, 1.0]}
    numbers |= {f"{name}{end}": v for name in ("sensitivity", "specificity") for end, v in (("", 0.5), ("_ci", None))}
    one = {**result, **numbers, "label": "Effusion"}
    again = {**intent, "look": "again"}, {**one, "look": "again", "auroc": 0.91}
    ledger.write_text("\n".join(json.dumps(each) for each in (intent, one, *again)) + "\n")
    assert script.look_of_ledger(ledger, bundle=bundle)["Effusion"].auroc == 0.91
    renamed = ToyBundle(operating_point=0.7).write(tmp_path / "another")
    assert script.look_of_ledger(ledger, bundle=renamed) == {}
    with pytest.raises(script.NotTheseDataError, match="another model"):
        script.look_of_folder(tmp_path / "out", bundle=renamed)
