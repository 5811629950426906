import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fabricate_bundle import ToyBundle
from fabricate_kermany import fabricate_kermany
from hilum.datasets.kermany import read_kermany
from hilum.errors import DataError, OutputError
from hilum.evaluation.look import look_at_test
from hilum.reading.reader import Reader


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return fabricate_kermany(tmp_path_factory.mktemp("kermany"), train=3, test=10)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return ToyBundle(operating_point=0.8).write(tmp_path_factory.mktemp("bundles") / "toy")


def test_a_look_judges_the_test_images_only_and_is_in_the_ledger(release, bundle, tmp_path):
    ledger = tmp_path / "LEDGER.jsonl"
    records = read_kermany(release)
    (judged,) = look_at_test(records, bundle=bundle, ledger=ledger)
    test = [record for record in records if record.official == "test"]
    probability = [Reader(models=[bundle]).read(record.path).findings[0].probability for record in test]
    truth = [record.labels["Pneumonia"] for record in test]
    assert judged.table.n == len(test) == 20
    assert judged.table.positives == 10
    assert judged.table.auroc.value == pytest.approx(roc_auc_score(truth, probability))
    called = np.array(probability) >= 0.8
    assert judged.table.sensitivity.value == pytest.approx(called[np.array(truth) == 1].mean())
    (line,) = [json.loads(text) for text in ledger.read_text().splitlines()]
    assert line["bundle_sha256"] == bundle.sha256
    assert (line["n"], line["positives"], line["operating_point"]) == (20, 10, 0.8)
    assert line["brier"] == judged.brier
    assert line["calibration_in_words"] == judged.calibration.in_words
    assert line["auroc_ci"][0] <= line["auroc"] <= line["auroc_ci"][1]
    assert len(line["split_sha256"]) == 64


def test_two_looks_are_two_lines_with_one_split_hash(release, bundle, tmp_path):
    for _ in range(2):
        look_at_test(read_kermany(release), bundle=bundle, ledger=tmp_path / "LEDGER.jsonl")
    lines = [json.loads(text) for text in (tmp_path / "LEDGER.jsonl").read_text().splitlines()]
    assert len(lines) == 2
    assert lines[0]["split_sha256"] == lines[1]["split_sha256"]


def test_a_look_that_cannot_be_recorded_gives_no_result(release, bundle, tmp_path):
    with pytest.raises(OutputError):
        look_at_test(read_kermany(release), bundle=bundle, ledger=tmp_path / "missing" / "LEDGER.jsonl")


def test_records_without_an_official_test_are_refused(release, bundle, tmp_path):
    train = [record for record in read_kermany(release) if record.official == "train"]
    with pytest.raises(DataError, match="official test split, came none"):
        look_at_test(train, bundle=bundle, ledger=tmp_path / "LEDGER.jsonl")


def test_a_test_image_that_cannot_be_read_stops_the_look(bundle, tmp_path):
    folder = fabricate_kermany(tmp_path / "chest_xray", train=1, test=2)
    next((folder / "test" / "NORMAL").glob("*.jpeg")).write_bytes(b"torn")
    with pytest.raises(DataError, match="every test image to be readable"):
        look_at_test(read_kermany(folder), bundle=bundle, ledger=tmp_path / "LEDGER.jsonl")
    assert not (tmp_path / "LEDGER.jsonl").exists()
