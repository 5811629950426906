"""Whether capsules learn digits, and what memory they take by the picture's side.

    python benchmarks/capsules.py [--out FOLDER] [--epochs 12] [--mnist FILE.npz] [--quick]

needs `pip install -e ".[train]"` and takes some ten minutes on two cores; `--quick` takes seconds and shows that it
works: its figures mean nothing. scikit-learn's digits of 8 pixels are enlarged to 28, a fifth is held out, and a
capsule network a quarter as wide as the paper's learns the rest by margin loss and reconstruction, each picture shifted
by up to two pixels as the paper does. `--mnist` takes a file with `x_train`, `y_train`, `x_test` and `y_test` in the
place of the digits. Memory is what routing's predictions and the weights take for one picture, at 28 to 224 pixels,
each place's own weights beside shared ones with a window. Prints a table and writes `capsules.json` into `--out`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

from hilum.networks.capsules import CapsuleNetwork, CapsuleShape, Reconstruction
from hilum.reading.engines.engine import available_cores
from hilum.training.recipe.capsule_loss import MarginLoss, reconstruction_loss
from measuring import head, say, target, target_lines, write

SIDE, CLASSES, BATCH = 28, 10, 32
AT_LEAST = 0.985
SHAPES = {28: 1, 56: 2, 112: 4, 224: 8}
"""The window of shared weights by side: places grow with the pixels, squares do not."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for capsules.json")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--mnist", type=Path, help="a file with x_train, y_train, x_test, y_test")
    parser.add_argument("--quick", action="store_true", help="one epoch of few pictures: shows that it works")
    arguments = parser.parse_args()
    threads = available_cores()
    torch.set_num_threads(threads)
    train, test = digits() if arguments.mnist is None else mnist(arguments.mnist)
    if arguments.quick:
        train, test = tuple(part[:64] for part in train), tuple(part[:64] for part in test)
    shape = CapsuleShape(side=SIDE, channels=64, kinds=8)
    found = accuracy(shape, train=train, test=test, epochs=1 if arguments.quick else arguments.epochs)
    targets = [target("accuracy held out", found, at_least=AT_LEAST)]
    memory = {side: megabytes(side) for side in SHAPES}
    print(
        "\n".join(
            f"  {side:4d} px  own {own:10.1f} MB  shared {shared:8.1f} MB" for side, (own, shared) in memory.items()
        )
    )
    print("\n".join(target_lines(targets)))
    report = {**head(threads=threads, quick=arguments.quick), "accuracy": round(found, 4), "targets": targets}
    report |= {"megabytes": [{"side": side, "own": own, "shared": shared} for side, (own, shared) in memory.items()]}
    write(report, folder=arguments.out, name="capsules.json")


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
    network = CapsuleNetwork(shape, labels=CLASSES)
    painter = Reconstruction(network)
    learnt = [*network.parameters(), *painter.parameters()]
    optimizer = torch.optim.Adam(learnt, lr=1e-3)
    pictures, classes = train
    updates = epochs * (len(classes) // BATCH)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=updates)
    for epoch in range(epochs):
        for rows in torch.randperm(len(classes)).split(BATCH):
            if len(rows) < BATCH:
                continue
            shown = shifted(pictures[rows])
            targets = functional.one_hot(classes[rows], CLASSES).float()
            capsules = network.capsules(shown)
            margin, _ = MarginLoss()(torch.linalg.vector_norm(capsules, dim=-1), targets)
            loss = margin / BATCH + reconstruction_loss(painter(capsules, targets), shown)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
        say(f"epoch {epoch + 1} of {epochs}: {held_out(network, test=test):.4f} held out")
    return held_out(network, test=test)


def held_out(network: CapsuleNetwork, *, test: tuple[Tensor, Tensor]) -> float:
    pictures, classes = test
    with torch.inference_mode():
        said = torch.cat([network(part).argmax(dim=1) for part in pictures.split(128)])
    return float((said == classes).float().mean())


def shifted(pictures: Tensor) -> Tensor:
    """The batch moved by up to two pixels either way, black coming in."""
    down, across = (int(torch.randint(-2, 3, ())) for _ in range(2))
    wide = functional.pad(pictures, (2, 2, 2, 2))
    return wide[..., 2 + down : 2 + down + SIDE, 2 + across : 2 + across + SIDE]


def megabytes(side: int) -> tuple[float, float]:
    """What weights and the predictions of one picture take at the paper's width, with own and with shared weights."""
    found = []
    for shape in (CapsuleShape(side=side), shared_shape(side)):
        weights = (shape.kinds if shape.shared else shape.routed) * CLASSES * shape.below * shape.above
        predictions = shape.routed * CLASSES * shape.above
        found.append(round((weights + predictions) * 4 / 2**20, 1))
    return found[0], found[1]


def shared_shape(side: int) -> CapsuleShape:
    """Shared weights with the window of this side, or the next smaller one that divides its places."""
    places = CapsuleShape(side=side).places
    window = next(size for size in range(SHAPES[side], 0, -1) if places % size == 0)
    return CapsuleShape(side=side, shared=True, window=window)


if __name__ == "__main__":
    main()
