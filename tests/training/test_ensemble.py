"""Two tiny networks trained to one bundle, which reads as their mean, and goes on where it was stopped."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from fabricate_recipe import fabricate_labelled_table, tiny_ensemble, tiny_stage
from hilum.bundle.load import load_bundle
from hilum.bundle.seen_images import seen_images_of
from hilum.datasets.own.own_table import read_own_table
from hilum.errors import DataError, UsageError
from hilum.evaluation.bundles.run_folder import load_run, split_of
from hilum.reading.reader import Reader
from hilum.statistics.auroc import auroc
from hilum.training.classifier_arm import logits_of
from hilum.training.data.make_split import make_splits
from hilum.training.ensemble import ClassifierOptions, train_ensemble
from hilum.training.loop import stages
from hilum.training.loop.stages import load_stage
from hilum.training.recipe.recipe import FromStage, SplitSpec
from hilum.training.records.request import TrainRequest

RECIPE = tiny_ensemble(epochs=2)
NAMES = ("squeezenet", "mobilenet")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate_labelled_table(tmp_path_factory.mktemp("table"), patients=40)


def request(data: Path, *, out: Path, **more: object) -> TrainRequest:
    return TrainRequest(name="tiny-ensemble", data=(("table", data),), out=out, weights="random", **more)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    asked = request(data, out=out, cache=out.parent / "cache")
    assert train_ensemble(RECIPE, request=asked, own=ClassifierOptions(title="Two", licence="CC0 1.0")) is not None
    return out


@pytest.mark.slow
def test_the_card_says_what_each_member_is_and_what_all_read(run: Path, data: Path) -> None:
    card = load_bundle(run / "bundle").card
    assert (card.name, card.kind, card.title) == ("tiny-ensemble", "ensemble", "Two")
    assert card.architecture == "ensemble of squeezenet1_1, mobilenet_v2"
    assert card.ensemble is not None
    said = [(one.name, one.architecture, one.starting_weights, one.seed) for one in card.ensemble.members]
    assert [each[:2] for each in said] == [("squeezenet", "squeezenet1_1"), ("mobilenet", "mobilenet_v2")]
    assert [each[3] for each in said] == [3, 7]
    assert card.training.seed == 3
    assert card.training.recipe["members.mobilenet.backbone"] == "mobilenet_v2"
    assert card.training.starting_weights == "; ".join(f"{name}: {start}" for name, _, start, _ in said)
    assert card.weights_licence.startswith("Weights: CC0 1.0, trained on ")
    split = make_splits(RECIPE.members[0], records=read_own_table(data))["train"]
    assert card.training.split_sha256 == split.sha256
    seen = seen_images_of(load_bundle(run / "bundle"))
    for found, part in ((seen.train, "train"), (seen.validation, "validation")):
        assert {row.tobytes().hex() for row in found.files} == {r.sha256[:16] for r in split.parts[part]}
    (label, *_) = card.labels
    assert label.results[0].set == "validation", "the test is not looked at"


@pytest.mark.slow
def test_the_bundle_reads_as_the_mean_of_the_trained_networks_and_is_fitted_on_it(run: Path, data: Path) -> None:
    validation = make_splits(RECIPE.members[0], records=read_own_table(data))["train"].parts["validation"]
    alone = []
    for member in RECIPE.members:
        network = load_stage(member, stage=member.last, folder=run / "members" / member.name).network
        preparation = request(data, out=run).place.preparation
        alone.append(logits_of(network, records=validation, recipe=member, preparation=preparation))
    expected = logit(expit(np.array(alone, np.float64)).mean(axis=0))
    bundle = load_bundle(run / "bundle")
    reader = Reader(models=[bundle])
    for row, record in enumerate(validation[:8]):
        for column, finding in enumerate(reader.read(record.path).findings):
            assert finding.logit == pytest.approx(expected[row, column], abs=0.02)
            found = [member.logit for member in finding.members]
            assert [member.name for member in finding.members] == list(NAMES)
            assert found == pytest.approx([logits[row, column] for logits in alone], abs=0.02)
    for column, label in enumerate(bundle.card.labels):
        truth = np.array([record.labels.get(label.name, np.nan) for record in validation])
        known = ~np.isnan(truth)
        assert label.results[0].auroc == pytest.approx(auroc(truth[known], scores=expected[known, column]), abs=0.02)


@pytest.mark.slow
def test_a_run_goes_on_and_does_not_train_what_has_ended(
    run: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    fit = stages.fit_stage

    def fit_once(recipe, **named):
        trained.append(recipe.name)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return fit(recipe, **named)

    monkeypatch.setattr(stages, "fit_stage", fit_once)
    asked = request(data, out=tmp_path / "out", cache=run.parent / "cache")
    with pytest.raises(KeyboardInterrupt):
        train_ensemble(RECIPE, request=asked)
    assert trained == list(NAMES)
    assert train_ensemble(RECIPE, request=asked) is not None
    assert trained == [*NAMES, "mobilenet"]
    for name in NAMES:
        weights = Path("members") / name / "train" / "weights.safetensors"
        assert (asked.out / weights).read_bytes() == (run / weights).read_bytes(), "as an unbroken run"
    with pytest.raises(UsageError, match=r"its members\.squeezenet\.stages\.train\.epochs is 2, here 3"):
        train_ensemble(tiny_ensemble(epochs=3), request=asked)
    assert train_ensemble(RECIPE, request=asked) is not None, "only loads what lies there"
    assert len(trained) == 3


@pytest.mark.slow
def test_the_run_is_one_that_evaluation_knows(run: Path, data: Path) -> None:
    found = load_run(run)
    split = split_of(found, records=read_own_table(data))
    assert set(split.parts) == {"train", "validation", "test"}
    assert set(json.loads((run / "run.json").read_text())["stage_splits"]) == {f"{name}.train" for name in NAMES}


def test_members_whose_earlier_stages_learn_from_what_is_judged_are_refused(data: Path, tmp_path: Path) -> None:
    first, second = RECIPE.members
    before = tiny_stage(name="before", split=SplitSpec(shares={"train": 0.3, "validation": 0.7}))
    other = replace(second, stages=(before, tiny_stage(start=FromStage(stage="before"), epochs=2)))
    with pytest.raises(DataError, match="would learn from a patient or image that train is judged on"):
        train_ensemble(replace(RECIPE, members=(first, other)), request=request(data, out=tmp_path / "out"))
    assert not (tmp_path / "out" / "run.json").exists()
