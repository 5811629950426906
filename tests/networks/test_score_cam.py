"""Score-CAM against the paper's definition written out, channel by channel."""

import numpy as np
import torch

from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Geometry
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.score_cam import score_cam

SIDE = 48


def test_each_channel_weighs_what_the_network_says_through_it() -> None:
    torch.manual_seed(3)
    network = PooledClassifier("squeezenet1_1", labels=2).eval()
    torch.nn.init.normal_(network.head.weight, 0.0, 0.5)
    picture = torch.randn(1, 3, SIDE, SIDE)
    with torch.no_grad():
        features = network.features(picture)[0].numpy()
        channels, high, wide = features.shape
        scale = Geometry(SIDE / wide, SIDE / high, 0.0, 0.0)
        said = []
        for channel in features:
            large = onto_pixels(channel, geometry=scale, rows=SIDE, columns=SIDE)
            mask = (large - large.min()) / (np.ptp(large) + 1e-8)
            said.append(network(picture * torch.from_numpy(mask.astype(np.float32))).numpy()[0])
    scores = np.array(said, np.float64)
    weights = np.exp(scores - scores.max(axis=0))
    weights /= weights.sum(axis=0)
    expected = np.maximum(np.einsum("kl,khw->lhw", weights, features), 0)
    found = score_cam(network, picture).numpy()
    assert found.shape == (2, high, wide)
    np.testing.assert_allclose(found, expected, atol=1e-3 * expected.max())
    assert channels == 512
