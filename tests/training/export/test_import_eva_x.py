"""Their fine-tuned layout with random weights, imported, read, and compared with a forward pass of our own."""

import numpy as np
import pytest
import torch
from PIL import Image

from fabricate_foundations import EVA_BASE, EVA_SMALL, eva_x_state, eva_x_tokens
from hilum.datasets.releases.chestxray14 import OWN_ORDER as LABELS
from hilum.errors import BundleError, DataError, UsageError
from hilum.explain.onto_pixels import onto_pixels
from hilum.findings import finding
from hilum.imaging.preprocess import preprocess
from hilum.networks import foundations
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.training.export.import_eva_x import bundle_name, eva_x_network, eva_x_spec, import_eva_x


def their_logits(x, *, state, shape):
    """The mean of the patch tokens, a norm, a linear layer."""
    mean = eva_x_tokens(x, state=state, shape=shape).mean(1)
    centred = mean - mean.mean(-1, keepdim=True)
    normed = centred / (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    w = {name: tensor.double() for name, tensor in state.items()}
    return (normed * w["fc_norm.weight"] + w["fc_norm.bias"]) @ w["head.weight"].T + w["head.bias"]


@pytest.mark.parametrize("shape", [EVA_SMALL, EVA_BASE])
def test_the_network_gives_their_logits(shape, tmp_path):
    state = eva_x_state(shape, fine_tuned=14)
    network = eva_x_network(shape, title="EVA-X", tensors=state, path=tmp_path)
    x = torch.randn(2, 3, shape.side, shape.side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        came = network(x)
    assert came.std() > 0.1
    torch.testing.assert_close(came.double(), their_logits(x, state=state, shape=shape), rtol=1e-4, atol=1e-4)


def test_the_picture_is_prepared_as_theirs_is():
    """torchvision's Resize(256, bicubic), CenterCrop(224), ToTensor and Normalize, written out."""
    grey = np.random.default_rng(0).random((30, 40), np.float32)
    whole = np.asarray(Image.fromarray(grey).resize((400, 300), Image.Resampling.BICUBIC)).clip(0, 1)
    came = preprocess(whole, spec=eva_x_spec(foundations.EVA_X["eva_x_tiny"])).array
    resized = np.asarray(Image.fromarray(whole).resize((341, 256), Image.Resampling.BICUBIC)).clip(0, 1)
    wanted = (resized[16:240, 59:283] - 0.49185243) / 0.28509309
    assert came.shape == (3, 224, 224)
    for channel in came:
        np.testing.assert_allclose(channel[4:-4, 4:-4], wanted[4:-4, 4:-4], atol=1e-3)


@pytest.fixture
def small_foundation(monkeypatch):
    """EVA-X's small size, of a smaller shape."""
    monkeypatch.setitem(foundations.EVA_X, "eva_x_small", EVA_SMALL)


@pytest.mark.slow
def test_the_bundle_reads_as_their_network(small_foundation, tmp_path):
    state = eva_x_state(EVA_SMALL, fine_tuned=14)
    file = tmp_path / "theirs.pth"
    torch.save({"model": state, "epoch": 29}, file)
    imported = import_eva_x("small", weights=file, folder=tmp_path / "bundle", command="none")
    card = imported.bundle.card
    assert imported.is_known is None
    assert card.heatmap.method == "occlusion"
    assert "MIT" in card.weights_licence
    assert any("Not tried" in limit for limit in card.limits)
    assert list(card.label_names) == [finding(label).name for label in LABELS]
    assert {label.operating_point for label in card.labels} == {None}

    pixels = np.random.default_rng(1).integers(0, 256, (73, 73), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    settings = ReaderSettings(heatmaps="all")
    examination = Reader(models=[imported.bundle], settings=settings).examine(tmp_path / "a.png")
    assert [one.grid.shape for one in examination.heatmaps] == [(14, 14)] * 14
    assert all(one.by_occlusion for one in examination.heatmaps)
    array = preprocess(examination.radiograph.pixels, spec=card.preprocess).array
    wanted = their_logits(torch.from_numpy(array)[None], state=state, shape=EVA_SMALL)[0]
    came = [one.logit for one in examination.reading.findings]
    np.testing.assert_allclose(came, wanted.numpy(), rtol=1e-4, atol=1e-4)

    with pytest.raises(BundleError, match="exists already"):
        import_eva_x("small", weights=file, folder=tmp_path / "bundle", command="none")


@pytest.mark.slow
def test_the_heatmap_by_occlusion_peaks_on_what_the_network_depends_on(small_foundation, tmp_path):
    """Random weights, but blocks that add nothing and one channel that sees; labels ask for it, against it, or not."""
    state = eva_x_state(EVA_SMALL, fine_tuned=14)
    for name in state:
        if "attn.proj" in name or "mlp.w3" in name:
            state[name] = torch.zeros_like(state[name])
    state["patch_embed.proj.weight"] = torch.zeros_like(state["patch_embed.proj.weight"])
    state["patch_embed.proj.weight"][0] = 0.01
    state["patch_embed.proj.bias"][0] = 0.01 * 3 * 16**2 * 1.31257  # a grey of 30 is nothing to it
    state["head.weight"] = torch.zeros_like(state["head.weight"])
    state["head.weight"][0, 0], state["head.weight"][1, 0] = 5.0, -5.0
    file = tmp_path / "theirs.pth"
    torch.save({"model": state}, file)
    bundle = import_eva_x("small", weights=file, folder=tmp_path / "bundle", command="none").bundle
    grey = np.full((150, 150), 30, np.uint8)
    grey[40:52, 90:102] = 255
    Image.fromarray(grey).save(tmp_path / "a.png")
    examination = Reader(models=[bundle], settings=ReaderSettings(heatmaps="all")).examine(tmp_path / "a.png")
    for_it, against, *without = examination.heatmaps
    native = onto_pixels(for_it.grid, geometry=for_it.geometry, rows=150, columns=150)
    row, column = np.unravel_index(native.argmax(), native.shape)
    assert abs(row - 46) < 10, "a cell has 9 pixels"
    assert abs(column - 96) < 10
    np.testing.assert_allclose(against.grid, -for_it.grid, atol=1e-4)
    assert len(without) == 12
    assert not any(heatmap.grid.any() for heatmap in without)


def test_what_is_no_fine_tuned_file_makes_nothing(small_foundation, tmp_path):
    file = tmp_path / "theirs.pt"
    cases = {
        "lacks the classifier of .* A pre-trained file is a start": eva_x_state(EVA_SMALL),
        "it differs at head.bias": eva_x_state(EVA_SMALL, fine_tuned=5),
        "it differs at backbone.features.blocks.0": eva_x_state(EVA_BASE, fine_tuned=14),
    }
    for message, state in cases.items():
        torch.save({"model": state}, file)
        with pytest.raises(DataError, match=message):
            import_eva_x("small", weights=file, folder=tmp_path / "bundle", command="none")
    with pytest.raises(UsageError, match=r"Unknown size 'large' of EVA-X. Available: tiny, small, base"):
        import_eva_x("large", weights=file, folder=tmp_path / "bundle", command="none")
    assert not (tmp_path / "bundle").exists()
    assert bundle_name("small") == "eva-x-small-chestxray14"
