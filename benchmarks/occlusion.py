"""What a heatmap by occlusion costs beside a class map: one phantom chest, one network, both in turns.

    python benchmarks/occlusion.py [--model NAME_OR_FOLDER] [--rounds 5] [--threads CORES]

needs the base installation alone and takes about a minute on two cores. The network is a classifier with class maps, by
default the children's that ships, to which every pixel counts as lung. It is asked for its logit and map in one pass,
and for the map by occlusion that a card says where it says nothing else. The picture is prepared beforehand. Prints the
median of each and their ratio.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from hilum.bundle.card import OcclusionSpec
from hilum.bundle.load import Bundle
from hilum.bundle.shelf import named_bundle
from hilum.explain.occlusion import occlusion_maps, passes
from hilum.imaging.preprocess import preprocess
from hilum.phantom.thorax import render_thorax
from hilum.reading.engines.engine import Batch, available_cores
from hilum.reading.engines.network import LungPooledNetwork, Network, NetworkOutput
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine


def main() -> None:
    parser = argparse.ArgumentParser(description="Time heatmaps by occlusion beside class maps.")
    parser.add_argument("--model", default="pneumonia-paediatric")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=available_cores())
    arguments = parser.parse_args()
    bundle = named_bundle(arguments.model)
    run = runner(bundle, threads=arguments.threads)
    picture = preprocess(render_thorax().pixels, spec=bundle.card.preprocess).array
    spec, logits = OcclusionSpec(), run(picture[None]).logits[0]

    def by_class_map() -> object:
        return run(picture[None]).class_maps

    def by_occlusion() -> object:
        return occlusion_maps(
            picture, logits=logits, ask=lambda hidden: run(hidden).logits, cells=spec.cells, square=spec.square
        )

    class_map, occlusion = [], []
    for _ in range(arguments.rounds):
        class_map.append(_ms(by_class_map))
        occlusion.append(_ms(by_occlusion))
    one, many = median(class_map), median(occlusion)
    sys.stdout.write(
        f"{bundle.card.name} {bundle.card.version}, {arguments.threads} threads, median of {arguments.rounds}\n"
        f"| heatmap | passes | ms |\n| --- | --- | --- |\n| class map | 1 | {one:.1f} |\n"
        f"| occlusion | {passes(spec.cells, spec.square)} | {many:.0f} |\n| ratio |  | {many / one:.0f} |\n"
    )


def runner(bundle: Bundle, *, threads: int) -> Callable[[Batch], NetworkOutput]:
    """What reads a batch of prepared pictures (N, C, H, W) with the bundle's network."""
    if bundle.card.pooling is None:
        return Network(bundle, engine=OnnxRuntimeEngine(), threads=threads).run
    network = LungPooledNetwork(bundle, engine=OnnxRuntimeEngine(), threads=threads)
    return lambda batch: network.run_inside(batch, lungs=np.ones((len(batch), 1, *batch.shape[2:]), np.float32))


def _ms(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    main()
