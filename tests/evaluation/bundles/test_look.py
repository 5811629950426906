import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_predictions import fabricate_predictions
from hilum.bundle.load import Bundle
from hilum.errors import DataError, OutputError
from hilum.evaluation.bundles.ledger import broken_links
from hilum.evaluation.bundles.look import LOOK_NAME, Looks, begin_look, end_look, record_predictions, result_fields
from hilum.evaluation.bundles.part import AskedPart
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.judgement import Judgement
from hilum.evaluation.judging.operating_points import with_bundle_points
from hilum.evaluation.predictions.predictions import Predictions

PART = AskedPart(
    name="test", records=(), protocol="official part test", split_sha256="a" * 64, is_test=True, validation={},
    cautions=("one caution",),
)  # fmt: skip


def toy(folder: Path, *, labels: tuple[str, ...] = ("Effusion",), seed: int = 0) -> Bundle:
    return ToyBundle(network=ToyNetwork.random(labels=len(labels), seed=seed), labels=labels).write(folder)


def judged(predictions: Predictions, *, bundle: Bundle) -> Judgement:
    return with_bundle_points(
        judge(predictions, replicates=100), predictions=predictions, card=bundle.card, validation={}, prevalence=None
    )


def look(bundle: Bundle, *, folder: Path, ledger: Path, part: AskedPart = PART, seed: int = 0) -> Looks:
    """A whole look of the toy at made-up predictions."""
    folder.mkdir(exist_ok=True)
    begin_look(bundle=bundle, part=part, folder=folder, ledger=ledger)
    predictions = fabricate_predictions(labels=bundle.card.label_names, seed=seed)
    return end_look(
        judged(predictions, bundle=bundle), predictions=predictions, bundle=bundle, folder=folder, ledger=ledger
    )


def record(judgement: Judgement, *, predictions: Predictions, name: str, ledger: Path) -> Looks | None:
    """As `hilum judge` does."""
    found = result_fields(judgement, predictions=predictions)
    return record_predictions(predictions, found=found, name=name, ledger=ledger)


def lines(ledger: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ledger.read_text().splitlines()]


def test_a_look_is_an_intent_and_the_result_that_the_readme_shows(tmp_path: Path) -> None:
    bundle, ledger = toy(tmp_path / "toy"), tmp_path / "LEDGER.jsonl"
    assert look(bundle, folder=tmp_path / "out", ledger=ledger) == Looks(ledger, 1, 1)
    intent, result = lines(ledger)
    assert (intent["kind"], result["kind"], intent["look"]) == ("intent", "result", result["look"])
    assert (intent["bundle_sha256"], intent["split_sha256"]) == (bundle.sha256, PART.split_sha256)
    graph = (bundle.folder / "model.onnx").read_bytes()
    assert intent["graph_sha256"] == hashlib.sha256(graph).hexdigest()
    assert intent["cautions"] == ["one caution"]
    predictions = fabricate_predictions(labels=("Effusion",))
    one = judged(predictions, bundle=bundle).whole.labels[0]
    positives = int(np.nansum(predictions.truth))
    assert (result["label"], result["n"], result["positives"]) == ("Effusion", predictions.n, positives)
    assert one.auroc is not None
    assert result["auroc"] == one.auroc.value
    assert one.decisions is not None
    assert result["sensitivity"] == one.decisions.measures["sensitivity"].value
    assert one.calibration is not None
    assert result["calibration_in_words"] == one.calibration.in_words
    assert broken_links(ledger) == ()
    kept = json.loads((tmp_path / "out" / LOOK_NAME).read_text())
    assert (kept["graph_sha256"], kept["auroc"]) == (intent["graph_sha256"], result["auroc"])


def test_many_labels_are_one_look(tmp_path: Path) -> None:
    bundle, ledger = toy(tmp_path / "toy", labels=("Atelectasis", "Effusion")), tmp_path / "LEDGER.jsonl"
    look(bundle, folder=tmp_path / "out", ledger=ledger)
    result = lines(ledger)[-1]
    judgement = judged(fabricate_predictions(), bundle=bundle)
    assert judgement.whole.mean_auroc is not None
    assert (result["label"], result["auroc"]) == ("mean of 2 of 2 labels", judgement.whole.mean_auroc.value)


def test_the_same_folder_is_the_same_look_and_another_is_not(tmp_path: Path) -> None:
    bundle, ledger = toy(tmp_path / "toy"), tmp_path / "LEDGER.jsonl"
    counts = [look(bundle, folder=tmp_path / name, ledger=ledger).count for name in ("one", "one", "two", "one")]
    assert counts == [1, 1, 2, 2]
    assert len(lines(ledger)) == 4


def test_another_model_or_split_in_the_same_folder_is_another_look(tmp_path: Path) -> None:
    ledger, folder = tmp_path / "LEDGER.jsonl", tmp_path / "out"
    first, second = toy(tmp_path / "a"), toy(tmp_path / "b", seed=1)
    look(first, folder=folder, ledger=ledger)
    assert look(second, folder=folder, ledger=ledger).count == 2
    assert look(second, folder=folder, ledger=ledger, part=replace(PART, split_sha256="b" * 64)).count == 3


def test_a_card_that_is_written_anew_does_not_hide_the_network(tmp_path: Path) -> None:
    ledger, first = tmp_path / "LEDGER.jsonl", toy(tmp_path / "a")
    renamed = ToyBundle(
        network=ToyNetwork.random(labels=1, seed=0), labels=("Effusion",), name="renamed"
    ).write(tmp_path / "b")  # fmt: skip
    assert renamed.sha256 != first.sha256
    look(first, folder=tmp_path / "one", ledger=ledger)
    assert look(renamed, folder=tmp_path / "two", ledger=ledger) == Looks(ledger, 2, 2)
    assert look(toy(tmp_path / "c", seed=1), folder=tmp_path / "three", ledger=ledger) == Looks(ledger, 3, 1)


def test_a_look_from_before_there_were_intents_is_known_again(tmp_path: Path) -> None:
    bundle, ledger, folder = toy(tmp_path / "toy"), tmp_path / "LEDGER.jsonl", tmp_path / "out"
    old = json.dumps({"bundle_sha256": bundle.sha256, "split_sha256": PART.split_sha256, "auroc": 0.9})
    folder.mkdir()
    for path in (ledger, folder / LOOK_NAME):
        path.write_text(old + "\n")
    assert look(bundle, folder=folder, ledger=ledger) == Looks(ledger, 1, 1)
    assert ledger.read_text() == old + "\n"


def test_a_look_that_another_ledger_lacks_is_written_there(tmp_path: Path) -> None:
    bundle = toy(tmp_path / "toy")
    for name in ("first.jsonl", "second.jsonl"):
        look(bundle, folder=tmp_path / "out", ledger=tmp_path / name)
    assert [line["kind"] for line in lines(tmp_path / "second.jsonl")] == ["intent", "result"]


def test_a_ledger_that_cannot_be_written_refuses_the_look(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Cannot record this evaluation"):
        look(toy(tmp_path / "toy"), folder=tmp_path / "out", ledger=tmp_path / "no" / "L.jsonl")
    assert not (tmp_path / "out" / LOOK_NAME).exists()


@pytest.mark.parametrize("content", ["not json", "[1]"])
def test_a_look_file_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    bundle = toy(tmp_path / "toy")
    (tmp_path / LOOK_NAME).write_text(content)
    with pytest.raises(DataError, match=r"look\.json"):
        begin_look(bundle=bundle, part=PART, folder=tmp_path, ledger=tmp_path / "L.jsonl")


def test_predictions_that_are_judged_are_a_look_and_judged_again_the_same(tmp_path: Path) -> None:
    ledger, predictions = tmp_path / "L.jsonl", fabricate_predictions(split="Official_Test")
    judgement = judge(predictions, replicates=100)
    found = [record(judgement, predictions=predictions, name="a.parquet", ledger=ledger) for _ in range(2)]
    assert found == [Looks(ledger, 1, 1)] * 2
    turned = predictions.take(np.arange(predictions.n)[::-1])
    assert record(judgement, predictions=turned, name="b.parquet", ledger=ledger) == Looks(ledger, 1, 1)
    other = replace(predictions, scores=predictions.scores / 2)
    assert record(judgement, predictions=other, name="a.parquet", ledger=ledger) == Looks(ledger, 2, 1)
    assert [(line["kind"], line["judged"]) for line in lines(ledger)] == [("look", "a.parquet")] * 2


def test_what_was_evaluated_is_no_second_look_when_it_is_judged(tmp_path: Path) -> None:
    bundle, ledger = toy(tmp_path / "toy"), tmp_path / "L.jsonl"
    look(bundle, folder=tmp_path / "out", ledger=ledger)
    predictions = fabricate_predictions(labels=("Effusion",))
    judgement = judge(predictions, replicates=100)
    assert record(judgement, predictions=predictions, name="p", ledger=ledger) == Looks(ledger, 1, 1)


@pytest.mark.parametrize("changes", [{"split": "validation"}, {"smoke": True}])
def test_validation_and_smoke_predictions_are_no_look(tmp_path: Path, changes: dict[str, Any]) -> None:
    smoke = changes.pop("smoke", False)
    predictions = replace(fabricate_predictions(**changes), smoke=smoke)
    judgement = judge(predictions, replicates=100)
    assert record(judgement, predictions=predictions, name="p", ledger=tmp_path / "L.jsonl") is None
    assert not (tmp_path / "L.jsonl").exists()
