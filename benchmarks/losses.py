"""What the losses cost beside cross-entropy: forward and backward of a batch, with the mask of missing labels.

    python benchmarks/losses.py [--out FOLDER] [--quick]

needs `pip install -e ".[train]"` and takes a minute; `--quick` takes a second and shows that it works: its figures mean
nothing. Times are processor time of one thread, the best of many rounds in which all losses take turns, so that
neighbours on the machine count little. Prints a table and writes `losses.json` into `--out`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from hilum.training.recipe import (
    Asymmetric,
    BinaryCrossEntropy,
    DistributionBalanced,
    Focal,
    fit_loss,
    masked_loss,
)
from measuring import head, target, target_lines, write

LABELS = (*(f"finding {number}" for number in range(13)), "No Finding")
BATCHES = (256, 4096)
FITTED_ON, MISSING = 20_000, 0.05
AT_MOST = 1.3
MODIFIED = "Distribution-Balanced, No Finding alone"
LOSSES = {
    "cross-entropy": BinaryCrossEntropy(),
    "weighted cross-entropy": BinaryCrossEntropy(weighting="chexnet"),
    "focal": Focal(),
    "asymmetric": Asymmetric(),
    "Distribution-Balanced": DistributionBalanced(),
    MODIFIED: DistributionBalanced(alone="No Finding"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for losses.json")
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that it works, measures nothing")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    targets = made_targets()
    cases, targets_met = [], []
    for rows in BATCHES:
        seconds = measured(targets, rows=rows, rounds=3 if arguments.quick else 200)
        plain = seconds["cross-entropy"]
        cases.append({"batch": [rows, len(LABELS)], "microseconds": {n: round(s * 1e6, 1) for n, s in seconds.items()}})
        ratio = seconds[MODIFIED] / plain
        targets_met.append(target(f"times cross-entropy: {MODIFIED}, ({rows}, {len(LABELS)})", ratio, at_most=AT_MOST))
        print(f"({rows}, {len(LABELS)})")
        print("\n".join(f"  {s * 1e6:8.1f} us  {s / plain:5.2f} x  {name}" for name, s in seconds.items()))
    print("\n".join(target_lines(targets_met)))
    report = {**head(threads=1, quick=arguments.quick), "cases": cases, "targets": targets_met}
    write(report, folder=arguments.out, name="losses.json")


def made_targets() -> np.ndarray:
    """(FITTED_ON, L) of 0 and 1: rare labels and common ones, No Finding alone, some of them missing."""
    draw = np.random.default_rng(0)
    targets = (draw.random((FITTED_ON, len(LABELS))) < np.linspace(0.01, 0.2, len(LABELS))).astype(np.float32)
    targets[:, -1] = targets[:, :-1].sum(axis=1) == 0
    targets[draw.random(targets.shape) < MISSING] = np.nan
    return targets


def measured(targets: np.ndarray, *, rows: int, rounds: int) -> dict[str, float]:
    """Seconds of one forward and backward on `rows` images, by loss."""
    batch = torch.from_numpy(targets[:rows])
    steps = {name: step(spec, targets=targets, batch=batch) for name, spec in LOSSES.items()}
    calls = max(1, 40_000 // rows)
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(rounds):
        for name, act in steps.items():
            act()
            started = time.process_time_ns()
            for _ in range(calls):
                act()
            best[name] = min(best[name], (time.process_time_ns() - started) / calls / 1e9)
    return best


def step(
    spec: BinaryCrossEntropy | Focal | Asymmetric | DistributionBalanced, *, targets: np.ndarray, batch: torch.Tensor
) -> Callable[[], None]:
    """Loss and gradient of one batch."""
    loss = fit_loss(spec, targets=targets, labels=LABELS)
    logits = torch.randn(batch.shape, generator=torch.Generator().manual_seed(0), requires_grad=True)

    def act() -> None:
        logits.grad = None
        masked_loss(logits, batch, loss=loss).backward()

    return act


if __name__ == "__main__":
    main()
