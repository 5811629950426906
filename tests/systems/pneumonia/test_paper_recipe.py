import torch
from torch.nn import functional

from hilum.networks.starting_weights import RandomWeights
from hilum.systems.pneumonia.arms import FEW, paper_arms
from hilum.systems.pneumonia.paper import PAPER
from hilum.systems.pneumonia.paper_recipe import paper_recipe
from hilum.training.recipe.optimizers import Sgd


def test_the_recipe_is_the_papers_table_of_options():
    stage = paper_recipe(RandomWeights()).last
    assert (stage.epochs, stage.batch_size, stage.validate_every, stage.selection.patience) == (2, 128, 10, 3)
    assert stage.optimizer == Sgd(learning_rate=0.01, momentum=0.9, weight_decay=1e-4)
    assert (stage.selection.keep, stage.selection.monitor, stage.flip_probability) == ("last", "loss", 0.0)
    assert paper_recipe(RandomWeights()).backbone == "mobilenet_v2"


def test_one_logit_is_the_softmax_of_two_and_its_gradient_half_of_their_differences():
    two = torch.tensor([[0.3, -0.7], [1.2, 2.0]], requires_grad=True)  # healthy, ill
    targets = torch.tensor([1, 0])
    one = (two[:, 1] - two[:, 0]).detach().requires_grad_()
    soft = functional.cross_entropy(two, targets)
    single = functional.binary_cross_entropy_with_logits(one, targets.float())
    assert torch.isclose(soft, single)
    assert torch.allclose(torch.softmax(two, 1)[:, 1], torch.sigmoid(one))
    soft.backward()
    single.backward()
    moved = two.grad[:, 1] - two.grad[:, 0]
    assert torch.allclose(moved, 2 * one.grad), "a step of both outputs moves their difference twice as far"


def test_the_papers_arms_differ_in_their_start_alone():
    random, imagenet = paper_arms(RandomWeights())
    assert random.settings == imagenet.settings, "given random weights, nothing else differs"
    assert [grouping.split()[1] for grouping in random.settings["groupings"]] == [
        "enlarged", "upside", "rotated", "mirrored",
    ]  # fmt: skip
    assert random.small.groupings == FEW
    assert random.small.recipe.last.epochs == 2
    assert set(PAPER.columns) == {random.name, imagenet.name}
