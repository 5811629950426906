import pytest

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import LABEL, read_kermany
from hilum.errors import DataError, UsageError
from hilum.networks.starting_weights import RandomWeights, WeightsFile
from hilum.systems.pneumonia.recipe import pneumonia, pneumonia_lungs
from hilum.systems.pneumonia.shift.arms import BACTERIA, TODAY, VIRUS, chosen_shift_arms, shift_arms, with_kinds
from hilum.training.recipe.settings import flat_values


@pytest.fixture(scope="module")
def arms():
    return shift_arms(RandomWeights())


def differing(arm, other):
    one, two = flat_values(arm.recipe), flat_values(other.recipe)
    return {key for key in one.keys() | two.keys() if one.get(key) != two.get(key)}


def test_todays_arm_is_the_recipe_but_for_parts_and_epochs(arms):
    today, shipped = flat_values(arms[TODAY].recipe), flat_values(pneumonia(RandomWeights()))
    changed = {key for key in today.keys() | shipped.keys() if today.get(key) != shipped.get(key)}
    assert {key.removeprefix("stages.train.").split(".")[0] for key in changed} == {
        "split", "epochs", "selection", "assessment",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("weak", "augmentation"),
        ("blur", "augmentation"),
        ("rescale", "augmentation"),
        ("exposure", "augmentation"),
        ("border", "augmentation"),
        ("soft", "augmentation"),
        ("sampled", "sampler"),
        ("equalised", "preprocess"),
        ("small", "preprocess"),
        ("longer", "epochs"),
        ("mixup", "mixup"),
        ("crop", "crop_lungs"),
        ("lite0", "backbone"),
        ("lite1", "backbone"),
        ("lite2", "backbone"),
        ("kinds", "labels"),
        ("matched", ""),
        ("lungs", "lung_pooling"),
    ],
)
def test_each_arm_differs_from_todays_in_one_thing(arms, name, keys):
    found = {key.removeprefix("stages.train.").split(".")[0] for key in differing(arms[name], arms[TODAY])}
    assert found == ({keys} if keys else set())
    assert (arms[name].change is not None) == (name in {"matched", "kinds"})
    assert arms[name].settings != arms[TODAY].settings


def test_the_arms_with_one_part_of_todays_augmentation_have_all_of_it_together(arms):
    today, weak = (flat_values(arms[name].recipe) for name in (TODAY, "weak"))
    parts = [differing(arms[name], arms["weak"]) for name in ("blur", "rescale", "exposure", "border")]
    assert all(flat_values(arms["blur"].recipe)[key] == today[key] for key in parts[0])
    assert sum(map(len, parts)) == len(set().union(*parts)), "no setting belongs to two"
    left = {key for key in today if today[key] != weak[key]} - set().union(*parts)
    assert {key.rpartition(".")[2] for key in left} == {"noise"}


def test_the_recipe_that_ships_is_an_arm_but_for_parts_and_epochs(arms):
    arm, shipped = flat_values(arms["lungs-alone-sampled"].recipe), flat_values(pneumonia_lungs(RandomWeights()))
    changed = {key for key in arm.keys() | shipped.keys() if arm.get(key) != shipped.get(key)}
    assert {key.removeprefix("stages.train.").split(".")[0] for key in changed} == {
        "split", "epochs", "selection", "assessment",
    }  # fmt: skip


def test_the_arms_inside_the_lungs_are_one_change_apart(arms):
    assert differing(arms["lungs-fine"], arms["lungs"]) == {"output_stride"}
    assert differing(arms["lungs-matched"], arms["lungs-fine"]) == set()
    assert differing(arms["lungs-alone"], arms["lungs-fine"]) == {"lung_pooling.hide_outside"}
    assert differing(arms["lungs-alone-matched"], arms["lungs-alone"]) == set()
    assert (arms["lungs-matched"].change, arms["lungs-matched"].changed) == (
        arms["matched"].change, arms["matched"].changed,
    )  # fmt: skip


@pytest.mark.parametrize("by", ["penalty", "attention"])
def test_the_arms_that_are_taught_lungs_differ_from_todays_in_that_and_in_cells(arms, by):
    found = {key.split(".")[0] for key in differing(arms[f"lungs-{by}"], arms[TODAY])}
    assert found == {"lung_guidance", "output_stride"}
    assert arms[f"lungs-{by}"].recipe.lung_guidance.by == by


def test_the_pupil_learns_as_the_lungs_alone_do_from_what_others_say(arms):
    assert differing(arms["distilled"], arms["lungs-alone"]) == set()
    assert arms["distilled"].teachers == tuple(arms[n] for n in ("lungs-fine", "lungs-alone", "lungs-alone-matched"))
    assert arms["distilled"].settings != arms["lungs-alone"].settings


@pytest.mark.parametrize("name", ["efficientnet_lite0.pth", "efficientnet-lite0-57934424.pth"])
def test_another_networks_weights_are_looked_for_by_its_name(tmp_path, name):
    (tmp_path / "resnet18.pth").touch()
    with pytest.raises(DataError, match="has no starting weights of efficientnet_lite0"):
        shift_arms(RandomWeights(), starts=tmp_path)
    (tmp_path / name).touch()
    found = shift_arms(RandomWeights(), starts=tmp_path)["lite0"].recipe.last.start
    assert found == WeightsFile(tmp_path / name)


def test_arms_are_named_with_commas(arms):
    assert [arm.name for arm in chosen_shift_arms("weak, today,weak", arms=arms)] == ["weak", "today"]
    assert [arm.name for arm in chosen_shift_arms("all", arms=arms)] == list(arms)


@pytest.mark.parametrize(("named", "came"), [("weak,magic", "given: magic"), (" , ", "given: none")])
def test_an_arm_that_is_none_is_refused(arms, named, came):
    with pytest.raises(UsageError, match=came):
        chosen_shift_arms(named, arms=arms)


def test_the_kinds_of_pneumonia_are_those_of_the_file_names(tmp_path):
    records = with_kinds(read_kermany(fabricate_kermany(tmp_path, train=4, test=2)))
    for one in records:
        assert one.labels[BACTERIA] == float("bacteria" in one.image)
        assert one.labels[VIRUS] == float("virus" in one.image)
        assert one.labels[BACTERIA] + one.labels[VIRUS] == one.labels[LABEL]
