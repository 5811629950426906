import json

import pytest

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_predictions import fabricate_predictions
from hilum.errors import DataError, OutputError
from hilum.evaluation.asked_part import AskedPart
from hilum.evaluation.bundle_points import with_bundle_points
from hilum.evaluation.judge import judge
from hilum.evaluation.ledger_look import LOOK_NAME, record_look

PART = AskedPart(
    name="test", records=(), protocol="official part test", split_sha256="a" * 64, is_test=True, validation={}
)


def looked(tmp_path, *, labels=("Effusion",), seed=0):
    name = f"toy{len(labels)}"
    folder = tmp_path / name
    network = ToyNetwork.random(labels=len(labels))
    bundle = (ToyBundle(network=network, labels=labels, name=name)).write(folder) if not folder.exists() else None
    if bundle is None:
        from hilum.bundle.load import load_bundle

        bundle = load_bundle(folder)
    predictions = fabricate_predictions(labels=labels, seed=seed)
    judgement = with_bundle_points(
        judge(predictions, replicates=100), predictions=predictions, card=bundle.card, validation={}, prevalence=None
    )
    return bundle, judgement


def lines(ledger):
    return [json.loads(line) for line in ledger.read_text().splitlines()]


def test_one_label_leaves_the_line_that_the_readme_shows(tmp_path):
    bundle, judgement = looked(tmp_path)
    ledger = tmp_path / "LEDGER.jsonl"
    assert record_look(judgement, bundle=bundle, part=PART, folder=tmp_path / "out", ledger=ledger) == 1
    (line,) = lines(ledger)
    one = judgement.whole.labels[0]
    assert (line["label"], line["n"], line["positives"]) == ("Effusion", judgement.whole.n, one.positives)
    assert (line["auroc"], line["auroc_ci"]) == (one.auroc.value, list(one.auroc.interval))
    assert line["sensitivity"] == one.decisions.measures["sensitivity"].value
    assert line["operating_point"] == 0.5
    slope = one.calibration.fit.slope
    assert (line["calibration_slope"], line["calibration_slope_ci"]) == (slope.value, list(slope.interval))
    assert (line["brier"], line["ece"]) == (one.brier, one.ece)
    assert line["calibration_in_words"] == one.calibration.in_words
    assert (line["bundle_sha256"], line["split_sha256"]) == (bundle.sha256, PART.split_sha256)


def test_many_labels_are_one_look(tmp_path):
    bundle, judgement = looked(tmp_path, labels=("Atelectasis", "Effusion"))
    ledger = tmp_path / "LEDGER.jsonl"
    record_look(judgement, bundle=bundle, part=PART, folder=tmp_path / "out", ledger=ledger)
    (line,) = lines(ledger)
    assert line["label"] == "mean of 2 of 2 labels"
    assert line["auroc"] == judgement.whole.mean_auroc.value
    assert line["auroc of Effusion"] == judgement.whole.labels[1].auroc.value


def test_the_same_folder_is_the_same_look_and_another_is_not(tmp_path):
    bundle, judgement = looked(tmp_path)
    ledger = tmp_path / "LEDGER.jsonl"
    counts = [
        record_look(judgement, bundle=bundle, part=PART, folder=tmp_path / folder, ledger=ledger)
        for folder in ("one", "one", "two", "one")
    ]
    assert counts == [1, 1, 2, 2]


def test_a_look_that_another_ledger_lacks_is_written_there(tmp_path):
    bundle, judgement = looked(tmp_path)
    for name in ("first.jsonl", "second.jsonl"):
        record_look(judgement, bundle=bundle, part=PART, folder=tmp_path / "out", ledger=tmp_path / name)
    assert len(lines(tmp_path / "second.jsonl")) == 1


def test_a_ledger_that_cannot_be_written_refuses_the_look(tmp_path):
    bundle, judgement = looked(tmp_path)
    with pytest.raises(OutputError, match="append the look"):
        record_look(judgement, bundle=bundle, part=PART, folder=tmp_path / "out", ledger=tmp_path / "no" / "L.jsonl")
    assert not (tmp_path / "out" / LOOK_NAME).exists()


def test_a_look_file_that_is_none_is_named(tmp_path):
    bundle, judgement = looked(tmp_path)
    (tmp_path / LOOK_NAME).write_text("not json")
    with pytest.raises(DataError, match=r"look\.json"):
        record_look(judgement, bundle=bundle, part=PART, folder=tmp_path, ledger=tmp_path / "L.jsonl")
