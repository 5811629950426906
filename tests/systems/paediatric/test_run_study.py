"""The studies of children's chests by smoke runs on a fabricated miniature of VinDr-PCXR, in DICOM."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fabricate_children import fabricate_children
from fabricate_releases import fabricate_chexpert_to_train
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS, read_vindr_pcxr
from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import preprocess
from hilum.networks.ensemble import EnsembleClassifier
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.paediatric import cross_validation
from hilum.systems.paediatric.recipe import paediatric_db
from hilum.systems.paediatric.run_study import FoldOptions, LossesOptions, NetworkOptions, study_ensemble
from hilum.systems.table import study
from hilum.training.loop.checkpoints import save_weights
from hilum.training.loop.stages import load_stage
from hilum.training.loop.task_module import STARTED_FROM
from hilum.training.recipe.smoke import smoke_recipe
from hilum.training.records.request import StudyRequest

pytestmark = pytest.mark.slow

SMALL = NetworkOptions(folds=2, backbone="squeezenet1_1")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    fabricate_children(folder / "children")
    fabricate_chexpert_to_train(folder / "adults")
    return folder


def request(name: str, *, made: Path, out: Path, adults: bool = False, tables_only: bool = False) -> StudyRequest:
    data = [("vindr_pcxr", made / "children"), *([("chexpert", made / "adults")] if adults else [])]
    return StudyRequest(name=name, data=tuple(data), out=out, weights="random", smoke=True, tables_only=tables_only)


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix in (".safetensors", ".ckpt")}


def test_five_losses_are_trained_and_stand_beside_the_papers_table(made: Path, tmp_path: Path) -> None:
    own = LossesOptions(folds=2, backbone="squeezenet1_1")
    study(request("paediatric-losses", made=made, out=tmp_path), own=own)
    found = json.loads((tmp_path / "study.json").read_text())
    assert found["smoke"] is True
    assert list(found["arms"]) == ["bce", "weighted", "focal", "db", "modified-db"]
    assert found["paper"]["mean"]["modified-db"] == 0.683
    assert {one["key"]: one["paper_holds"] for one in found["claims"]} == {
        f"mean-modified-db-over-{other}": True for other in ("bce", "weighted", "focal", "db")
    }
    assert [one["key"] for one in found["sections"]["more_claims"]] == [
        f"f1-modified-db-over-{other}" for other in ("bce", "weighted", "focal", "db")
    ]
    settings = found["settings"]
    assert settings["arms.modified-db.stages.children.loss.alone"] == "No Finding"
    assert settings["arms.db.stages.children.loss.alone"] is None
    assert list(found["sections"]["decisions"]) == list(found["arms"])
    assert "0.368 (0.350-0.385)" in (tmp_path / "study.html").read_text()
    one = read_predictions(tmp_path / "predictions" / "modified-db.parquet")
    assert one.mean_labels is not None
    assert "No Finding" in one.mean_labels
    assert len(one.labels) == 10
    assert not any(image.startswith("test/") for image in one.image)
    before = times(tmp_path)
    study(request("paediatric-losses", made=made, out=tmp_path, tables_only=True), own=own)
    assert times(tmp_path) == before
    with pytest.raises(UsageError, match="holds another run"):
        study(request("paediatric-losses", made=made, out=tmp_path), own=replace(own, backbone="resnet18"))


def test_every_loss_can_start_from_one_network_of_adults(made: Path, tmp_path: Path) -> None:
    own = LossesOptions(folds=2, backbone="squeezenet1_1", start="adults")
    study(request("paediatric-losses", made=made, out=tmp_path, adults=True), own=own)
    found = json.loads((tmp_path / "study.json").read_text())
    assert "--start adults" in found["command"]
    assert "uncertain labels of CheXpert: 0.7, not mentioned: zeros" in found["protocol"]
    shared = (tmp_path / "before" / "adult" / "adult" / "weights.safetensors").read_bytes()
    arms = ["bce", "weighted", "focal", "db", "modified-db"]
    assert list(found["arms"]) == arms
    for arm in arms:
        for fold in ("fold-0", "fold-1"):
            assert (tmp_path / fold / arm / "adult" / "weights.safetensors").read_bytes() == shared
    settings = found["settings"]
    assert {settings[f"arms.{arm}.stages.adult.loss.kind"] for arm in arms} == {"BinaryCrossEntropy"}
    assert settings["arms.focal.stages.children.loss.kind"] == "Focal"
    assert settings["arms.modified-db.stages.children.loss.alone"] == "No Finding"


def test_adults_are_learnt_once_for_all_folds_by_a_policy_that_the_protocol_names(made: Path, tmp_path: Path) -> None:
    study(request("paediatric-starts", made=made, out=tmp_path, adults=True), own=SMALL)
    found = json.loads((tmp_path / "study.json").read_text())
    assert list(found["arms"]) == ["random", "imagenet", "chexpert"]
    assert {one["key"]: one["paper_holds"] for one in found["claims"]}["mean-imagenet-over-random"] is False
    assert "uncertain labels of CheXpert: 0.7, not mentioned: zeros" in found["protocol"]
    shared = (tmp_path / "before" / "chexpert" / "adult" / "weights.safetensors").read_bytes()
    taken = [tmp_path / fold / "chexpert" / "adult" / "weights.safetensors" for fold in ("fold-0", "fold-1")]
    assert [path.read_bytes() == shared for path in taken] == [True, True]
    assert not (tmp_path / "fold-0" / "chexpert" / "adult" / "last.ckpt").exists()
    assert "the stage adult, its linear layer anew" in (tmp_path / "fold-0" / "chexpert" / "fold.json").read_text()


def test_a_study_that_was_stopped_amid_adults_goes_on_without_its_file(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class GoesOnError(Exception):
        pass

    def trains(*_: object, **__: object) -> None:
        raise GoesOnError

    monkeypatch.setattr(cross_validation, "cross_validate", trains)
    asked = replace(request("paediatric-starts", made=made, out=tmp_path, adults=True), weights=str(tmp_path / "gone"))
    said = {STARTED_FROM: "squeezenet1_1: gone (sha256 0)"}
    folder = tmp_path / "fold-0" / "imagenet" / "children"
    save_weights(folder / "weights.safetensors", state={"a": torch.zeros(1)}, about=said)
    with pytest.raises(DataError, match="gone"):
        study(asked, own=SMALL)
    stopped = tmp_path / "before" / "chexpert" / "adult"
    stopped.mkdir(parents=True)
    torch.save(said, stopped / "last.ckpt")
    with pytest.raises(GoesOnError):
        study(asked, own=SMALL)


def test_the_mean_of_networks_is_one_model_with_its_map(made: Path, tmp_path: Path) -> None:
    """Of small networks; the paper's three differ in nothing but their names."""
    arms = {"squeezenet1_1": "small", "mobilenet_v2": "larger"}
    asked = request("paediatric-ensemble", made=made, out=tmp_path, adults=True)
    study_ensemble(request=asked, own=FoldOptions(folds=2), networks=arms)
    for fold in ("fold-0", "fold-1"):
        says, kept = (
            ensemble_by_hand(tuple(arms), made=made, fold=tmp_path / fold),
            read_predictions(tmp_path / fold / "ensemble.parquet").scores,
        )
        for column in range(len(TEN_LABELS)):
            assert np.array_equal(
                np.argsort(kept[:, column], kind="stable"), np.argsort(says[:, column], kind="stable")
            )
    found = json.loads((tmp_path / "study.json").read_text())
    assert found["paper"]["auroc"]["Pneumonia"]["ensemble"] == 0.802
    assert list(found["sections"]["decisions"]) == [*arms, "ensemble"]
    assert [one["key"] for one in found["sections"]["more_claims"]] == [
        "ensemble-best-on-pneumonia-no-finding", "ensemble-worst-on-bronchiolitis",
    ]  # fmt: skip
    shares = found["sections"]["boxes"]
    assert list(shares) == ["Other opacity", *TEN_LABELS[:2], "Bronchial thickening"]
    judged = read_predictions(tmp_path / "predictions" / "ensemble.parquet")
    for label, of_label in shares.items():
        assert list(of_label) == [*arms, "ensemble", "average box", "even map"]
        positives = int((judged.truth[:, judged.labels.index(label)] == 1).sum())
        assert {one["images"] for one in of_label.values()} == {positives}
        assert of_label["even map"]["mass"]["value"] == pytest.approx(36 * 8 / (48 * 60))
    pictures = sorted(path.name for path in (tmp_path / "boxes").iterdir())
    assert pictures[:2] == ["001_ensemble.png", "001_picture.png"]
    assert len(pictures) == 2 * 4 * 3
    assert hits_by_hand("squeezenet1_1", made=made, out=tmp_path) == pytest.approx(
        {label: of_label["squeezenet1_1"]["maximum"]["value"] for label, of_label in shares.items()}
    )
    before = times(tmp_path)
    study_ensemble(request=replace(asked, tables_only=True), own=FoldOptions(folds=2), networks=arms)
    assert times(tmp_path) == before


def ensemble_by_hand(arms: tuple[str, ...], *, made: Path, fold: Path) -> np.ndarray:
    """The logits of the networks' ensemble, whose map stands beside the boxes, for the images that the fold judged."""
    recipes = {arm: smoke_recipe(paediatric_db(RandomWeights(), backbone=arm)) for arm in arms}
    networks = [load_stage(one, stage=one.last, folder=fold / arm).network for arm, one in recipes.items()]
    spec = recipes[arms[0]].preprocess
    ensemble = EnsembleClassifier(networks, size=spec.output_size)
    records = {record.image: record for record in read_vindr_pcxr(made / "children")}
    pixels = [
        decode(read_file(records[image].path), name=image).pixels
        for image in read_predictions(fold / "ensemble.parquet").image
    ]
    with torch.inference_mode():
        return ensemble(torch.from_numpy(np.stack([preprocess(one, spec=spec).array for one in pixels]))).numpy()


def hits_by_hand(arm: str, *, made: Path, out: Path) -> dict[str, float]:
    """How often the highest cell of the arm's map lies in the box, in shares of the picture's sides."""
    hits: dict[str, list[bool]] = {}
    recipe = smoke_recipe(paediatric_db(RandomWeights(), backbone=arm))
    records = {record.image: record for record in read_vindr_pcxr(made / "children")}
    for fold in ("fold-0", "fold-1"):
        network = load_stage(recipe, stage=recipe.last, folder=out / fold / arm).network
        for image in read_predictions(out / fold / f"{arm}.parquet").image:
            for box in records[image].boxes:
                pixels = decode(read_file(records[image].path), name=image).pixels
                array = preprocess(pixels, spec=recipe.preprocess).array
                with torch.inference_mode():
                    _, maps = network.forward_with_maps(torch.from_numpy(array)[None])
                grid = maps[0, TEN_LABELS.index(box.label)].numpy()
                row, column = divmod(int(grid.argmax()), grid.shape[1])
                x, y = 48 * (column + 0.5) / grid.shape[1], 60 * (row + 0.5) / grid.shape[0]
                hit = grid.max() > 0 and 0 <= x - box.box.x < box.box.width and 0 <= y - box.box.y < box.box.height
                hits.setdefault(box.label, []).append(bool(hit))
    return {label: float(np.mean(values)) for label, values in hits.items()}
