"""Makes a file as torchxrayvision releases them: a DenseNet-121 of random weights, pickled as a torch before 1.6 did.

    python tests/fabricate_torchxrayvision.py FILE

Batch norms get the statistics of noise, so that logits have the size of a trained network's.
"""

import argparse
import copy
from pathlib import Path

import hilum.networks  # noqa: F401 (for its torchvision guard, before torchxrayvision)

# isort: split
import torch
from torch import nn
from torchxrayvision.models import DenseNet

OUTPUTS = 18
HALF_RANGE = 1024.0


def fabricate_torchxrayvision(path: Path, *, seed: int = 0, outputs: int = OUTPUTS) -> nn.Module:
    """Write the file, and return the network in evaluation mode: it gives logits of (N, 1, 224, 224) in ±1024."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = DenseNet(num_classes=outputs)
        nn.init.normal_(network.classifier.bias)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0.0, 0.2)
        smooth = nn.functional.interpolate(torch.rand(4, 1, 14, 14), size=(224, 224), mode="bicubic").clamp(0, 1)
        network.train()
        with torch.no_grad():
            network((smooth * 2 - 1) * HALF_RANGE)
    old = copy.deepcopy(network.eval())
    for module in old.modules():
        module.__dict__.pop("_non_persistent_buffers_set", None)
    torch.save(old, path, _use_new_zipfile_serialization=False)
    return network


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a file of torchxrayvision's kind with random weights.")
    parser.add_argument("file", type=Path)
    fabricate_torchxrayvision(parser.parse_args().file)
