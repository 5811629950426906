"""What looking twice costs in training beside two networks whose pictures lie ready, and whether memory grows.

    python benchmarks/attention.py [--out FOLDER] [--backbone NAME] [--quick]

needs `pip install -e ".[train]"` and takes some minutes on two cores; `--quick` takes seconds and shows that it works:
its figures mean nothing. A step is forward, three losses and backward of 32 pictures of 448 pixels, each looked at
twice at 224, with 14 labels. Beside it the same two networks, heads and losses on looks that lie ready: the difference
is what finding the box and cutting both looks costs. Times are processor time of one thread, the best of rounds in
which both take turns. Before that a small pair learns for 1,000 whole steps, led by class maps in closed form, and the
memory of the process is watched from the hundredth on. Prints a table and writes `attention.json` into `--out`.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from hilum.bundle.two_looks_spec import NOTHING_TOLD, TOLD_GROUPS
from hilum.networks.attention import Attention
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.two_looks import Told, TwoLooks
from measuring import head, say, target, target_lines, write

LABELS, SOURCE, LOOK = 14, 448, 224
AT_MOST_SHARE, AT_MOST_MB = 0.10, 20.0
PAPERS = Attention()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for attention.json")
    parser.add_argument("--backbone", default="mobilenet_v2", help="of both networks")
    parser.add_argument("--quick", action="store_true", help="few pictures and rounds: shows that it works")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    batch, rounds, loops = (2, 1, 20) if arguments.quick else (32, 5, 1000)
    grown = grown_mb(steps=loops)  # first: afterwards the most that was ever held is that of large steps
    say(f"{loops} steps")
    seconds = measured(arguments.backbone, batch=batch, rounds=rounds)
    share = (seconds["looking twice"] - seconds["looks that lie ready"]) / seconds["looking twice"]
    targets = [
        target(f"share of a step of {arguments.backbone} twice, batch {batch}", share, at_most=AT_MOST_SHARE),
        target(f"MB that memory grows by over {loops} steps", grown, at_most=AT_MOST_MB),
    ]
    print("\n".join(f"  {value * 1e3:10.1f} ms  {name}" for name, value in seconds.items()))
    print("\n".join(target_lines(targets)))
    report = {**head(threads=1, quick=arguments.quick), "backbone": arguments.backbone, "batch": batch}
    report |= {"milliseconds": {name: round(value * 1e3, 1) for name, value in seconds.items()}, "targets": targets}
    write(report, folder=arguments.out, name="attention.json")


def measured(backbone: str, *, batch: int, rounds: int) -> dict[str, float]:
    """Seconds of one step either way."""
    network = made_network(backbone)
    pictures = torch.rand(batch, 1, SOURCE, SOURCE)
    about = torch.tensor(NOTHING_TOLD).expand(batch, -1)
    targets = (torch.rand(batch, LABELS) < 0.1).float()
    looks = torch.rand(2, batch, 3, LOOK, LOOK)

    def twice() -> None:
        learn(network, list(network(pictures, about)), targets=targets)

    def ready() -> None:
        pooled = [each.features(look).mean(dim=(2, 3)) for each, look in zip(branches(network), looks, strict=True)]
        logits = [each.head(seen) for each, seen in zip(branches(network), pooled, strict=True)]
        fused = network.fusion(torch.cat([*(seen.detach() for seen in pooled), about], dim=1)[:, :, None, None])
        learn(network, [*logits, fused], targets=targets)

    steps: dict[str, Callable[[], None]] = {"looking twice": twice, "looks that lie ready": ready}
    best = dict.fromkeys(steps, float("inf"))
    for turn in range(rounds):
        for name, act in steps.items():
            started = time.process_time()
            act()
            best[name] = min(best[name], time.process_time() - started)
        say(f"round {turn + 1} of {rounds}")
    return best


def made_network(backbone: str, *, look: int = LOOK, attention: Attention = PAPERS) -> TwoLooks:
    whole, crop = (PooledClassifier(backbone, labels=LABELS) for _ in range(2))
    told = Told(unknown=NOTHING_TOLD, groups=TOLD_GROUPS)
    half = (0.5, 0.5, 0.5)
    return TwoLooks(whole=whole, crop=crop, size=(look, look), attention=attention, told=told, mean=half, std=half)


def branches(network: TwoLooks) -> tuple[PooledClassifier, PooledClassifier]:
    return network.whole, network.crop


def learn(network: TwoLooks, logits: list[Tensor], *, targets: Tensor) -> None:
    """Forward was done; three losses and the gradients of all of them."""
    network.zero_grad()
    losses = [torch.nn.functional.binary_cross_entropy_with_logits(each, targets) for each in logits]
    torch.stack(losses).sum().backward()


def grown_mb(*, steps: int) -> float:
    """By how much the largest memory of this process grows over whole steps of training, after the first tenth."""
    attention = Attention(map="most probable label")
    network = made_network("squeezenet1_1", look=64, attention=attention)
    pictures, about = torch.rand(4, 1, 128, 128), torch.tensor(NOTHING_TOLD).expand(4, -1)
    targets = (torch.rand(4, LABELS) < 0.1).float()
    optimizer = torch.optim.AdamW(network.parameters())
    before = 0.0
    for turn in range(steps):
        if turn == steps // 10:
            before = largest_mb()
        learn(network, list(network(pictures, about)), targets=targets)
        optimizer.step()
    return largest_mb() - before


def largest_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
