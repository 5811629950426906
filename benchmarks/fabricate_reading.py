"""What both sides of `reading.py` read: one DenseNet-121 with 14 outputs and random weights, and fabricated images.

torchxrayvision's own network gives the weights; hilum's graph comes out of hilum's own export, as for any bundle, so
both sides compute the same numbers (checked before anything is timed).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx.utils
from PIL import Image

from hilum.bundle.card import Card, HeatmapSpec, Scope, Training
from hilum.bundle.label import Label, PlattCalibration
from hilum.bundle.save import file_hashes, write_bundle
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.torchvision_guard import declare_missing_operators

declare_missing_operators()

import torch  # noqa: E402 - the guard goes before whatever imports torchvision
import torchxrayvision  # noqa: E402

from hilum.networks.pooled_classifier import PooledClassifier  # noqa: E402
from hilum.training.export.to_onnx import classifier_to_onnx, noise  # noqa: E402

SIZE = 224
LABELS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural Thickening", "Pneumonia", "Pneumothorax",
)  # fmt: skip
PREPROCESS = PreprocessSpec(
    steps=(Resize(height=SIZE, width=SIZE, rule="cover", filter="bilinear"),), mean=(0.5,), std=(1 / 2048,)
)
"""torchxrayvision's own: centre crop, 224 pixels, values from -1024 to 1024."""


@dataclass(frozen=True)
class Material:
    """Where everything lies: weights (torch), two bundles (with class maps and without), images, model inputs."""

    weights: Path
    bundle: Path
    bundle_without_maps: Path
    images: Path
    batch: Path


def fabricate(folder: Path, *, images: int, pixels: int) -> Material:
    """Write everything into `folder`; `images` names of `pixels` x `pixels` PNG files, every twentieth a new one."""
    torch.manual_seed(0)
    network = torchxrayvision.models.DenseNet(weights=None, num_classes=len(LABELS)).eval()
    tame(network)
    torch.save(network.state_dict(), folder / "weights.pt")
    np.save(folder / "batch.npy", np.random.default_rng(0).uniform(-1024, 1024, (16, 1, SIZE, SIZE)).astype(np.float32))
    graph = classifier_to_onnx(same_network(network), example=noise(1, SIZE, SIZE))
    write(folder / "bundle", graph=graph, heatmap=HeatmapSpec(method="class-map"))
    logits_only = onnx.utils.Extractor(onnx.load_model_from_string(graph)).extract_model(["input"], ["logits"])
    write(folder / "bundle-without-maps", graph=logits_only.SerializeToString(), heatmap=HeatmapSpec(method="none"))
    write_images(folder / "images", count=images, pixels=pixels)
    return Material(
        folder / "weights.pt",
        folder / "bundle",
        folder / "bundle-without-maps",
        folder / "images",
        folder / "batch.npy",
    )


def tame(network: torch.nn.Module) -> None:
    """Give the batch norms the statistics of noise: with random weights alone, activations grow without bound."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
            module.reset_running_stats()
    network.train()
    with torch.no_grad():
        network(torch.empty(8, 1, SIZE, SIZE).uniform_(-1024, 1024))
    network.eval()


def same_network(theirs: torch.nn.Module) -> PooledClassifier:
    """hilum's DenseNet-121 with torchxrayvision's weights and its one input channel."""
    ours = PooledClassifier("densenet121", labels=len(LABELS))
    ours.backbone.features.conv0 = torch.nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    state = theirs.state_dict()
    head = {name: state.pop(f"classifier.{name}") for name in ("weight", "bias")}
    ours.head.load_state_dict(head)
    ours.backbone.load_state_dict(state)
    return ours.eval()


def write(folder: Path, *, graph: bytes, heatmap: HeatmapSpec) -> None:
    files = {"model.onnx": graph}
    label = {
        "calibration": PlattCalibration(slope=1.0, intercept=0.0),
        "operating_point": 0.5,
        "operating_point_rule": "none: random weights",
    }
    card = Card(
        name="random-densenet121",
        version="0",
        title="DenseNet-121 with random weights, for timing only",
        kind="classifier",
        architecture="densenet121",
        architecture_arguments={"labels": len(LABELS)},
        labels=tuple(Label(name=name, **label) for name in LABELS),
        preprocess=PREPROCESS,
        scope=Scope(xray_type="chest", age_years=None, views=None),
        heatmap=heatmap,
        protocol="none: random weights",
        training=Training(
            command="benchmarks/reading.py",
            commit=None,
            data=(),
            split_sha256="0" * 64,
            seed=0,
            starting_weights="random",
            recipe={},
        ),
        compression=None,
        intended_use="timing",
        not_for=("reading anything",),
        weights_licence="Apache-2.0",
        files=file_hashes(files),
    )
    write_bundle(folder, card=card, files=files)


def write_images(folder: Path, *, count: int, pixels: int) -> None:
    """Soft shapes with grain, 8-bit grey, which compress about as a radiograph does; names past twenty are links."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(count):
        path = folder / f"{number:04}.png"
        if number >= 20:
            path.hardlink_to(folder / f"{number % 20:04}.png")
            continue
        soft = Image.fromarray(rng.uniform(0, 255, (12, 12)).astype(np.float32)).resize((pixels, pixels))
        grain = rng.normal(0, 4, (pixels, pixels))
        Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8)).save(path)
