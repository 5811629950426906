from dataclasses import replace

import pytest

from fabricate_calibrated import calibrated_on
from fabricate_kermany import fabricate_kermany
from fabricate_run import LABELS, fabricate_run
from hilum.bundle.load import load_bundle
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.releases.kermany import read_kermany
from hilum.evaluation.bundles.facts import evaluation_facts, filled_items
from hilum.evaluation.bundles.part import official_part, part_of_run
from hilum.evaluation.bundles.predict import predict_part
from hilum.evaluation.bundles.run_folder import load_run
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.report.checklist import checklist
from hilum.version import __version__

ON = calibrated_on(labels=("Atelectasis",))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    fabricated = fabricate_run(folder, patients=20)
    run = load_run(fabricated.run)
    bundle = load_bundle(run.bundle_folder)
    part = part_of_run(run, records=fabricated.records, name="test", labels=LABELS)
    predicted = predict_part(part, bundle=bundle, folder=folder, progress=lambda done, count: None)
    return run, bundle, part, predicted


def test_the_facts_name_data_model_training_and_software(made):
    run, bundle, part, predicted = made
    facts = {one.title: dict(one.rows) for one in evaluation_facts(bundle, part=part, predicted=predicted, run=run)}
    assert facts["Data"]["SHA-256 of the split"] == run.file.split_sha256
    assert facts["Data"]["Images judged"] == str(predicted.predictions.n)
    assert facts["Model"]["SHA-256 of the card"] == bundle.sha256
    assert facts["Model"]["Input"] == "16 x 16 pixels, 1 channel"
    assert facts["Settings of the training"]["optimizer.lr"] == "0.001"
    assert facts["Training"]["Data of the run"] == "source table, folder data, n 40"
    assert facts["Training"]["Environment: python"] == "3.11"
    assert facts["Software of this evaluation"]["hilum"] == __version__


def test_where_somebody_calibrated_the_model_anew_it_is_said(made):
    run, bundle, part, predicted = made
    rows = dict(evaluation_facts(bundle, part=part, predicted=predicted, run=run)[1].rows)
    assert rows["Calibration"] == "Platt scaling, label by label, from validation"
    anew = replace(bundle, card=bundle.card.changed({"calibrated_on": ON}))
    rows = dict(evaluation_facts(anew, part=part, predicted=predicted, run=run)[1].rows)
    assert rows["Calibration"] == "Atelectasis: fitted 2026-01-02 on a hospital: 3 images of 2 patients"


def test_no_folder_of_the_machine_is_named(made, tmp_path):
    run, bundle, part, predicted = made
    facts = evaluation_facts(bundle, part=part, predicted=predicted, run=run)
    text = " ".join(value for one in facts for _, value in one.rows)
    assert str(run.folder.parent) not in text


def test_how_many_images_were_published_is_said(tmp_path, made):
    _, bundle, _, predicted = made
    records = read_kermany(fabricate_kermany(tmp_path, train=1, test=2))
    part = official_part(records, bundle=bundle, name="test")
    facts = evaluation_facts(bundle, part=part, predicted=predicted, run=None)
    assert dict(facts[0].rows)["Source"].endswith("4 images here, 624 published as official test")


def test_filled_items_are_items_and_what_only_authors_know_is_left(made):
    run, bundle, part, predicted = made
    judgement = judge(predicted.predictions, replicates=100)
    filled = filled_items(bundle, part=part, predicted=predicted, judgement=judgement, run=run)
    left = {item.claim for item in checklist(filled) if item.filled is None}
    assert {"1", "2", "3", "5", "11", "14-18", "21", "44"} <= left
    assert "40" in left  # the card of this bundle names no limits
    assert filled["20"].startswith("patient: no patient")
    assert f"{judgement.whole.n} images of {judgement.whole.patients} patients" in filled["35"]
    assert "100 bootstrap replicates" in filled["29"]
    assert "; BCa by patient: Brier score" in filled["29"]
    assert "AUROC" not in filled["29"]  # of so few patients it has no interval
    assert filled["12"] == "a missing or uncertain truth is masked, label by label; it is never taken as negative"
    without_run = filled_items(bundle, part=part, predicted=predicted, judgement=judgement, run=None)
    assert without_run["20"] == f"as the model's card says: {bundle.card.protocol}"


def test_where_patients_are_not_known_no_disjoint_patients_are_claimed(made):
    run, bundle, part, predicted = made
    judgement = judge(predicted.predictions, replicates=100)
    unknown = [replace(record, patient_is_known=False) for record in part.records]
    judged = {record.image for record in part.records}
    others = [record for record in read_own_table(run.folder.parent / "data") if record.image not in judged]
    told = part_of_run(run, records=[*unknown, *others], name=part.name, labels=LABELS)
    filled = filled_items(bundle, part=told, predicted=predicted, judgement=judgement, run=run)
    assert filled["20"].startswith(
        "image: no byte-identical image stands in two parts (asserted); the patients of some"
    )
    elsewhere = [*part.records, *(replace(record, patient_is_known=False) for record in others)]
    assert not part_of_run(run, records=elsewhere, name=part.name, labels=LABELS).patients_known


@pytest.mark.parametrize(("source", "here"), [("chexpert", " and in the images judged"), ("table", "")])
def test_a_policy_that_takes_labels_as_negative_is_told_of(made, source, here):
    run, bundle, part, predicted = made
    judgement = judge(predicted.predictions, replicates=100)
    own = {"chexpert.uncertain": "ignore", "chexpert.not_mentioned": "zeros", "chexpert.by_label.Edema": None}
    trained = replace(run, file=run.file.model_copy(update={"settings": own}))
    judged = replace(part, records=tuple(replace(record, source=source) for record in part.records))
    filled = filled_items(bundle, part=judged, predicted=predicted, judgement=judgement, run=trained)
    assert filled["12"].startswith(
        f"labels of CheXpert by chexpert.uncertain ignore, chexpert.not_mentioned zeros, in training{here} (zeros are "
        "taken as negative"
    )
