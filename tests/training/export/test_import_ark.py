"""Their layout with random weights, imported, read, and compared with a forward pass of our own."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from fabricate_foundations import SWIN, ark_state, ark_tokens
from hilum.errors import BundleError, DataError, UsageError
from hilum.findings import finding
from hilum.imaging.preprocess import preprocess
from hilum.networks import foundations
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier
from hilum.networks.starting_weights import BundleWeights, load_starting_weights
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.training.export.import_ark import HEADS, ark_network, bundle_name, import_ark

OUTPUTS = (14, 14, 14, 3, 6, 1)
NAME = "ark_swin_base"


def their_logits(x, *, state, place, mlp=False):
    """The mean of the last tokens, the projector, one head."""
    w = {name: tensor.double() for name, tensor in state.items()}
    y = ark_tokens(x, state=state, shape=SWIN).mean(1)
    if mlp:
        y = functional.relu(y @ w["projector.0.weight"].T + w["projector.0.bias"])
        y = y @ w["projector.2.weight"].T + w["projector.2.bias"]
    else:
        y = y @ w["projector.weight"].T + w["projector.bias"]
    return y @ w[f"omni_heads.{place}.weight"].T + w[f"omni_heads.{place}.bias"]


@pytest.fixture(autouse=True)
def small_foundation(monkeypatch):
    """Ark's Swin-Base, of a smaller shape."""
    foundation = replace(foundations.FOUNDATIONS[NAME], shape=SWIN)
    monkeypatch.setitem(foundations.FOUNDATIONS, NAME, foundation)
    backbone = replace(BACKBONES[NAME], build=SWIN.build, channels=SWIN.channels, side=SWIN.side)
    monkeypatch.setitem(BACKBONES, NAME, backbone)


@pytest.mark.parametrize("head", sorted(HEADS))
@pytest.mark.parametrize("mlp", [False, True])
def test_each_head_gives_their_logits(head, mlp, tmp_path):
    state = ark_state(SWIN, heads=OUTPUTS, mlp=mlp)
    network = ark_network(NAME, head=HEADS[head], tensors=state, path=tmp_path)
    assert isinstance(network, PooledClassifier) != mlp
    x = torch.randn(1, 3, SWIN.side, SWIN.side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        came = network(x)
    assert came.shape == (1, len(HEADS[head].labels))
    wanted = their_logits(x, state=state, place=HEADS[head].place, mlp=mlp)
    torch.testing.assert_close(came.double(), wanted, rtol=1e-4, atol=1e-4)


def test_every_label_is_known_to_hilum():
    for head in HEADS.values():
        names = [finding(label).name for label in head.labels]
        assert len(set(names)) == len(names) == OUTPUTS[head.place]


@pytest.mark.slow
@pytest.mark.parametrize("mlp", [False, True])
def test_the_bundle_reads_as_their_network(mlp, tmp_path):
    state = ark_state(SWIN, heads=OUTPUTS, mlp=mlp)
    file = tmp_path / "ark.pth.tar"
    torch.save({"teacher": {f"module.{name}": tensor for name, tensor in state.items()}}, file)
    imported = import_ark("base", head="chexpert", weights=file, folder=tmp_path / "bundle", command="none")
    card = imported.bundle.card
    assert card.heatmap.method == ("occlusion" if mlp else "class-map")
    assert "non-commercial" in card.weights_licence
    assert card.training.data[-1] == "this head: CheXpert (Irvin et al. 2019)"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 80), dtype=np.uint8)).save(tmp_path / "a.png")
    examination = Reader(models=[imported.bundle], settings=ReaderSettings(heatmaps="all")).examine(tmp_path / "a.png")
    array = preprocess(examination.radiograph.pixels, spec=card.preprocess).array
    wanted = their_logits(torch.from_numpy(array)[None], state=state, place=1, mlp=mlp)[0].numpy()
    np.testing.assert_allclose([one.logit for one in examination.reading.findings], wanted, rtol=1e-4, atol=1e-4)
    assert [one.by_occlusion for one in examination.heatmaps] == [mlp] * 14
    if mlp:
        return
    joined = state["omni_heads.1.weight"].double() @ state["projector.bias"].double()
    bias = joined + state["omni_heads.1.bias"]
    for heatmap, logit, b in zip(examination.heatmaps, wanted, bias, strict=True):
        assert heatmap.grid.sum() == pytest.approx(float(logit - b), abs=1e-3)
    network = PooledClassifier(NAME, labels=14).eval()
    load_starting_weights(network, weights=BundleWeights(imported.bundle.folder, head=True))
    with torch.inference_mode():
        np.testing.assert_allclose(network(torch.from_numpy(array)[None])[0], wanted, rtol=1e-4, atol=1e-4)
    with pytest.raises(BundleError, match="exists already"):
        import_ark("base", head="mimic", weights=file, folder=tmp_path / "bundle", command="none")


def test_what_has_not_that_head_makes_nothing(tmp_path):
    file = tmp_path / "ark.pth.tar"
    whole = ark_state(SWIN, heads=OUTPUTS)
    cases = {
        "lacks the head number 5 .* with 1 outputs": ark_state(SWIN, heads=OUTPUTS[:5]),
        "it differs at backbone.features.norm.bias": {k: v for k, v in whole.items() if k != "norm.bias"},
        "takes 7 features, and the projector gives 20": {**whole, "omni_heads.5.weight": torch.zeros(1, 7)},
    }
    for message, state in cases.items():
        torch.save({"teacher": state}, file)
        with pytest.raises(DataError, match=message):
            import_ark("base", head="shenzhen", weights=file, folder=tmp_path / "bundle", command="none")
    with pytest.raises(UsageError, match=r"Unknown size 'base' or head 'rsna' of Ark"):
        import_ark("base", head="rsna", weights=file, folder=tmp_path / "bundle", command="none")
    assert not (tmp_path / "bundle").exists()
    assert bundle_name("large", head="mimic") == "ark-large-mimic"
