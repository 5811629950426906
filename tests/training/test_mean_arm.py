"""The mean of networks is one model: what a bundle of them says, fold by fold calibrated as any arm."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

from fabricate_recipe import LABELS, fabricate_labelled_table, tiny_recipe
from hilum.bundle.label import PlattCalibration
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.study.read import read_study
from hilum.evaluation.study.study import Arm, Study
from hilum.networks.ensemble import EnsembleClassifier
from hilum.training.classifier_arm import logits_of
from hilum.training.data.images import IN_MEMORY
from hilum.training.loop.stages import load_stage
from hilum.training.study import classifier_arm, cross_validate, mean_arm

RECIPES = {"one": tiny_recipe(epochs=2), "two": replace(tiny_recipe(epochs=2), seed=11)}
STUDY = Study(
    name="toy", title="Toy", arms=(*(Arm(name=name, title=name) for name in RECIPES), Arm(name="mean", title="mean")),
    pairs=(("mean", "one"),), groups=(),
)  # fmt: skip


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    return read_own_table(fabricate_labelled_table(tmp_path_factory.mktemp("data"), patients=30))


def run(records: tuple[Record, ...], *, folder: Path) -> None:
    makers = [*(classifier_arm(name, recipe=recipe) for name, recipe in RECIPES.items()), mean_arm("mean", of=RECIPES)]
    cross_validate(STUDY, makers, records=records, folder=folder, seed=1, folds=2, smoke=True)


@pytest.fixture(scope="module")
def folder(records: tuple[Record, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    run(records, folder=folder)
    return folder


def as_one_model(records: tuple[Record, ...], *, fold: Path) -> np.ndarray:
    """What the ensemble of the fold's networks says of the fold's judged images, as a bundle of them would."""
    networks = [load_stage(one, stage=one.last, folder=fold / name).network for name, one in RECIPES.items()]
    recipe = RECIPES["one"]
    ensemble = EnsembleClassifier(networks, size=recipe.preprocess.output_size)
    by_name = {record.image: record for record in records}
    judged = [by_name[image] for image in read_predictions(fold / "mean.parquet").image]
    return logits_of(ensemble, records=judged, recipe=recipe, preparation=IN_MEMORY)


def test_each_fold_ranks_as_the_ensemble_of_its_networks_and_is_calibrated_as_a_model(records, folder: Path) -> None:
    for name in ("fold-0", "fold-1"):
        said, kept = as_one_model(records, fold=folder / name), read_predictions(folder / name / "mean.parquet").scores
        for column in range(len(LABELS)):
            assert np.array_equal(rankdata(kept[:, column].astype("float32")), rankdata(said[:, column]))
            logits = np.log(kept[:, column] / (1 - kept[:, column]))
            slope, intercept = np.polyfit(said[:, column], logits, 1)
            by = PlattCalibration(slope=float(slope), intercept=float(intercept))
            np.testing.assert_allclose(by.probabilities(said[:, column]), kept[:, column], atol=1e-5)
        assert (folder / name / "mean" / "validation.parquet").is_file()
    content = read_study(STUDY, folder=folder, replicates=50)
    assert content.run.calibrations == 3 * 2 * len(LABELS)


def test_it_is_not_the_mean_of_calibrated_probabilities(folder: Path) -> None:
    one, two, mean = (read_predictions(folder / "fold-0" / f"{name}.parquet").scores for name in (*RECIPES, "mean"))
    assert not np.allclose(mean, (one + two) / 2, atol=1e-3)


def test_no_setting_of_the_study_tells_of_it(folder: Path) -> None:
    settings = read_study(STUDY, folder=folder, replicates=50).run.file.settings
    assert {key.split(".")[1] for key in settings if key.startswith("arms.")} == set(RECIPES)


def test_without_the_weights_of_one_it_is_refused(records, folder: Path) -> None:
    (folder / "fold-1" / "mean.parquet").unlink()
    weights = folder / "fold-1" / "two" / "train" / "weights.safetensors"
    kept = weights.read_bytes()
    weights.unlink()
    with pytest.raises(DataError, match="holds no trained network, of which mean is a mean"):
        run(records, folder=folder)
    weights.write_bytes(kept)
    run(records, folder=folder)
    assert (folder / "fold-1" / "mean.parquet").is_file()
