import pytest

from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.chosen_arms import chosen_arms


@pytest.mark.parametrize(
    ("named", "count", "made"), [("paper", 2, []), ("networks", 9, []), ("all", 10, ["smote", "dcgan"])]
)
def test_each_choice_holds_the_one_before(named, count, made):
    arms, synthetic = chosen_arms(named, start=RandomWeights(), starts=None, smoke=False)
    assert len(arms) == count
    assert [one.name for one in arms][:2] == ["random", "imagenet"]
    makers = [] if synthetic is None else [maker.arms[-1] for maker in synthetic.makers]
    assert makers == made


def test_whatever_is_compared_with_another_arm_has_it():
    arms, synthetic = chosen_arms("all", start=RandomWeights(), starts=None, smoke=True)
    words = (*(one.words for one in arms), *synthetic.words)
    names = [one.arm.name for one in words]
    assert len(set(names)) == len(names) == 13
    assert {one.beside for one in words} - {""} <= set(names)
    trained = {arm for maker in synthetic.makers for arm in maker.arms}
    assert {one.arm.name for one in synthetic.words} == trained
    assert all(one.recipe.last.batch_size == 8 for one in arms), "a smoke study's arms are small"
