"""torchxrayvision's weights as a bundle: the same network, the same labels in the same order, read without torch.

Their operating points are not taken over: they were chosen on outputs that had passed two sigmoids. So the bundle
gives the network's own sigmoid, uncalibrated, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch

from hilum.bundle.calibrated_on import NO_POINT, NOT_CALIBRATED
from hilum.bundle.card import GRAPH, Card, HeatmapSpec, Scope, Training
from hilum.bundle.label import Label, PlattCalibration
from hilum.bundle.load import Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.errors import BundleError, DataError
from hilum.findings import finding
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.bundle_weights import WEIGHTS
from hilum.networks.fetch import sha256_of
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.torchxrayvision_weights import (
    BACKBONE,
    SIZE,
    ReleasedWeights,
    read_torchxrayvision,
    released_weights,
)
from hilum.training.export.to_onnx import classifier_to_onnx, example_of

HALF_RANGE = 1024.0
"""Their pixels run from -1024 to 1024."""

SPEC = PreprocessSpec(
    steps=(Resize(height=SIZE, width=SIZE, rule="cover", filter="bilinear"),),
    mean=(0.5,),
    std=(0.5 / HALF_RANGE,),
)
"""The middle square of the image, resized: their `XRayCenterCrop`, then the resize that their networks do themselves.

Of a square image the pixels are theirs to 1e-5 of the range. Of another one, ours at the cut see the pixels beyond it,
and where the sides differ by an odd number, theirs are cut half a pixel beside the middle."""

_NO_POINT = "none: torchxrayvision's were chosen on outputs of two sigmoids and are not taken over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The bundle, the SHA-256 of the file that it was made from, and whether that is the known one (None: none is)."""

    bundle: Bundle
    sha256: str
    is_known: bool | None


def import_torchxrayvision(name: str, *, weights: Path, folder: Path, command: str, replace: bool = False) -> Imported:
    """Make a bundle in `folder` of the file `weights`, which torchxrayvision releases as `name`.

    `command` goes to the card. Raises `UsageError` for a name that is not released, `DataError` where the file is
    missing, damaged or of another network, `BundleError` where `folder` exists and `replace` is not set, and
    `EngineError` where the exported graph does not give the network's logits to 1e-4, relative to the largest above 1.
    """
    released = released_weights(name)
    if folder.exists() and not replace:
        raise BundleError(f"{folder} exists already; expected a new folder, or to replace the bundle in it")
    sha256 = sha256_of(weights)  # before anything of the file is read
    network = torchxrayvision_network(released, weights=weights)
    graph = classifier_to_onnx(network, example=example_of(SPEC) * HALF_RANGE)
    tensors = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    files = {GRAPH: graph, WEIGHTS: safetensors.torch.save(tensors)}
    is_known = None if released.sha256 is None else sha256 == released.sha256
    card = _card(released, sha256=sha256, is_known=is_known, command=command, files=file_hashes(files))
    return Imported(
        bundle=write_bundle(folder, card=card, files=files, replace=replace), sha256=sha256, is_known=is_known
    )


def bundle_name(name: str) -> str:
    """What the bundle of torchxrayvision's weights `name` is called: `torchxrayvision-densenet121-res224-all`."""
    return f"torchxrayvision-{name}".replace("_", "-")


def torchxrayvision_network(released: ReleasedWeights, *, weights: Path) -> PooledClassifier:
    """Their network in evaluation mode, with the outputs that were trained, in their order."""
    state = read_torchxrayvision(weights)
    trained = [index for index, label in enumerate(released.outputs) if label]
    network = PooledClassifier(BACKBONE, labels=len(trained), channels=1)
    own: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if name.startswith("classifier."):
            if len(tensor) != len(released.outputs):
                raise DataError(f"expected {len(released.outputs)} outputs in {weights}, came {len(tensor)}")
            own[name.replace("classifier", "head", 1)] = tensor[trained]
        else:
            own[f"backbone.{name}"] = tensor
    _load(network, own, weights=weights)
    return network.eval()


def _load(network: PooledClassifier, state: dict[str, torch.Tensor], *, weights: Path) -> None:
    wanted = {name: tensor.shape for name, tensor in network.state_dict().items() if _is_weight(name)}
    came = {name: tensor.shape for name, tensor in state.items() if _is_weight(name)}
    if wanted != came:
        first = sorted(wanted.items() ^ came.items(), key=lambda item: item[0])[0][0]
        raise DataError(
            f"expected the weights of torchxrayvision's {BACKBONE}, came {weights}, which differs at {first}"
        )
    network.load_state_dict(state, strict=False)


def _is_weight(name: str) -> bool:
    return not name.endswith("num_batches_tracked")


def _card(
    released: ReleasedWeights, *, sha256: str, is_known: bool | None, command: str, files: dict[str, str]
) -> Card:
    hashed = {True: "the hash known for this file", False: "NOT the hash known for this file", None: "none is known"}
    return Card(
        name=bundle_name(released.name),
        version="1.0.0",
        title=f"Chest findings by torchxrayvision {released.name}",
        kind="classifier",
        architecture=BACKBONE,
        architecture_arguments={"labels": len(released.labels), "channels": 1},
        labels=tuple(
            Label(
                name=finding(label).name,
                calibration=PlattCalibration(method="none", slope=1.0, intercept=0.0),
                operating_point=None,
                operating_point_rule=_NO_POINT,
            )
            for label in released.labels
        ),
        preprocess=SPEC,
        scope=Scope(xray_type="chest", age_years=(18.0, 120.0), views=("PA", "AP")),
        heatmap=HeatmapSpec(method="class-map", box_threshold=0.5),
        protocol="not known to hilum: trained by the authors of torchxrayvision on their own split",
        training=Training(
            command=command,
            commit=None,
            data=released.data,
            split_sha256=None,
            seed=0,
            starting_weights=(
                f"{released.url} (sha256 {sha256}; {hashed[is_known]}), Cohen et al. 2022, arXiv:2111.00595"
            ),
            recipe={},
        ),
        compression=None,
        intended_use=(
            "Research: how likely a strong public network takes findings to be on an adult's frontal chest radiograph."
        ),
        not_for=(
            "Diagnosis, triage or any decision about a patient: this is not a medical device.",
            "Children, lateral views, and anything but a chest radiograph.",
        ),
        limits=_LIMITS,
        weights_licence=(
            "torchxrayvision's LICENSE names Apache-2.0 for its models; the data sets that they were trained on keep "
            "their own terms."
        ),
        files=files,
    )


_LIMITS = (
    NOT_CALIBRATED,
    NO_POINT,
    "Only the middle square of the image is read: what lies outside, such as an angle of a wide chest, is not seen.",
    "Its training data may hold images of any official test set of the releases named here: no figure on them is "
    "external.",
    "Labels were drawn from reports by programs, each release by its own.",
    "Larger images are resized as torchxrayvision's networks do it; its XRayResizer smooths more and gives other "
    "probabilities.",
)
