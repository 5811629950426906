"""`hilum study attention-local` by a smoke run on fabricated chests, to its page."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fabricate_nih_chests import fabricate_nih_chests
from hilum.datasets.releases.chestxray14 import read_chestxray14
from hilum.errors import UsageError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import preprocess
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.attention.fit import about_of, new_network
from hilum.systems.attention.recipe import attention_local, smoke
from hilum.systems.attention.run_study import LocalPairOptions
from hilum.systems.table import study
from hilum.training.loop.checkpoints import load_weights
from hilum.training.records.request import StudyRequest

pytestmark = pytest.mark.slow

PAIRS = ("squeezenet1_1", "squeezenet1_1+resnet18")
OWN = LocalPairOptions(pairs=",".join(PAIRS), folds=2)


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> StudyRequest:
    folder = tmp_path_factory.mktemp("attention")
    data = fabricate_nih_chests(folder / "data")
    asked = StudyRequest(
        name="attention-local", data=(("nih", data),), out=folder / "out", weights="random", smoke=True
    )
    study(asked, own=OWN)
    return asked


def test_the_page_has_every_branch_the_vote_and_the_papers_tables(request_: StudyRequest) -> None:
    found = json.loads((request_.out / "study.json").read_text())
    assert found["smoke"] is True
    assert list(found["arms"]) == [
        *(f"{pair}-{head}" for pair in PAIRS for head in ("whole", "crop", "fused")),
        "vote-of-all",
    ]
    assert list(found["sections"]["branches"]) == list(PAIRS)
    for pair in PAIRS:
        crops = found["sections"]["crops"][pair]
        assert crops["pictures"] == found["ours"]["n"]
        assert 0 < crops["shares"] <= crops["pictures"]
    assert found["sections"]["printed"]["above_all_other_works"]["under their own diseases"] == ["Hernia"]
    assert "view" in found["groups"]
    assert "squeezenet1_1 + resnet18" in found["protocol"]
    assert len(found["claims"]) == 2 + 2 + 4
    page = (request_.out / "study.html").read_text()
    assert "0.8067" in page
    assert "SMOKE" in page
    assert not any(path.suffix in (".png", ".jpg") for path in request_.out.rglob("*") if "figures" not in path.parts)


def test_no_official_test_image_is_judged_and_every_other_once(request_: StudyRequest) -> None:
    ((_, folder),) = request_.data
    official = {record.image for record in read_chestxray14(folder) if record.official == "test"}
    judged = read_predictions(request_.out / "predictions" / f"{PAIRS[0]}-fused.parquet").image
    assert official.isdisjoint(judged)
    assert len(set(judged)) == len(judged) > 0


def test_each_head_says_what_its_network_says_calibrated_label_by_label(request_: StudyRequest) -> None:
    ((_, folder),) = request_.data
    records = {record.image: record for record in read_chestxray14(folder)}
    pair = replace(attention_local(RandomWeights()), backbone="squeezenet1_1", crop_backbone="resnet18")
    recipe = smoke(pair)
    network = new_network(recipe)
    state, _ = load_weights(request_.out / "fold-0" / PAIRS[1] / "train" / "weights.safetensors")
    network.load_state_dict(state)
    for head in ("whole", "crop", "fused"):
        said = read_predictions(request_.out / "fold-0" / f"{PAIRS[1]}-{head}.parquet")
        own = [records[image] for image in said.image]
        pictures = [
            preprocess(decode(read_file(one.path), name=one.image).pixels, spec=recipe.preprocess) for one in own
        ]
        with torch.inference_mode():
            looks = network.eval()(torch.from_numpy(np.stack([one.array for one in pictures])), about_of(own))
        logits = getattr(looks, head).double().numpy()
        for column in range(logits.shape[1]):
            calibrated = np.log(said.scores[:, column] / (1 - said.scores[:, column]))
            slope, intercept = np.polyfit(logits[:, column], calibrated, 1)
            assert calibrated == pytest.approx(slope * logits[:, column] + intercept, abs=1e-3)


def test_the_vote_is_the_mean_of_both_fusions(request_: StudyRequest) -> None:
    kept = request_.out / "predictions"
    mean = np.mean([read_predictions(kept / f"{pair}-fused.parquet").scores for pair in PAIRS], axis=0)
    assert read_predictions(kept / "vote-of-all.parquet").scores == pytest.approx(mean)


def test_it_goes_on_where_it_was_and_refuses_the_folder_of_another(request_: StudyRequest) -> None:
    weights = request_.out / "fold-1" / PAIRS[0] / "train" / "weights.safetensors"
    before = weights.stat().st_mtime_ns
    study(replace(request_, tables_only=True), own=OWN)
    assert weights.stat().st_mtime_ns == before
    with pytest.raises(UsageError, match="holds another run"):
        study(request_, own=replace(OWN, pairs=PAIRS[0]))


def test_a_network_that_is_none_is_refused_before_anything_is_read(request_: StudyRequest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Unknown backbone"):
        study(replace(request_, out=tmp_path / "none"), own=replace(OWN, pairs="nothing50"))
    assert not (tmp_path / "none").exists()
