"""The studies of children's chests by smoke runs on a fabricated miniature of VinDr-PCXR, in DICOM."""

import json
from pathlib import Path

import numpy as np
import pytest

from fabricate_children import fabricate_children
from fabricate_releases import fabricate_chexpert_to_train
from hilum.errors import UsageError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.systems.paediatric.run_study import FoldOptions, NetworkOptions, study_ensemble
from hilum.systems.table import study
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
    study(request("paediatric-losses", made=made, out=tmp_path), own=SMALL)
    found = json.loads((tmp_path / "study.json").read_text())
    assert found["smoke"] is True
    assert list(found["arms"]) == ["bce", "weighted", "focal", "db", "modified-db"]
    assert found["paper"]["mean"]["modified-db"] == 0.683
    assert {one["key"]: one["paper_holds"] for one in found["claims"]} == {
        f"mean-modified-db-over-{other}": True for other in ("bce", "weighted", "focal", "db")
    }
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
    study(request("paediatric-losses", made=made, out=tmp_path, tables_only=True), own=SMALL)
    assert times(tmp_path) == before
    with pytest.raises(UsageError, match="holds another run"):
        study(request("paediatric-losses", made=made, out=tmp_path), own=NetworkOptions(folds=2, backbone="resnet18"))


def test_adults_are_learnt_once_for_all_folds_by_a_policy_that_the_protocol_names(made: Path, tmp_path: Path) -> None:
    study(request("paediatric-starts", made=made, out=tmp_path, adults=True), own=SMALL)
    found = json.loads((tmp_path / "study.json").read_text())
    assert list(found["arms"]) == ["random", "imagenet", "chexpert"]
    assert "uncertain labels of CheXpert: 0.7, not mentioned: zeros" in found["protocol"]
    shared = (tmp_path / "before" / "chexpert" / "adult" / "weights.safetensors").read_bytes()
    taken = [tmp_path / fold / "chexpert" / "adult" / "weights.safetensors" for fold in ("fold-0", "fold-1")]
    assert [path.read_bytes() == shared for path in taken] == [True, True]
    assert not (tmp_path / "fold-0" / "chexpert" / "adult" / "last.ckpt").exists()
    assert "the stage adult, its linear layer anew" in (tmp_path / "fold-0" / "chexpert" / "fold.json").read_text()


def test_the_mean_of_networks_is_that_of_their_probabilities(made: Path, tmp_path: Path) -> None:
    """Of small networks; the paper's three differ in nothing but their names."""
    arms = {"squeezenet1_1": "small", "mobilenet_v2": "larger"}
    asked = request("paediatric-ensemble", made=made, out=tmp_path, adults=True)
    study_ensemble(request=asked, own=FoldOptions(folds=2), networks=arms)
    scores = [read_predictions(tmp_path / "predictions" / f"{arm}.parquet").scores for arm in arms]
    mean = read_predictions(tmp_path / "predictions" / "ensemble.parquet").scores
    assert np.allclose(mean, np.mean(scores, axis=0))
    found = json.loads((tmp_path / "study.json").read_text())
    assert found["paper"]["auroc"]["Pneumonia"]["ensemble"] == 0.802
    assert list(found["sections"]["decisions"]) == [*arms, "ensemble"]
