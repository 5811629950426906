import json
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_kermany import fabricate_kermany
from fabricate_nih_chests import fabricate_nih_chests
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.split import Split
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14_local
from hilum.systems.paediatric.run_study import FoldOptions
from hilum.systems.paediatric.transfer import study_transfer, transfer_recipes, with_share
from hilum.systems.pneumonia.recipe import pneumonia
from hilum.training.recipe import FromStage
from hilum.training.records.request import StudyRequest
from hilum.training.study_fold import Fold


def small(make):
    return lambda start: replace(make(start), backbone="squeezenet1_1", dropout=0.0)


def test_both_arms_learn_the_children_alike_and_one_learns_adults_first() -> None:
    direct, both = transfer_recipes(chest14_local(RandomWeights()), pneumonia(RandomWeights()))
    assert direct.last.start == RandomWeights()
    assert [stage.name for stage in both.stages] == ["adult", "children"]
    assert both.last == replace(direct.last, start=FromStage(stage="adult"))
    assert both.stages[0].labels == chest14_local(RandomWeights()).last.labels
    assert direct.preprocess == both.preprocess


def test_a_share_of_the_children_is_of_whole_patients_and_leaves_the_other_parts(tmp_path: Path) -> None:
    records = [one for one in read_kermany(fabricate_kermany(tmp_path, train=40)) if one.official == "train"]
    train = tuple(one for one in records if int(one.sha256, 16) % 4)
    people = {one.patient for one in train}
    rest = tuple(one for one in records if one.patient not in people)
    fold = Fold(name="fold 0", split=Split({"train": train, "test": rest}, "toy"), protocol="toy")
    few = with_share(fold, percent=30)
    kept = few.split.parts["train"]
    assert len(kept) == pytest.approx(0.3 * len(train), abs=2)
    assert {one.labels["Pneumonia"] for one in kept} == {0.0, 1.0}
    left = {one.patient for one in train} - {one.patient for one in kept}
    assert not left & {one.patient for one in kept}
    assert sum(one.patient in left for one in train) + len(kept) == len(train)
    assert few.split.parts["test"] == rest
    assert "30% of the training images, by patient" in few.split.protocol


@pytest.mark.slow
def test_the_study_runs_and_judges_the_official_train_folder_alone(tmp_path: Path) -> None:
    fabricate_nih_chests(tmp_path / "nih")
    fabricate_kermany(tmp_path / "kermany", train=60)
    data = (("nih", tmp_path / "nih"), ("kermany", tmp_path / "kermany"))
    out = tmp_path / "out"
    request = StudyRequest(name="paediatric-transfer-local", data=data, out=out, weights="random", smoke=True)
    study_transfer(small(chest14_local), small(pneumonia), request=request, own=FoldOptions(folds=2))
    one = read_predictions(out / "predictions" / "adult-10.parquet")
    assert all(image.startswith("train/") for image in one.image)
    shared = (out / "before" / "adult" / "adult" / "weights.safetensors").read_bytes()
    assert (out / "fold-1" / "adult-100" / "adult" / "weights.safetensors").read_bytes() == shared
    found = json.loads((out / "study.json").read_text())
    assert list(found["arms"]) == ["direct-10", "adult-10", "direct-30", "adult-30", "direct-100", "adult-100"]
    assert found["settings"]["arms.direct-10.percent"] == 10
    counts = {arm: json.loads((out / "fold-0" / arm / "fold.json").read_text())["counts"] for arm in found["arms"]}
    assert counts["direct-10"] == counts["adult-10"]
    assert counts["direct-10"]["train"] < counts["direct-30"]["train"] < counts["direct-100"]["train"]
    assert len({each["validation"] for each in counts.values()}) == 1
