"""Methods of other authors: what their arms are, and a smoke run of small networks on the miniature, in DICOM."""

import json
from pathlib import Path

import numpy as np
import pytest

from fabricate_children import fabricate_children
from fabricate_releases import fabricate_chexpert_to_train
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.networks.pooled_classifier import BACKBONES
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.paediatric import paper
from hilum.systems.paediatric.methods import (
    ABOVE,
    GROUPS,
    PUBLISHED,
    Networks,
    methods_study,
    plain_recipe,
    study_methods,
    tree_recipe,
)
from hilum.systems.paediatric.run_study import FoldOptions
from hilum.systems.table import STUDIES
from hilum.training.records.request import StudyRequest

SMALL = Networks(
    own=("squeezenet1_1", "mobilenet_v2"),
    five=("squeezenet1_1", "resnet18"),
    four=("squeezenet1_1", "resnet18", "alexnet"),
    tree="squeezenet1_1",
)


def test_every_column_of_table_4_is_an_arm_and_every_network_one_that_is_there() -> None:
    study = methods_study()
    assert set(paper.ENSEMBLE.columns) <= {arm.name for arm in study.shown}
    assert set(PUBLISHED.plain) <= set(BACKBONES)
    titles = {arm.name: arm.title for arm in study.shown}
    assert titles["rahman"] == "DenseNet-201 (Rahman et al.)"
    assert titles["plain-alexnet"] == "AlexNet (Chouhan and Rahman et al.)"
    assert len(study.trained) == 11 + len(PUBLISHED.means)
    assert PUBLISHED.means["ensemble"] == ("densenet121", "densenet169", "resnet101")
    assert PUBLISHED.means["chouhan"] == (
        "plain-alexnet",
        "plain-densenet121",
        "plain-inception_v3",
        "plain-resnet18",
        "plain-googlenet",
    )


def test_every_label_of_the_ten_stands_in_the_tree_and_nothing_else_but_groups() -> None:
    assert set(ABOVE) - set(GROUPS) == set(TEN_LABELS) - {"No Finding"}
    assert set(ABOVE.values()) == {*GROUPS, "No Finding"}
    recipe = tree_recipe(RandomWeights(), backbone="densenet121")
    assert [stage.epochs for stage in recipe.stages] == [40, 40]
    assert recipe.stages[0].labels == recipe.stages[1].labels == (*TEN_LABELS, *GROUPS)


def test_pictures_are_as_each_networks_weights_learnt_them() -> None:
    for backbone, mean in (("googlenet", 0.5), ("inception_v3", 0.5), ("alexnet", 0.485)):
        spec = plain_recipe(RandomWeights(), backbone=backbone).preprocess
        assert spec.mean[0] == mean
        assert spec.output_size == (512, 512)


@pytest.mark.slow
def test_all_methods_are_trained_and_stand_beside_table_4(tmp_path: Path) -> None:
    """Of small networks; the published ones differ in nothing but their names."""
    fabricate_children(tmp_path / "children")
    fabricate_chexpert_to_train(tmp_path / "adults")
    data = (("vindr_pcxr", tmp_path / "children"), ("chexpert", tmp_path / "adults"))
    out = tmp_path / "out"
    request = StudyRequest(name="paediatric-methods", data=data, out=out, weights="random", smoke=True)
    study_methods(request=request, own=FoldOptions(folds=2), networks=SMALL)
    found = json.loads((out / "study.json").read_text())
    assert list(found["arms"])[2:] == ["ensemble", "plain-squeezenet1_1", "plain-resnet18", "rahman", "chouhan", "chen"]
    assert found["paper"]["mean"]["rahman"] == 0.649
    claims = {one["key"]: one["paper_holds"] for one in found["claims"]}
    assert [claims[f"mean-ensemble-over-{other}"] for other in ("chouhan", "rahman", "chen")] == [True] * 3
    assert found["settings"]["arms.chen.stages.conditional.loss.above.Pneumonia"] == "any pneumonia"
    page = (out / "study.html").read_text()
    assert "any disease of the airways" in page
    arms = {arm: read_predictions(out / "predictions" / f"{arm}.parquet") for arm in ("chen", "chouhan", "rahman")}
    assert {one.labels for one in arms.values()} == {TEN_LABELS}
    assert np.isfinite(arms["chen"].scores).all()
    for fold in ("fold-0", "fold-1"):  # on the fold's children, not before all folds
        assert (out / fold / "chen" / "conditional" / "weights.safetensors").is_file()
        assert "the stage conditional, with its linear layer" in (out / fold / "chen" / "fold.json").read_text()
    assert not (out / "before" / "chen").exists()


def test_it_is_a_study_by_name() -> None:
    assert STUDIES["paediatric-methods"].run is study_methods
