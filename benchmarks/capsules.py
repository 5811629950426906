"""Whether capsules learn digits, and what memory a step takes by the picture's side.

    python benchmarks/capsules.py [--out FOLDER] [--epochs 30] [--mnist FILE.npz] [--quick]

needs `pip install -e ".[train]"` and takes some five minutes on two cores; `--quick` takes seconds and shows that it
works: its figures mean nothing. scikit-learn's digits of 8 pixels are enlarged to 28, a fifth is held out, and a
capsule network a quarter as wide as the paper's learns the rest by margin loss and painting, each picture shifted
by up to two pixels as the paper does. `--mnist` takes a file with `x_train`, `y_train`, `x_test` and `y_test` in the
place of the digits. Memory is that of a training step of 8 chests with 14 labels, at 28 to 224 pixels: the paper's
network beside that of `hilum train capsules-large` with either routing that shares weights, counted for all
(`capsules_worker.py`), and measured where a step fits into a few GB. Prints a table and writes `capsules.json` and,
where matplotlib is, `capsules.png` into `--out`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

from capsules_worker import SHAPES, counted
from hilum.networks.capsules.network import CapsuleShape, Painting
from hilum.reading.engines.engine import available_cores
from hilum.systems.capsules.painted import CapsuleTask, PaintedCapsules
from hilum.training.recipe.losses import fit_loss
from hilum.training.recipe.margin_loss import MarginLoss
from measuring import head, say, target, target_lines, write

SIDE, CLASSES, BATCH = 28, 10, 32
AT_LEAST = 0.985
SIDES, STEP_BATCH = (28, 56, 112, 224), 8
ROUTINGS = {
    "dense": "paper's network: each place its own weights",
    "shared": "shared weights, averaged over squares of 7",
    "local": "locally constrained routing",
}
MEASURED = {("dense", 28), ("dense", 56), *((name, side) for name in ("shared", "local") for side in SIDES)}
MEASURED_QUICKLY = {("shared", 28)}
MOST_MB = 4096
WORKER = Path(__file__).with_name("capsules_worker.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for capsules.json and capsules.png")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--mnist", type=Path, help="a file with x_train, y_train, x_test, y_test")
    parser.add_argument("--quick", action="store_true", help="one epoch of few pictures: shows that it works")
    arguments = parser.parse_args()
    threads = available_cores()
    torch.set_num_threads(threads)
    train, test = digits() if arguments.mnist is None else mnist(arguments.mnist)
    if arguments.quick:
        train, test = tuple(part[:64] for part in train), tuple(part[:64] for part in test)
    memory = [step_memory(name, side, quick=arguments.quick) for name in ROUTINGS for side in SIDES]
    print("\n".join(map(memory_line, memory)))
    shape = CapsuleShape(side=SIDE, channels=64, kinds=8)
    found = accuracy(shape, train=train, test=test, epochs=1 if arguments.quick else arguments.epochs)
    targets = [
        target("capsules: share of held-out digits named right", found, at_least=AT_LEAST),
        *memory_targets(memory),
    ]
    print("\n".join(target_lines(targets)))
    pictures = "scikit-learn's digits" if arguments.mnist is None else "MNIST"
    report = {**head(threads=threads, quick=arguments.quick), "pictures": pictures, "accuracy": round(found, 4)}
    report |= {"held_out": len(test[1]), "batch": STEP_BATCH, "memory": memory, "targets": targets}
    write(report, folder=arguments.out, name="capsules.json")
    if arguments.out is not None:
        draw(memory, path=arguments.out / "capsules.png")


def digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """scikit-learn's digits at 28 pixels in [0, 1], with their classes; every fifth is held out."""
    given = load_digits()
    pictures = torch.from_numpy(given.images.astype(np.float32) / 16)[:, None]
    pictures = functional.interpolate(pictures, size=(20, 20), mode="bilinear", align_corners=False)
    pictures = functional.pad(pictures, (4, 4, 4, 4))
    classes = torch.from_numpy(given.target)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(classes)))
    held = torch.arange(len(order)) % 5 == 0
    return (pictures[order[~held]], classes[order[~held]]), (pictures[order[held]], classes[order[held]])


def mnist(path: Path) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The release's own parts."""
    with np.load(path) as given:
        parts = [
            (
                torch.from_numpy(given[f"x_{part}"].astype(np.float32) / 255).reshape(-1, 1, SIDE, SIDE),
                torch.from_numpy(given[f"y_{part}"].astype(np.int64)),
            )
            for part in ("train", "test")
        ]
    return parts[0], parts[1]


def accuracy(shape: CapsuleShape, *, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], epochs: int) -> float:
    """The share of held-out pictures whose longest capsule is that of their class."""
    torch.manual_seed(0)
    labels = [str(digit) for digit in range(CLASSES)]
    network = PaintedCapsules(shape, labels=CLASSES, painting=Painting(capsules="present"))
    task = CapsuleTask(network, labels=labels, loss=fit_loss(MarginLoss(), targets=[[0.0] * CLASSES], labels=labels))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    pictures, classes = train
    updates = epochs * (len(classes) // BATCH)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates)
    for epoch in range(epochs):
        for rows in torch.randperm(len(classes)).split(BATCH):
            if len(rows) < BATCH:
                continue
            loss = task.loss((shifted(pictures[rows]), functional.one_hot(classes[rows], CLASSES).float()))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
        say(f"epoch {epoch + 1} of {epochs}: {held_out(network, test=test):.4f} held out")
    return held_out(network, test=test)


def held_out(network: PaintedCapsules, *, test: tuple[Tensor, Tensor]) -> float:
    pictures, classes = test
    with torch.inference_mode():
        said = torch.cat([network.network(part).argmax(dim=1) for part in pictures.split(128)])
    return float((said == classes).float().mean())


def shifted(pictures: Tensor) -> Tensor:
    """Each picture moved by up to two pixels either way, black coming in."""
    wide = functional.pad(pictures, (2, 2, 2, 2))
    moves = torch.randint(5, (len(pictures), 2)).tolist()
    return torch.stack(
        [one[:, down : down + SIDE, across : across + SIDE] for one, (down, across) in zip(wide, moves, strict=True)]
    )


def step_memory(network: str, side: int, *, quick: bool) -> dict[str, object]:
    """What is counted of one training step, and where it is measured what a process of its own says of it."""
    say(f"memory of {network} at {side} pixels")
    about: dict[str, object] = {"network": network, "side": side}
    if (network, side) not in (MEASURED_QUICKLY if quick else MEASURED):
        return about | counted(replace(SHAPES[network], side=side), batch=STEP_BATCH)
    command = [sys.executable, str(WORKER), str(side), network, str(STEP_BATCH)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return about | json.loads(result.stdout)


def memory_line(each: dict) -> str:
    peak = f"{each['peak_mb']:9.1f} MB at most" if "peak_mb" in each else "   not measured"
    return f"  {each['network']:6} {each['side']:4d} px {each['step_mb']:9.1f} MB counted {peak}"


def memory_targets(memory: list[dict]) -> list[dict[str, object]]:
    """Four GB for a step of 8, and no more than the pixels' ratio from one side to the next."""
    by = {(each["network"], each["side"]): each for each in memory}
    found = [
        target(
            f"capsules: a training step of {STEP_BATCH} at {side} pixels, {network} routing, MB",
            by[network, side]["peak_mb"],
            at_most=MOST_MB,
        )
        for network, side in (("dense", 56), ("shared", 224), ("local", 224))
        if "peak_mb" in by[network, side]
    ]
    kept = {"saved_mb": "what is kept for the backward pass", "step_mb": "memory of a step"}
    for network, key in itertools.product(("shared", "local"), kept):
        ratios = [by[network, side][key] / by[network, side // 2][key] for side in SIDES[1:]]
        what = f"capsules: {kept[key]} at four times the pixels, {network} routing, times"
        found.append(target(what, max(ratios), at_most=4.0))
    return found


def draw(memory: list[dict], *, path: Path) -> None:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        say("matplotlib is not installed: no capsules.png")
        return
    figure, axes = plt.subplots(figsize=(7, 5.5), layout="constrained")
    for (network, name), colour in zip(ROUTINGS.items(), ("tab:red", "tab:green", "tab:blue"), strict=True):
        rows = [each for each in memory if each["network"] == network]
        axes.plot([each["side"] for each in rows], [each["step_mb"] for each in rows], "o-", color=colour, label=name)
        rows = [each for each in rows if "peak_mb" in each]
        sides, peaks = [each["side"] for each in rows], [each["peak_mb"] for each in rows]
        axes.plot(sides, peaks, "x--", color=colour, label=f"{name}, whole process as measured")
    axes.axhline(MOST_MB, color="grey", linewidth=0.8)
    axes.set(
        xscale="log",
        yscale="log",
        xticks=SIDES,
        xticklabels=SIDES,
        xlabel="side of the picture, pixels",
        ylabel="MB",
        title=f"memory of a training step of {STEP_BATCH} pictures",
    )
    axes.minorticks_off()
    figure.legend(loc="outside lower center", fontsize=8)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
