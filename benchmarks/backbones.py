"""The backbones beside each other on one core: parameters, time of a picture, pictures a second in training.

    python benchmarks/backbones.py [NAME ...] [--batch N] [--rounds N]

needs `pip install -e ".[train]"`. Without names, all of `hilum.networks.pooled_classifier.BACKBONES`; the largest takes
minutes. Times are processor time, the best of the rounds, so that neighbours on the machine count little. A picture of
224 pixels, or of the only size that a transformer takes, goes forward in float32 as torch computes it; a training step
is hilum's, in bfloat16, and is left out above 224 pixels and 30 million parameters. Prints the rows of
`docs/reference/backbones.md`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

import hilum.networks  # noqa: F401 (the guard goes before whatever imports torchvision)
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier
from hilum.reading.engines.processor import this_processor
from hilum.training.loop.fast_arithmetic import use_fast_arithmetic
from hilum.training.loop.freed_memory import freed_memory_kept

LABELS, SIDE_PX, TRAINED_BELOW = 14, 224, 30e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="backbones, by default all")
    parser.add_argument("--batch", type=int, default=4, help="pictures of a training step")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is timed")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| backbone | pixels | million parameters | ms a picture | trained, pictures a second |")
    print("| --- | --- | --- | --- | --- |")
    with freed_memory_kept():
        for name in arguments.names or sorted(BACKBONES):
            print(row(name, batch=arguments.batch, rounds=arguments.rounds), flush=True)


def row(name: str, *, batch: int, rounds: int) -> str:
    """One backbone's line of the table."""
    side = BACKBONES[name].side or SIDE_PX
    network = PooledClassifier(name, labels=LABELS).eval()
    parameters = sum(parameter.numel() for parameter in network.backbone.parameters())
    picture = torch.randn(1, 3, side, side)
    with torch.inference_mode():
        forward = best(lambda: network(picture), rounds=rounds)
    trained = "–"
    if side == SIDE_PX and parameters < TRAINED_BELOW:
        trained = f"{batch / best(training_step(network, batch=batch), rounds=rounds):.1f}"
    return f"| `{name}` | {side} | {parameters / 1e6:.1f} | {forward * 1e3:.0f} | {trained} |"


def training_step(network: PooledClassifier, *, batch: int) -> Callable[[], None]:
    """hilum's arithmetic alone: bfloat16 where the processor multiplies it, channels last, AdamW."""
    use_fast_arithmetic(network.train())
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)
    pictures = torch.randn(batch, 3, SIDE_PX, SIDE_PX).contiguous(memory_format=torch.channels_last)
    targets = torch.zeros(batch, LABELS)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=this_processor().has_bfloat16):
            logits = network(pictures)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), targets)
        loss.backward()
        optimizer.step()

    return step


def best(act: Callable[[], object], *, rounds: int) -> float:
    """Seconds of processor time; one call before the rounds warms up."""
    act()
    seconds = []
    for _ in range(rounds):
        started = time.process_time()
        act()
        seconds.append(time.process_time() - started)
    return min(seconds)


if __name__ == "__main__":
    main()
