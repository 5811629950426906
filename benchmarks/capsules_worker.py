"""What one training step of capsules takes, as JSON: `benchmarks/capsules.py` starts this anew for every measurement.

    python benchmarks/capsules_worker.py SIDE NETWORK BATCH

`weights_mb` are the parameters, `saved_mb` what autograd keeps of the forward pass for the backward one, each piece of
memory once: both are counted on torch's `meta` device, which allocates nothing. `step_mb` is four times the weights
(gradients and AdamW's two means beside them) and what is kept. Two real updates are made, and `peak_mb` is the most
that this process ever held, Python and torch included.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import replace

import torch

from hilum.networks.capsules.network import LARGE, CapsuleShape, Painting, SharedPairs
from hilum.reading.engines.engine import available_cores
from hilum.systems.capsules.painted import CapsuleTask, PaintedCapsules
from hilum.training.recipe.losses import fit_loss
from hilum.training.recipe.margin_loss import MarginLoss

LABELS = [f"label {place}" for place in range(14)]
SHAPES = {
    "dense": CapsuleShape(),
    "shared": replace(LARGE, routing=SharedPairs(window=7)),
    "local": LARGE,
}
"""The paper's network, and that of the recipe for large pictures by either routing; each is made at any side."""
MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("side", type=int)
    parser.add_argument("network", choices=SHAPES)
    parser.add_argument("batch", type=int)
    arguments = parser.parse_args()
    shape = replace(SHAPES[arguments.network], side=arguments.side)
    found = counted(shape, batch=arguments.batch)
    torch.set_num_threads(available_cores())
    print(json.dumps(found | measured(shape, batch=arguments.batch)))


def task_of(shape: CapsuleShape) -> CapsuleTask:
    network = PaintedCapsules(shape, labels=len(LABELS), painting=Painting())
    loss = fit_loss(MarginLoss(), targets=[[0.0] * len(LABELS)], labels=LABELS)
    return CapsuleTask(network, labels=LABELS, loss=loss)


def counted(shape: CapsuleShape, *, batch: int) -> dict[str, float]:
    """What is known before anything is allocated."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        memory = tensor.untyped_storage()
        kept[memory._cdata] = memory.nbytes()  # views share their memory
        return tensor

    with torch.device("meta"):
        task = task_of(shape)
        pictures, targets = torch.empty(batch, 1, shape.side, shape.side), torch.empty(batch, len(LABELS))
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            held = task.loss((pictures, targets))
    own = {parameter.untyped_storage()._cdata: parameter.nbytes for parameter in task.network.parameters()}
    weights, saved = sum(own.values()), sum(size for place, size in kept.items() if place not in own)
    del held
    return {
        "weights_mb": round(weights / MIB, 1),
        "saved_mb": round(saved / MIB, 1),
        "step_mb": round((4 * weights + saved) / MIB, 1),
    }


def measured(shape: CapsuleShape, *, batch: int) -> dict[str, float]:
    """Two updates on noise, the second of which has all that the optimiser keeps."""
    torch.manual_seed(0)
    task = task_of(shape)
    optimizer = torch.optim.AdamW(task.network.parameters(), lr=1e-3)
    pictures, targets = torch.rand(batch, 1, shape.side, shape.side), torch.randint(2, (batch, len(LABELS))).float()
    for _ in range(2):
        started = time.perf_counter()
        optimizer.zero_grad()
        task.loss((pictures, targets)).backward()
        optimizer.step()
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"peak_mb": round(peak / MIB, 1), "step_s": round(time.perf_counter() - started, 2)}


if __name__ == "__main__":
    main()
