import numpy as np
import pytest

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.split import TEST, Split
from hilum.errors import DataError
from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Geometry
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.systems.pneumonia.errors import ERRORS, brightness_under, keep_errors, most_confident, read_errors
from hilum.training.study_fold import Fold, fold_predictions

SMALL = PreprocessSpec(steps=(Resize(height=32, width=32, rule="stretch"),), mean=(0.5,) * 3, std=(0.5,) * 3)


def test_brightness_is_the_weighted_mean_under_the_positive_part_less_the_plain_mean():
    pixels = np.zeros((4, 4), np.float32)
    pixels[:, 2:] = 1.0
    sides = PlacedMap(np.array([[-5.0, 2.0]], np.float32), Geometry(2.0, 4.0, 0.0, 0.0))
    # the weight rises from 0 at the centre of the left half to 2 at that of the right: 0, 1/2, 3/2, 2 in four columns
    assert brightness_under(sides, pixels=pixels) == pytest.approx(3.5 / 4.0 - 0.5)
    nothing = PlacedMap(np.array([[-5.0, -2.0]], np.float32), Geometry(2.0, 4.0, 0.0, 0.0))
    assert np.isnan(brightness_under(nothing, pixels=pixels))


@pytest.fixture(scope="module")
def fold(tmp_path_factory):
    records = read_kermany(fabricate_kermany(tmp_path_factory.mktemp("kermany"), train=4, test=4))
    judged = tuple(record for record in records if record.official == "test")
    return Fold(name="fold 0", split=Split({TEST: judged}, "by hand"), protocol="by hand")


def test_errors_are_drawn_with_heatmaps_and_all_false_alarms_are_weighed(fold, tmp_path):
    judged = fold.split.parts[TEST]
    ill = np.array([record.labels["Pneumonia"] for record in judged])
    # two healthy children are called ill, one ill child healthy
    scores = np.where(ill == 1, 0.9, 0.2)
    healthy, sick = np.flatnonzero(ill == 0), np.flatnonzero(ill == 1)
    scores[healthy[0]], scores[healthy[1]], scores[sick[0]] = 0.8, 0.95, 0.1
    says = fold_predictions(fold, scores={"any": scores[:, None]}, labels=("Pneumonia",))["any"]
    network = PooledClassifier("squeezenet1_1", labels=1).eval()
    keep_errors(network, predictions=says, fold=fold, spec=SMALL, folder=tmp_path)
    found = read_errors(tmp_path)
    assert [(one.kind, one.probability) for one in found.drawn] == [
        ("false alarm", 0.95), ("false alarm", 0.8), ("miss", 0.1),
    ]  # fmt: skip
    assert {one.patient for one in found.false_alarms} == {judged[row].patient for row in healthy[:2]}
    assert len(list((tmp_path / ERRORS).glob("*.png"))) == 6
    best = most_confident([found, found], kind="false alarm", most=3)
    assert [one.probability for _, one in best] == [0.95, 0.95, 0.8]


def test_a_folder_without_errors_is_named(tmp_path):
    with pytest.raises(DataError, match=r"errors\.json"):
        read_errors(tmp_path)
