"""`hilum models import torchxrayvision`, from their file to a reading beside their own network's answer."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import expit
from typer.testing import CliRunner

pytest.importorskip("torchxrayvision", reason="torchxrayvision is not installed")

from fabricate_torchxrayvision import fabricate_torchxrayvision
from hilum.bundle.load import load_bundle
from hilum.cli.main import app
from hilum.findings import finding
from hilum.imaging.preprocess import preprocess
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import BundleWeights, TorchxrayvisionWeights, load_starting_weights
from hilum.networks.torchxrayvision_weights import RELEASED
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings

NAME = "densenet121-res224-chex"
"""Seven of its 18 outputs were never trained, in between the others."""
TRAINED = [index for index, label in enumerate(RELEASED[NAME].outputs) if label]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    path = tmp_path_factory.mktemp("theirs") / "network.pt"
    return fabricate_torchxrayvision(path), path


@pytest.fixture(scope="module")
def imported(theirs, tmp_path_factory):
    """What the command said, and the bundle."""
    folder = tmp_path_factory.mktemp("models") / "chex"
    words = ["models", "import", "torchxrayvision", NAME, "--weights", str(theirs[1]), "--out", str(folder)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    return result, load_bundle(folder)


def picture(path: Path, *, width: int = 224, height: int = 224, seed: int = 0) -> np.ndarray:
    """A smooth grey picture of 8 bits."""
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 256, (9, 9), dtype=np.uint8))
    image = coarse.resize((width, height), Image.Resampling.BICUBIC)
    image.save(path)
    return np.asarray(image)


def their_logits(network, pixels: np.ndarray) -> np.ndarray:
    """Their own way: -1024 to 1024, the middle square, their network's own resize, their forward pass."""
    import torchxrayvision as xrv

    normalised = xrv.datasets.XRayCenterCrop()(xrv.utils.normalize(pixels, 255)[None])
    resized = xrv.utils.fix_resolution(torch.from_numpy(normalised.copy()), 224, network)
    with torch.no_grad():
        return network(resized)[0].numpy()


@pytest.mark.slow
def test_the_command_says_what_it_made(imported, theirs):
    result, bundle = imported
    assert "none is known to compare it with" in result.stderr
    assert f"Wrote {bundle.folder}; read with it: hilum read --model {bundle.folder} FILE" in result.stderr
    card = bundle.card
    assert card.name == "torchxrayvision-densenet121-res224-chex"
    assert list(card.label_names) == [finding(label).name for label in RELEASED[NAME].labels]
    assert {label.operating_point for label in card.labels} == {None}
    assert {label.calibration.method for label in card.labels} == {"none"}
    assert "Apache-2.0" in card.weights_licence
    assert RELEASED[NAME].url in card.training.starting_weights
    assert str(theirs[1].parent) not in card.model_dump_json(), "no path of this machine"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "height", "tolerance"), [(224, 224, 1e-4), (500, 500, 1e-4), (500, 400, 5e-3), (501, 400, 0.1)]
)
def test_reading_gives_their_logits(imported, theirs, width, height, tolerance, tmp_path):
    """Cut from a wider picture, the resize sees the pixels beyond the cut; an odd rest shifts it by half a pixel."""
    pixels = picture(tmp_path / "a.png", width=width, height=height)
    reading = Reader(models=[imported[1]]).read(tmp_path / "a.png")
    expected = their_logits(theirs[0], pixels)[TRAINED]
    assert expected.std() > 0.1
    np.testing.assert_allclose([one.logit for one in reading.findings], expected, rtol=0, atol=tolerance)
    np.testing.assert_allclose([one.probability for one in reading.findings], expit(expected), rtol=0, atol=tolerance)


@pytest.mark.slow
def test_a_reading_decides_nothing_and_says_why(imported, tmp_path):
    picture(tmp_path / "a.png")
    reading = Reader(models=[imported[1]]).read(tmp_path / "a.png")
    assert {one.positive for one in reading.findings} == {None}
    assert any("has no threshold for any finding" in warning for warning in reading.warnings)


@pytest.mark.slow
def test_heatmaps_come_from_the_map_after_the_last_relu(imported, theirs, tmp_path):
    """Their `features` end before that ReLU: with it, class map cells sum to the logit minus the bias."""
    picture(tmp_path / "a.png")
    examination = Reader(models=[imported[1]], settings=ReaderSettings(heatmaps="all")).examine(tmp_path / "a.png")
    network = theirs[0]
    array = preprocess(examination.radiograph.pixels, spec=imported[1].card.preprocess).array
    with torch.no_grad():
        features = network.features(torch.from_numpy(array)[None]).clone()
        assert float(features.min()) < 0
        weights = network.classifier.weight[TRAINED]
        maps = torch.einsum("lk,khw->lhw", weights, features[0].relu()) / features[0, 0].numel()
    for heatmap, expected, one in zip(examination.heatmaps, maps, examination.reading.findings, strict=True):
        np.testing.assert_allclose(heatmap.grid, expected.numpy(), rtol=0, atol=1e-5)
        assert heatmap.finding == one.name


@pytest.mark.slow
def test_training_can_start_from_the_imported_bundle(imported, theirs, tmp_path):
    _, bundle = imported
    network = PooledClassifier("densenet121", labels=len(TRAINED), channels=1).eval()
    said = load_starting_weights(network, weights=BundleWeights(bundle.folder, head=True))
    assert said.startswith(
        f"densenet121: torchxrayvision-{NAME} 1.0.0 (card sha256 {bundle.sha256}), weights.safetensors"
    )
    x = (torch.rand(1, 1, 224, 224, generator=torch.Generator().manual_seed(3)) * 2 - 1) * 1024
    with torch.no_grad():
        torch.testing.assert_close(network(x), theirs[0](x)[:, TRAINED], rtol=1e-5, atol=1e-4)
    again = PooledClassifier("densenet121", labels=2, channels=1).eval()
    shutil.copy(theirs[1], tmp_path / RELEASED[NAME].file)
    said = load_starting_weights(again, weights=TorchxrayvisionWeights(NAME, tmp_path))
    assert said.startswith(f"densenet121: torchxrayvision {NAME} (sha256 ")
    for name, tensor in again.backbone.state_dict().items():
        assert torch.equal(tensor, network.backbone.state_dict()[name]), name


def test_an_unknown_name_is_wrong_usage(hilum: Any) -> None:
    result = hilum("models", "import", "torchxrayvision", "resnet50-res512-all")
    assert result.exit_code == 2
    assert "densenet121-res224-all" in result.stderr


def test_offline_one_line_names_the_file_and_the_place(
    hilum: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    result = hilum("models", "import", "torchxrayvision", "densenet121-res224-all")
    released = RELEASED["densenet121-res224-all"]
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert f"download {released.url} where there is a network and place it at weights/{released.file}" in result.stderr
    assert not (tmp_path / "weights").exists()


def test_a_folder_that_exists_is_left_alone(hilum: Any, tmp_path: Path) -> None:
    result = hilum("models", "import", "torchxrayvision", NAME, "--weights", tmp_path / "none.pt", "--out", tmp_path)
    assert result.exit_code == 1
    assert "exists already" in result.stderr


def test_files_that_are_no_such_network_are_refused(hilum: Any, tmp_path: Path) -> None:
    file, out = tmp_path / "weights.pt", tmp_path / "bundle"
    cases = {"it differs at backbone": {"features.conv0.weight": torch.zeros(64, 3, 7, 7)}}
    cases["where 18 are needed"] = {"classifier.weight": torch.zeros(5, 1024)}
    for message, state in cases.items():
        torch.save(state, file)
        result = hilum("models", "import", "torchxrayvision", NAME, "--weights", file, "--out", out)
        assert result.exit_code == 1
        assert message in result.stderr
    result = hilum("models", "import", "torchxrayvision", NAME, "--weights", tmp_path / "none.pt", "--out", out)
    assert "cannot be read" in result.stderr
    assert not out.exists()
