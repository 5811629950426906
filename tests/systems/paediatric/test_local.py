import json
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_nih_chests import fabricate_nih_chests
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.errors import DataError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.chest14.recipe import chest14_local
from hilum.systems.paediatric import local
from hilum.systems.paediatric.local import LossesLocalOptions, frequent_labels, study_losses_local, with_loss, with_seed
from hilum.systems.paediatric.recipe import LOSSES
from hilum.training.records.request import StudyRequest


def test_labels_are_those_with_enough_positives_outside_the_official_test_and_no_finding(tmp_path: Path) -> None:
    records = read_chestxray14(fabricate_nih_chests(tmp_path))
    pool = [one for one in records if one.official != "test"]
    counted = {label: sum(one.labels[label] == 1.0 for one in pool) for label in pool[0].labels}
    least = sorted(counted.values())[-4]
    found = frequent_labels(records, least=least)
    assert found[-1] == "No Finding"
    assert set(found[:-1]) == {name for name, count in counted.items() if count >= least} - {"No Finding"}
    with pytest.raises(DataError, match="No finding has 1000 positives among"):
        frequent_labels(records, least=1000)


def test_arms_differ_in_loss_or_seed_alone() -> None:
    base = chest14_local(RandomWeights())
    labels = (*base.last.labels[:2], "No Finding")
    one, other = (with_loss(base, loss=LOSSES[name], labels=labels) for name in ("bce", "modified-db"))
    assert replace(one.last, loss=other.last.loss) == other.last
    again = with_seed(one, seed=2)
    assert again.seed != one.seed
    assert replace(again, seed=one.seed) == one


@pytest.mark.slow
def test_five_losses_are_ranked_and_three_of_them_trained_with_other_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "LEAST_POSITIVES", 1)
    fabricate_nih_chests(tmp_path / "nih")
    out = tmp_path / "out"
    request = StudyRequest(
        name="paediatric-losses-local", data=(("nih", tmp_path / "nih"),), out=out, weights="random", smoke=True
    )

    def make(start):
        return replace(chest14_local(start), backbone="squeezenet1_1", dropout=0.0)

    study_losses_local(make, request=request, own=LossesLocalOptions(folds=2))
    found = json.loads((out / "study.json").read_text())
    assert list(found["arms"]) == ["bce", "weighted", "focal", "db", "modified-db", "random"]
    order = found["sections"]["ranking"]["order"]
    means = [found["ours"]["mean_auroc"][name]["value"] for name in order]
    assert means == sorted(means, reverse=True)
    trained = found["trained"]
    assert (trained["trainings"], trained["not_timed"], trained["cut_short"]) == (2 * (6 + 2 * 3), 0, 0)
    seeds = found["sections"]["seeds"]
    best = [name for name in order if name != "bce"][:2]
    assert sorted(seeds["by_loss"]) == sorted(["bce", *best])
    assert seeds["by_loss"]["bce"]["mean_auroc"][0]["value"] == found["ours"]["mean_auroc"]["bce"]["value"]
    first, second = (out / f"seed-{seed}" / "fold-0" / "bce.parquet" for seed in (2, 3))
    assert (read_predictions(first).scores != read_predictions(second).scores).any()
    assert read_predictions(first).image == read_predictions(out / "fold-0" / "bce.parquet").image
