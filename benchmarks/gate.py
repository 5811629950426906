"""What the gate and the type cost an image: preprocessing and network, read once for both, at most 12 ms on two cores.

    python benchmarks/gate.py

Each size is a phantom thorax drawn at it; the figures are medians over rounds, decoding left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from hilum.bundle.shelf import find
from hilum.imaging.preprocess import preprocess
from hilum.phantom.thorax import render_thorax
from hilum.reading.engines.network import Network
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.gate.rules import judge_picture

SIZES = (512, 1024, 2048)
LIMIT_MS = 12.0


def milliseconds(function: Callable[[], object], *, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        function()
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--rounds", type=int, default=50)
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    bundle = find("xray-gate")
    network = Network(bundle, engine=OnnxRuntimeEngine(), threads=options.threads)
    print(f"{bundle.card.name} {bundle.card.version}, {options.threads} threads, medians of {options.rounds} rounds")
    for size in SIZES:
        pixels = render_thorax(rows=size, columns=size).pixels
        array = preprocess(pixels, spec=bundle.card.preprocess).array[None]
        prepare_ms = milliseconds(partial(preprocess, pixels, spec=bundle.card.preprocess), rounds=options.rounds)
        network_ms = milliseconds(partial(network.run, array), rounds=options.rounds)
        logits = network.run(array).logits[0]
        rule_ms = milliseconds(partial(judge_picture, logits, spec=bundle.card.gate), rounds=options.rounds)
        total = prepare_ms + network_ms + rule_ms
        held = "holds" if total <= LIMIT_MS else "is missed"
        print(
            f"{size} x {size}: preprocess {prepare_ms:.2f} ms, network {network_ms:.2f} ms, rule {rule_ms:.2f} ms, "
            f"together {total:.2f} ms ({LIMIT_MS:g} ms {held})"
        )
    batch = np.repeat(array, 16, axis=0)
    each = milliseconds(partial(network.run, batch), rounds=max(3, options.rounds // 5)) / len(batch)
    print(f"network in batches of 16: {each:.2f} ms an image")


if __name__ == "__main__":
    main()
