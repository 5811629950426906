"""Every method by its name, and which network may have which."""

import numpy as np
import pytest
import torch

from hilum.errors import UsageError
from hilum.explain.class_maps import logit_contribution
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.localisation.methods import METHODS, ask, chosen_methods


def asked(name: str):
    torch.manual_seed(5)
    network = PooledClassifier(name, labels=3).eval()
    torch.nn.init.normal_(network.head.weight, 0.0, 0.3)
    side = 96 if name.startswith("densenet") else 48  # a map of more than one cell
    images = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    return ask(network, images, columns=(2, 0))


def test_every_method_gives_a_finite_map_of_each_label_that_was_asked_for() -> None:
    one = asked("squeezenet1_1")
    for name, method in METHODS.items():
        if method.densenet:
            continue
        maps = method.maps(one)
        assert maps.shape[0] == 2, name
        assert np.isfinite(maps).all(), name
        assert name == "occlusion" or maps.min() >= 0, name
    own = logit_contribution(one.features, one.weight)
    np.testing.assert_allclose(METHODS["grad-cam"].maps(one), np.maximum(own, 0), rtol=1e-6)
    assert METHODS["layer-cam-finer"].maps(one).shape[-1] > METHODS["layer-cam"].maps(one).shape[-1]
    assert METHODS["occlusion"].maps(one).shape == (2, 14, 14)


def test_a_densenet_has_the_maps_before_its_last_relu() -> None:
    one = asked("densenet121")
    maps = {name: METHODS[name].maps(one) for name in METHODS if name.startswith("pre-relu")}
    assert len(maps) == 3
    assert all(found.shape == maps["pre-relu-grad-cam"].shape and found.min() >= 0 for found in maps.values())
    assert not np.allclose(maps["pre-relu-grad-cam"], maps["pre-relu-xgrad-cam"])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["grad-cam", "grad-cam"], "each --method once"),
        (["smooth-grad"], "available: grad-cam, grad-cam"),
        (["xgrad-cam"], "Use --method grad-cam in place of xgrad-cam: .* the same picture"),
        (["pre-relu-grad-cam"], "--method pre-relu-grad-cam needs a DenseNet, not squeezenet1_1"),
    ],
)
def test_wrong_names_are_refused_in_one_line(names: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chosen_methods(names, network=PooledClassifier("squeezenet1_1", labels=1))
