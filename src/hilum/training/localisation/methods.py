"""The ways of making a map of a network's label, by the names that `--method` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hilum.bundle.card import OcclusionSpec
from hilum.errors import UsageError
from hilum.evaluation.localisation.maps import Method
from hilum.explain.class_maps import grad_cam, grad_cam_plus_plus
from hilum.explain.occlusion import occlusion_maps, passes
from hilum.explain.pre_relu_maps import pre_relu_grad_cam, pre_relu_grad_cam_plus_plus, pre_relu_xgrad_cam
from hilum.networks.layer_maps import before_last_relu, finer_layer, layer_cam, layer_map
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.score_cam import score_cam

Maps = npt.NDArray[np.floating]
"""Of all labels asked for, (l, h, w)."""

_OCCLUSION = OcclusionSpec()


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One normalised picture (1, C, H, W), its network, its last feature map (K, h, w), and the labels' columns."""

    network: PooledClassifier
    images: Tensor
    features: npt.NDArray[np.float32]
    columns: tuple[int, ...]

    @property
    def weight(self) -> npt.NDArray[np.float32]:
        """The linear layer's rows of the labels asked for, (l, K)."""
        found: npt.NDArray[np.float32] = self.network.weight.detach().numpy()[list(self.columns)]
        return found


def ask(network: PooledClassifier, images: Tensor, *, columns: Sequence[int]) -> Asked:
    """The picture with its last feature map, computed once for all methods."""
    with torch.inference_mode():
        features = network.features(images)[0].numpy()
    return Asked(network, images, features, tuple(columns))


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkMethod:
    """A method, and the function that makes the maps; `densenet` says that it is of a DenseNet alone."""

    method: Method
    maps: Callable[[Asked], Maps]
    densenet: bool = False


def _before(asked: Asked) -> npt.NDArray[np.float32]:
    before = before_last_relu(asked.network, asked.images)
    if before is None:
        raise UsageError(f"A map before the last ReLU needs a DenseNet, not {asked.network.name}")
    return before[0].numpy()


def _last_layer_cam(asked: Asked) -> Maps:
    """LayerCAM of the last map, in closed form: the gradient is w_lk / n, so its positive part weighs F."""
    return grad_cam(asked.features, np.maximum(asked.weight, 0))


def _finer_layer_cam(asked: Asked) -> Maps:
    layer = finer_layer(asked.network, asked.images)
    if layer is None:
        return _last_layer_cam(asked)
    found = [layer_map(asked.network, asked.images, column=column, layer=layer) for column in asked.columns]
    return np.stack([layer_cam(one).numpy() for one in found])


def _occlusion(asked: Asked) -> Maps:
    def logits(hidden: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            found: npt.NDArray[np.float32] = asked.network(torch.from_numpy(hidden))[:, list(asked.columns)].numpy()
        return found

    picture = asked.images[0].numpy()
    return occlusion_maps(
        picture, logits=logits(picture[None])[0], ask=logits, cells=_OCCLUSION.cells, square=_OCCLUSION.square
    )


METHODS: Mapping[str, NetworkMethod] = {
    "grad-cam": NetworkMethod(
        method=Method(
            title="Grad-CAM",
            note="In closed form. XGrad-CAM is the same picture for a network that ends in average pooling and one "
            "linear layer.",
        ),
        maps=lambda asked: grad_cam(asked.features, asked.weight),
    ),
    "grad-cam++": NetworkMethod(
        method=Method(title="Grad-CAM++", note="In closed form, for the score exp(logit), without an epsilon."),
        maps=lambda asked: grad_cam_plus_plus(asked.features, asked.weight),
    ),
    "layer-cam": NetworkMethod(
        method=Method(title="LayerCAM", note="Of the last feature map, in closed form."), maps=_last_layer_cam
    ),
    "layer-cam-finer": NetworkMethod(
        method=Method(
            title="LayerCAM, finer",
            note="Of the last feature map behind a ReLU that has more cells than the last one, by gradients.",
        ),
        maps=_finer_layer_cam,
    ),
    "score-cam": NetworkMethod(
        method=Method(title="Score-CAM", note="By one pass for each channel of the last feature map."),
        maps=lambda asked: score_cam(asked.network, asked.images)[list(asked.columns)].numpy(),
    ),
    "occlusion": NetworkMethod(
        method=Method(
            title="occlusion",
            note=f"By {passes(_OCCLUSION.cells, _OCCLUSION.square)} passes: what the logit falls by where a square of "
            f"{_OCCLUSION.square} x {_OCCLUSION.square} of {_OCCLUSION.cells} x {_OCCLUSION.cells} cells is hidden.",
        ),
        maps=_occlusion,
    ),
    "pre-relu-grad-cam": NetworkMethod(
        method=Method(title="Grad-CAM before the last ReLU", note="Of a DenseNet's last norm, as Pun et al. 2021."),
        maps=lambda asked: pre_relu_grad_cam(_before(asked), asked.weight),
        densenet=True,
    ),
    "pre-relu-xgrad-cam": NetworkMethod(
        method=Method(title="XGrad-CAM before the last ReLU", note="Another picture than Grad-CAM, before the ReLU."),
        maps=lambda asked: pre_relu_xgrad_cam(_before(asked), asked.weight),
        densenet=True,
    ),
    "pre-relu-grad-cam++": NetworkMethod(
        method=Method(title="Grad-CAM++ before the last ReLU"),
        maps=lambda asked: pre_relu_grad_cam_plus_plus(_before(asked), asked.weight),
        densenet=True,
    ),
}
"""Every method by its name. XGrad-CAM of the last map has none: it is Grad-CAM."""


def chosen_methods(names: Sequence[str], *, network: PooledClassifier) -> dict[str, NetworkMethod]:
    """The methods of these names, in their order.

    Raises `UsageError` for a name that is none, or comes twice, and for a method of DenseNets with another network.
    """
    for name in names:
        if name == "xgrad-cam":
            raise UsageError(
                "Use --method grad-cam in place of xgrad-cam: for this kind of network both give the same picture"
            )
        if name not in METHODS or names.count(name) > 1:
            raise UsageError(f"Name each --method once; available: {', '.join(METHODS)}; given: {', '.join(names)}")
        if METHODS[name].densenet and not network.name.startswith("densenet"):
            raise UsageError(f"--method {name} needs a DenseNet, not {network.name}. Leave it out")
    return {name: METHODS[name] for name in names}
