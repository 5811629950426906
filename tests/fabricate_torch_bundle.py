"""Makes a bundle of a torch network as it stands: its graph, and a card that says nothing of any training.

python tests/fabricate_torch_bundle.py FOLDER
"""

import argparse
from pathlib import Path

import safetensors.torch
import torch

from fabricate_bundle import ToyBundle
from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.networks.bundle_weights import WEIGHTS
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.export.to_onnx import classifier_to_onnx, noise


def fabricate_torch_bundle(
    folder: Path, *, network: PooledClassifier, labels: tuple[str, ...], size: int = 64, weights: bool = True
) -> Bundle:
    """`network` in evaluation mode as a bundle that takes whole pictures at `size` pixels a side.

    Without `weights` it holds the graph alone, from which those of SqueezeNet cannot be had back.
    """
    files = {"model.onnx": classifier_to_onnx(network, example=noise(3, size, size))}
    if weights:
        files[WEIGHTS] = safetensors.torch.save(network.state_dict())
    toy = card_of(labels=labels, size=size, architecture=network.name)
    return write_bundle(folder, card=toy.model_copy(update={"files": file_hashes(files)}), files=files)


def card_of(*, labels: tuple[str, ...], size: int, architecture: str) -> Card:
    """A card that says how a network takes whole pictures, and nothing of any file."""
    spec = PreprocessSpec(steps=(Resize(height=size, width=size, rule="stretch"),), mean=(0.5,) * 3, std=(0.5,) * 3)
    return ToyBundle(labels=labels, preprocess=spec).card().model_copy(update={"architecture": architecture})


def random_network(name: str = "squeezenet1_1", *, labels: int = 1, seed: int = 0) -> PooledClassifier:
    """Random weights with a head of both signs."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = PooledClassifier(name, labels=labels)
        torch.nn.init.normal_(network.head.weight, 0.0, 0.5)
        torch.nn.init.normal_(network.head.bias)
    return network.eval()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    fabricate_torch_bundle(parser.parse_args().folder, network=random_network(), labels=("Pneumonia",))
