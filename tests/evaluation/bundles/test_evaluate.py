import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_gate import write_gate
from fabricate_kermany import fabricate_kermany
from fabricate_run import LABELS, fabricate_run
from fabricate_study import PUBLISHED
from hilum.bundle.load import load_bundle
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import BundleError, DataError, OutputError, UsageError
from hilum.evaluation.bundles.evaluate import EvaluationSettings, evaluate_part, judge_part
from hilum.evaluation.bundles.look import record_predictions, result_fields
from hilum.evaluation.bundles.part import official_part, part_of_run
from hilum.evaluation.bundles.run_folder import load_run
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.sharpness import mean_gradient
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.imaging.decode import decode, read_file
from hilum.output.lock import FolderLock

QUICK = EvaluationSettings(replicates=100)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return fabricate_run(tmp_path_factory.mktemp("run"), patients=40)


def evaluated(made, folder, *, part="test", settings=QUICK):
    run = load_run(made.run)
    bundle = load_bundle(run.bundle_folder)
    return evaluate_part(
        bundle,
        part=part_of_run(run, records=made.records, name=part, labels=bundle.card.label_names),
        run=run,
        folder=folder,
        ledger=folder.parent / "LEDGER.jsonl",
        settings=settings,
        progress=lambda done, count: None,
    )


def test_a_test_split_gives_predictions_a_look_and_a_report(made, tmp_path):
    result = evaluated(made, tmp_path / "out")
    predictions = read_predictions(result.predictions_path)
    assert predictions.labels == LABELS
    assert predictions.split_sha256 == result.judged.judgement.split_sha256
    again = judge(predictions, replicates=100)  # what `hilum judge` says of the same file
    assert again.whole.mean_auroc == result.judged.judgement.whole.mean_auroc
    assert (result.judged.looks.count, result.judged.looks.of_model) == (1, 1)
    assert "flatter" not in result.report.page.read_text()
    intent, line = [json.loads(text) for text in (tmp_path / "LEDGER.jsonl").read_text().splitlines()]
    assert line["auroc"] == result.judged.judgement.whole.mean_auroc.value
    assert intent["split_sha256"] == load_run(made.run).file.split_sha256
    assert (tmp_path / "out" / "figures" / "training.svg").is_file()
    assert len(list((tmp_path / "out" / "gallery").iterdir())) > 3
    shift = result.judged.judgement.whole.labels[0].validation.shift
    calibration = [r.labels["Atelectasis"] for r in made.records if int(r.patient[-3:]) % 5 == 3]
    here = result.judged.judgement.whole.labels[0]
    assert shift.value == pytest.approx(here.positives / here.n - np.nanmean(calibration))


def test_a_validation_part_is_no_look(made, tmp_path):
    result = evaluated(made, tmp_path / "out", part="calibration")
    assert result.judged.looks is None
    assert not (tmp_path / "LEDGER.jsonl").exists()
    assert "so that these numbers flatter the model" in result.report.page.read_text()


def test_a_papers_table_is_shown_beside_the_bundle_that_reproduces_it_alone(made, tmp_path):
    name = load_bundle(made.run / "bundle").card.name
    for bundle, shown in ((name, True), ("another", False)):
        settings = replace(QUICK, gallery=False, published={bundle: PUBLISHED})
        result = evaluated(made, tmp_path / bundle, part="calibration", settings=settings)
        assert (PUBLISHED.source in result.report.page.read_text()) is shown
        assert (tmp_path / bundle / "tables" / "published.csv").is_file() is shown


def test_a_part_that_is_held_out_under_another_name_says_so_in_its_predictions(made, tmp_path):
    """Papers test on CheXpert's `valid`; its rows, read back, must choose nothing."""
    records = [replace(r, official="valid", held_out=True) for r in made.records if r.official == "test"]
    bundle = load_bundle(made.run / "bundle")
    result = evaluate_part(
        bundle, part=official_part(records, bundle=bundle, name="valid"), run=None, folder=tmp_path / "out",
        ledger=tmp_path / "L.jsonl", settings=QUICK, progress=lambda done, count: None,
    )  # fmt: skip
    assert result.judged.looks.count == 1
    predictions = read_predictions(result.predictions_path)
    assert set(predictions.split) == {"valid (held out)"}
    with pytest.raises(DataError, match="it is held out"):
        ValidationPredictions(predictions)
    found = result_fields(judge(predictions, replicates=100), predictions=predictions)
    looks = record_predictions(predictions, found=found, name="p", ledger=tmp_path / "L.jsonl")
    assert (looks.count, looks.of_model) == (1, 1)


def test_the_gallery_can_be_left_out(made, tmp_path):
    first = evaluated(made, tmp_path / "out")
    assert any("gallery" in str(path) for path in first.report.files)
    second = evaluated(made, tmp_path / "out", settings=replace(QUICK, gallery=False))
    assert second.judged.looks.count == 1  # the same predictions are the same look
    assert not list((tmp_path / "out" / "gallery").iterdir())
    assert "These are patients" not in second.report.page.read_text()


def test_a_smoke_run_may_not_look_at_a_test_and_is_marked_elsewhere(tmp_path):
    smoke = fabricate_run(tmp_path, patients=30, smoke=True)
    with pytest.raises(UsageError, match="A test run cannot be evaluated"):
        evaluated(smoke, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    result = evaluated(smoke, tmp_path / "out", part="calibration")
    assert result.judged.judgement.protocol.startswith("SMOKE")
    assert read_predictions(result.predictions_path).smoke
    assert json.loads((tmp_path / "out" / "report.json").read_text())["smoke"] is True


def test_a_bundle_of_a_smoke_run_is_known_by_its_card(tmp_path):
    toy = ToyBundle().write(tmp_path / "toy")
    training = toy.card.training.model_copy(update={"smoke": True})
    smoke = replace(toy, card=toy.card.model_copy(update={"training": training}))
    records = read_kermany(fabricate_kermany(tmp_path / "kermany", train=1, test=2))
    part = official_part(records, bundle=smoke, name="test")
    with pytest.raises(UsageError, match="A test run cannot be evaluated"):
        evaluate_part(
            smoke, part=part, run=None, folder=tmp_path / "out", ledger=tmp_path / "L.jsonl", settings=QUICK,
            progress=lambda done, count: None,
        )  # fmt: skip


def test_a_model_of_other_labels_is_refused_before_anything_is_read(made, tmp_path):
    bundle = ToyBundle(network=ToyNetwork.random(labels=1), labels=("Mass",)).write(tmp_path / "toy")
    part = part_of_run(load_run(made.run), records=made.records, name="test", labels=LABELS)
    with pytest.raises(DataError, match="have no label in common"):
        evaluate_part(
            bundle, part=part, run=None, folder=tmp_path / "out", ledger=tmp_path / "L.jsonl", settings=QUICK,
            progress=lambda done, count: None,
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_a_gate_is_judged_elsewhere(made, tmp_path):
    gate = write_gate(tmp_path / "gate", xray_type="chest")
    part = part_of_run(load_run(made.run), records=made.records, name="test", labels=LABELS)
    with pytest.raises(BundleError, match="only classifiers can be evaluated"):
        evaluate_part(
            gate, part=part, run=None, folder=tmp_path / "out", ledger=tmp_path / "L.jsonl", settings=QUICK,
            progress=lambda done, count: None,
        )  # fmt: skip


def test_two_evaluations_do_not_share_a_folder(made, tmp_path):
    evaluated(made, tmp_path / "out", part="calibration")
    with pytest.raises(OutputError, match="another model, split or version"):
        evaluated(made, tmp_path / "out", part="test")
    with FolderLock(tmp_path / "out"), pytest.raises(OutputError, match="Another hilum process"):
        evaluated(made, tmp_path / "out", part="calibration")


@pytest.mark.parametrize("broken", ["a folder", "a damaged line"])
def test_a_look_that_cannot_be_recorded_leaves_no_predictions(made, tmp_path, broken):
    """Every probability lay on the disk before the line could not be written."""
    if broken == "a folder":
        (tmp_path / "LEDGER.jsonl").mkdir()
    else:
        (tmp_path / "LEDGER.jsonl").write_text("{bad\n")
    with pytest.raises((OutputError, DataError), match=r"Cannot record this evaluation|is not a JSON object"):
        evaluated(made, tmp_path / "out")
    assert len((tmp_path / "out" / "predictions.jsonl").read_text().splitlines()) == 1  # whose journal it is
    assert not (tmp_path / "out" / "predictions.parquet").exists()
    assert not (tmp_path / "out" / "report.html").exists()


def test_the_intent_is_in_the_ledger_before_the_first_image_is_read(made, tmp_path, monkeypatch):
    def stopped(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("hilum.reading.reader.Reader.examine_many", stopped)
    with pytest.raises(KeyboardInterrupt):
        evaluated(made, tmp_path / "out")
    (intent,) = [json.loads(text) for text in (tmp_path / "LEDGER.jsonl").read_text().splitlines()]
    assert intent["kind"] == "intent"
    monkeypatch.undo()
    assert evaluated(made, tmp_path / "out").judged.looks.count == 1  # it goes on, and is the look that was meant
    kinds = [json.loads(text)["kind"] for text in (tmp_path / "LEDGER.jsonl").read_text().splitlines()]
    assert kinds == ["intent", "result"]


def test_an_evaluation_that_is_refused_is_no_look(made, tmp_path):
    evaluated(made, tmp_path / "out", part="calibration")
    with pytest.raises(OutputError, match="another model, split or version"):
        evaluated(made, tmp_path / "out", part="test")
    assert not (tmp_path / "LEDGER.jsonl").exists()


def test_the_baseline_stands_beside_a_model_of_one_label(tmp_path):
    records = read_kermany(fabricate_kermany(tmp_path / "kermany", train=1, test=6))
    toy = ToyBundle().write(tmp_path / "toy")
    part = official_part(records, bundle=toy, name="test")
    judged = judge_part(
        toy, part=part, folder=tmp_path, ledger=tmp_path / "L.jsonl", settings=QUICK,
        progress=lambda done, count: None,
    )  # fmt: skip
    truth = [record.labels["Pneumonia"] for record in part.records]
    soft = [-mean_gradient(decode(read_file(r.path), name=r.image).pixels) for r in part.records]
    assert judged.baseline.value == pytest.approx(roc_auc_score(truth, soft))
    result = json.loads((tmp_path / "L.jsonl").read_text().splitlines()[-1])
    assert result["baseline_auroc"] == judged.baseline.value
