"""What trained arms say of training images, in the place of their labels."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import LABEL, read_kermany
from hilum.errors import UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.shift.arms import ShiftArm, shift_arms
from hilum.systems.pneumonia.shift.teachers import check_teachers, taught_by
from hilum.training.data.images import IN_MEMORY
from hilum.training.loop.checkpoints import WEIGHTS, save_weights
from hilum.training.loop.stages import new_network


def trained(arm: ShiftArm, *, folder: Path, says: float) -> ShiftArm:
    """The arm with weights in `folder` whose logit is `says` for every picture."""
    stage = arm.recipe.last
    network = new_network(arm.recipe, stage=stage)
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.fill_(says)
    (folder / arm.name / stage.name).mkdir(parents=True)
    about = {"started_from": "nothing"}
    save_weights(folder / arm.name / stage.name / WEIGHTS, state=network.state_dict(), about=about)
    return arm


@pytest.fixture(scope="module")
def arms() -> dict[str, ShiftArm]:
    return shift_arms(RandomWeights())


def test_a_target_is_half_the_label_and_half_the_teachers_mean_probability(
    arms: dict[str, ShiftArm], tmp_path: Path
) -> None:
    records = [one for one in read_kermany(fabricate_kermany(tmp_path / "x", train=4, test=2)) if one.labels]
    teachers = [trained(arms["today"], folder=tmp_path, says=2.0), trained(arms["weak"], folder=tmp_path, says=-1.0)]
    found = taught_by(records, teachers=teachers, folder=tmp_path, preparation=IN_MEMORY)
    mean = (1 / (1 + torch.e**-2.0) + 1 / (1 + torch.e**1.0)) / 2
    expected = [(one.labels[LABEL] + mean) / 2 for one in records]
    assert [one.labels[LABEL] for one in found] == pytest.approx(expected, abs=1e-6)
    assert len(set(expected)) == 2
    assert [replace(one, labels={}) for one in found] == [replace(one, labels={}) for one in records]


def test_without_teachers_labels_stay(arms: dict[str, ShiftArm], tmp_path: Path) -> None:
    records = read_kermany(fabricate_kermany(tmp_path / "x", train=2, test=1))
    assert taught_by(records, teachers=(), folder=tmp_path, preparation=IN_MEMORY) == tuple(records)


def test_teachers_must_be_done_or_stand_before(arms: dict[str, ShiftArm], tmp_path: Path) -> None:
    pupil = arms["distilled"]
    check_teachers([*pupil.teachers, pupil], folder=tmp_path)
    trained(arms["lungs-alone"], folder=tmp_path, says=0.0)
    with pytest.raises(UsageError, match=r"--arms lungs-fine,lungs-alone-matched,distilled$"):
        check_teachers([pupil], folder=tmp_path)
    check_teachers([arms["today"]], folder=tmp_path)
