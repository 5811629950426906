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
from hilum.evaluation.study.as_json import SCHEMA
from hilum.networks.starting_weights import RandomWeights
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


def test_the_adults_card_gets_what_the_kept_study_says_of_views_only_where_the_figures_are_its_own(
    script, tmp_path
) -> None:
    card = write_fusion(tmp_path / "toy").card
    row = LabelResult(
        set="cross-validated", n=9, positives=4, auroc=0.8, auroc_ci=None, sensitivity=0.5, sensitivity_ci=None,
        specificity=0.6, specificity_ci=None,
    )  # fmt: skip
    labels = tuple(label.changed({"results": (row,)}) for label in card.labels)
    card = card.changed({"labels": labels, "limits": ("Weak.", "Among images of view AP: an older card's words.")})
    told = {"n": 9, "positives": 4, "auroc": 0.8, "auroc_ci": [0.6, 0.9]}
    by_view = {"Edema": {"PA": told, "AP": told}, "Pneumonia": {"PA": told}}
    kept = {name: {"auroc": 0.8, "earned": True, "by_view": views} for name, views in by_view.items()}
    result = tmp_path / "study.json"
    study = {"schema": SCHEMA, "study": "chest-adult", "sections": {"earned": kept, "inside_lungs": {}}}
    result.write_text(json.dumps(study))
    found = script.with_kept_study(card, result=result)
    for labels in (found.labels, found.fusion.whole_labels):
        assert [[one.view for one in label.not_reliable_in] for label in labels] == [[], ["AP"]]
    assert found.limits[0] == "Weak."
    assert found.limits[1].startswith("Among images of view AP alone")
    assert len(found.limits) == 2
    kept["Edema"]["auroc"] = 0.7
    result.write_text(json.dumps(study))
    assert script.with_kept_study(card, result=result) == card
    assert script.with_kept_study(card, result=tmp_path / "none.json") == card


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
