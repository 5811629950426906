"""A classifier that ends in global average pooling and one linear layer, so that its class maps need no autograd.

With F (K, h, w) the last feature map (after its ReLU, or of a transformer's patch tokens) and n = h w cells, the logit
of label l is `z_l = b_l + sum_k w_lk mean(F_k)`, and the class map `sum_k w_lk F_k / n` sums over its cells to
`z_l - b_l` (CAM, Zhou et al. 2016, in units of logit contribution).
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import timm
import torch
import torchvision  # type: ignore[import-untyped]
from torch import Tensor, nn
from torch.nn import functional

from hilum.errors import UsageError
from hilum.networks.capsules.network import LARGE, CapsuleMap
from hilum.networks.efficientnet_lite import LAST, efficientnet_lite
from hilum.networks.foundations import FOUNDATIONS, Foundation
from hilum.networks.output_stride import FINER, take_out_last_stride
from hilum.networks.transformer_weights import Names


@dataclass(frozen=True, slots=True)
class Backbone:
    """A feature extractor whose output is a map: after the last ReLU, or of a transformer's patch tokens.

    `build` makes it with random weights. `channels` is K. `prefix` is what stands before its parameters' names in a
    file with torchvision's names, and `head` the name of the linear layer there, or None where torchvision has no
    such network. `timm_name` names timm's ImageNet weights for it, with their tag, or is None where timm has none.
    `in_order` says whether files of its authors' are paired with it parameter by parameter, as they stand in it;
    `published` gives the parameters of its authors' file the names of the backbone's. `side` is that of the only
    pictures that it takes, or None where any of at least `least` pixels will do. `finer` makes the same network with
    its last stride taken out (`output_stride.py`), or is None where there is none. `torchvision_file` is torchvision's
    file of ImageNet weights where timm has none. `left_out` begin the names of parameters that such files hold and a
    pooled classifier has no place for: hidden linear layers, and classifiers at earlier layers.
    """

    build: Callable[[], nn.Module]
    channels: int
    prefix: str
    head: str | None
    timm_name: str | None
    in_order: bool = False
    published: Names | None = None
    side: int | None = None
    finer: Callable[[], nn.Module] | None = None
    least: int = 1
    torchvision_file: str | None = None
    left_out: tuple[str, ...] = ()


def _torchvision_alexnet() -> nn.Module:
    features: nn.Module = torchvision.models.alexnet(weights=None).features
    return features


def _capsule_map() -> nn.Module:
    return CapsuleMap(LARGE, inputs=3)


def _torchvision_googlenet() -> nn.Module:
    whole = torchvision.models.googlenet(weights=None, aux_logits=False, init_weights=False)
    tail = ("avgpool", "dropout", "fc")
    return nn.Sequential(OrderedDict((name, part) for name, part in whole.named_children() if name not in tail))


def _torchvision_mobilenet_v2() -> nn.Module:
    features: nn.Module = torchvision.models.mobilenet_v2(weights=None).features
    return features


def _finer_mobilenet_v2() -> nn.Module:
    return take_out_last_stride(_torchvision_mobilenet_v2())


def _torchvision_squeezenet() -> nn.Module:
    features: nn.Module = torchvision.models.squeezenet1_1(weights=None).features
    return features


def _timm_features(name: str, *, output_stride: int = 32) -> Callable[[], nn.Module]:
    own: dict[str, Any] = {} if output_stride == 32 else {"output_stride": output_stride}  # not every network takes it

    def build() -> nn.Module:
        network: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, global_pool="", **own)
        return network

    return build


def _timm(name: str, *, channels: int, head: str | None, weights: str) -> Backbone:
    finer = _timm_features(name, output_stride=FINER)
    return Backbone(_timm_features(name), channels, "", head, weights, finer=finer)


def _timm_densenet(name: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        network = _timm_features(name)()
        # A hook before the last ReLU must see what stood there: in place, the ReLU would overwrite what it stored.
        network.get_submodule("features.norm5.act").inplace = False  # type: ignore[assignment]
        return network

    return build


def _lite(number: int, *, width: float, depth: float) -> Backbone:
    def build() -> nn.Module:
        return efficientnet_lite(width=width, depth=depth)

    def finer() -> nn.Module:
        return take_out_last_stride(build())

    return Backbone(build, LAST, "", None, f"tf_efficientnet_lite{number}.in1k", in_order=True, finer=finer)


def _foundation(foundation: Foundation) -> Backbone:
    shape = foundation.shape
    return Backbone(shape.build, shape.channels, "", None, None, published=foundation.published, side=shape.side)


BACKBONES: dict[str, Backbone] = {
    **{name: _foundation(foundation) for name, foundation in FOUNDATIONS.items()},
    "alexnet": Backbone(
        _torchvision_alexnet,
        256,
        "features.",
        None,
        None,
        least=63,
        torchvision_file="alexnet-owt-7be5be79.pth",
        left_out=("classifier.",),
    ),
    "capsnet": Backbone(_capsule_map, 128, "", None, None),
    "densenet121": Backbone(_timm_densenet("densenet121"), 1024, "", "classifier", "densenet121.tv_in1k"),
    "densenet169": Backbone(_timm_densenet("densenet169"), 1664, "", "classifier", "densenet169.tv_in1k"),
    "densenet201": Backbone(_timm_densenet("densenet201"), 1920, "", "classifier", "densenet201.tv_in1k"),
    "efficientnet_lite0": _lite(0, width=1.0, depth=1.0),
    "efficientnet_lite1": _lite(1, width=1.0, depth=1.1),
    "efficientnet_lite2": _lite(2, width=1.1, depth=1.2),
    "googlenet": Backbone(
        _torchvision_googlenet,
        1024,
        "",
        "fc",
        None,
        torchvision_file="googlenet-1378be20.pth",
        left_out=("aux1.", "aux2."),
    ),
    "inception_v3": Backbone(
        _timm_features("inception_v3"), 2048, "", "fc", "inception_v3.tv_in1k", least=75, left_out=("AuxLogits.",)
    ),
    "mobilenet_v1": _timm("mobilenetv1_100", channels=1024, head=None, weights="mobilenetv1_100.ra4_e3600_r224_in1k"),
    "mobilenet_v2": Backbone(
        _torchvision_mobilenet_v2,
        1280,
        "features.",
        "classifier.1",
        "mobilenetv2_100.ra_in1k",
        finer=_finer_mobilenet_v2,
    ),
    "resnet18": _timm("resnet18", channels=512, head="fc", weights="resnet18.tv_in1k"),
    "resnet50": _timm("resnet50", channels=2048, head="fc", weights="resnet50.tv_in1k"),
    "resnet101": _timm("resnet101", channels=2048, head="fc", weights="resnet101.tv_in1k"),
    "resnext50_32x4d": _timm("resnext50_32x4d", channels=2048, head="fc", weights="resnext50_32x4d.tv_in1k"),
    "resnext101_32x8d": _timm("resnext101_32x8d", channels=2048, head="fc", weights="resnext101_32x8d.tv_in1k"),
    "squeezenet1_1": Backbone(
        _torchvision_squeezenet, 512, "features.", "classifier.1", None, torchvision_file="squeezenet1_1-b8a52dc0.pth"
    ),
}
"""Every backbone that hilum has tried, by name; `backbone_named` knows timm's others too.

AlexNet, GoogLeNet, MobileNetV2 and SqueezeNet are torchvision's, EfficientNet-Lite and CapsNet hilum's, the others
timm's; the parameter names are torchvision's in all but hilum's, MobileNetV1 and the transformers.
SqueezeNet's own classifier has a ReLU between its 1x1 convolution and the pooling; here it is dropped, since with it
the logit is no longer a sum over cells. So are AlexNet's two hidden linear layers, which see no map. A transformer's
map is that of its patch tokens, which may be negative. `starting_weights.published_greys` says on which greys the
ImageNet weights of each were learnt: GoogLeNet's, Inception v3's, MobileNetV1's and EfficientNet-Lite's with mean and
deviation 0.5, and MobileNetV2's of timm and of torchvision on ImageNet's, while TensorFlow's want 0.5."""


def backbone_named(name: str) -> Backbone:
    """The row of `BACKBONES`, or one for the network that timm calls so, with or without a tag.

    Raises `UsageError` for a name that neither knows, and for a network of timm's that does not end in a map, as plain
    transformers do.
    """
    return BACKBONES[name] if name in BACKBONES else _named_by_timm(name)


@functools.cache
def _named_by_timm(name: str) -> Backbone:
    architecture = name.partition(".")[0]
    try:
        known = timm.get_pretrained_cfg(name) if timm.is_model(architecture) else None
    except RuntimeError:  # no such tag
        known = None
    if known is None:
        raise UsageError(f"Unknown backbone {name!r}. Use a name of timm's, or one of {', '.join(sorted(BACKBONES))}")
    build = _timm_features(architecture)
    side = known.input_size[-1]
    with torch.device("meta"):  # shapes alone: nothing is computed
        network = build().eval()
        shape = tuple(network(torch.zeros(1, 3, side, side)).shape)
    channels = {network.num_features, getattr(network, "head_hidden_size", network.num_features)}
    if len(shape) != 4 or shape[1] not in channels:
        raise UsageError(
            f"The backbone {name!r} does not end in a map (rows and columns of channels), which heatmaps need. Choose "
            "another"
        )
    heads = _linear_layers(known.classifier)
    return Backbone(
        build,
        shape[1],
        "",
        heads[0] if heads else None,
        f"{architecture}.{known.tag}" if known.hf_hub_id else None,
        side=side if known.fixed_input_size else None,
        left_out=tuple(f"{head}." for head in heads),
    )


def _linear_layers(named: object) -> tuple[str, ...]:
    """The names of a network's linear layers, of which timm gives one, several or none."""
    if isinstance(named, str):
        return (named,)
    return tuple(map(str, named)) if isinstance(named, tuple) else ()


class PooledClassifier(nn.Module):
    """Backbone, global average pooling, dropout, one linear layer.

    `backbone` is a name that `backbone_named` knows, `labels` is L, `dropout` the share of pooled channels dropped in
    training, `channels` is C of the input: 3 for ImageNet's weights, 1 for weights that were trained on grey.
    `output_stride` is 16 for a map with a cell for every 16 pixels of a side, None for the backbone's own.
    Weights are random; `starting_weights.load_starting_weights` puts others in. The head starts at zero bias.
    Raises `UsageError` for an unknown backbone or a value out of range.
    """

    def __init__(
        self,
        backbone: str,
        *,
        labels: int,
        dropout: float = 0.0,
        channels: int = 3,
        output_stride: int | None = None,
    ) -> None:
        super().__init__()
        known = backbone_named(backbone)
        if labels < 1 or channels < 1 or not 0.0 <= dropout < 1.0:
            raise UsageError(
                "A network needs at least one label, at least one channel, and a dropout of at least 0 and below 1; "
                f"given: {labels}, {channels} and {dropout}"
            )
        self.name, self.channels = backbone, channels
        self.backbone = _built(known, name=backbone, output_stride=output_stride)
        if channels != 3:
            _take_channels(self.backbone, channels)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(known.channels, labels)
        nn.init.zeros_(self.head.bias)

    @property
    def weight(self) -> Tensor:
        """The linear layer's weights, (L, K)."""
        return self.head.weight

    @property
    def bias(self) -> Tensor:
        """The linear layer's bias, (L,)."""
        return self.head.bias

    def grid(self, size: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of the last feature map of a picture of `size` (rows, columns)."""
        was_training = self.training
        self.eval()  # in training the norms would learn from it
        with torch.inference_mode():
            rows, columns = self.features(torch.zeros(1, self.channels, *size)).shape[-2:]
        self.train(was_training)
        return rows, columns

    def features(self, x: Tensor) -> Tensor:
        """The last feature map, (N, K, h, w), of a normalised input (N, C, H, W): >= 0, but of patches and capsules."""
        features: Tensor = self.backbone(x)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, L) of a normalised input (N, C, H, W)."""
        return self.logits_of(self.features(x).mean(dim=(-2, -1)))

    def forward_with_maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, L) and class maps (N, L, h, w), whose sum over cells is the logit minus the bias.

        Dropout, where it is on, acts on the logits only.
        """
        features = self.features(x)
        cells = features.shape[-2] * features.shape[-1]
        maps = functional.conv2d(features, self.weight[:, :, None, None]) / cells
        return self.logits_of(features.mean(dim=(-2, -1))), maps

    def logits_of(self, pooled: Tensor) -> Tensor:
        """Logits (N, L) of pooled features (N, K)."""
        logits: Tensor = self.head(self.dropout(pooled))
        return logits


def _built(known: Backbone, *, name: str, output_stride: int | None) -> nn.Module:
    """The backbone with random weights. Raises `UsageError` for an output stride that it cannot have."""
    if output_stride is None:
        return known.build()
    if known.finer is None or output_stride != FINER:
        able = ", ".join(each for each, one in BACKBONES.items() if one.finer is not None)
        raise UsageError(
            f"The output_stride must be {FINER} with one of {able}, or none; given: {output_stride} with {name}"
        )
    return known.finer()


def _take_channels(backbone: nn.Module, channels: int) -> None:
    """Put a convolution of random weights for `channels` channels in the place of the first one, which takes three."""
    name, first = next((name, layer) for name, layer in backbone.named_modules() if isinstance(layer, nn.Conv2d))
    convolution = nn.Conv2d(
        channels,
        first.out_channels,
        kernel_size=first.kernel_size,  # type: ignore[arg-type]  # pairs, which torch's stubs call tuples of any length
        stride=first.stride,  # type: ignore[arg-type]
        padding=first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    backbone.set_submodule(name, convolution)
