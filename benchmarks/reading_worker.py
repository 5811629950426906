"""One side of `reading.py` in its own process: each line that comes in is answered by the seconds of one more run.

    python reading_worker.py SIDE FOLDER THREADS

A process for each side, since the thread pools of two libraries in one process disturb each other. Only one runs at a
time, in turns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Run = Callable[[], object]


def hilum_network(folder: Path, threads: int, *, bundle: str, count: int) -> Run:
    from hilum.bundle.load import load_bundle
    from hilum.reading.engines.network import ENGINES, Network
    from hilum.reading.settings import ReaderSettings

    engine = ENGINES[ReaderSettings().engine]()
    network = Network(load_bundle(folder / bundle), engine=engine, threads=threads)
    batch = np.load(folder / "batch.npy")[:count]
    return lambda: network.run(batch).logits


def hilum_engine(folder: Path, threads: int, *, name: str, count: int) -> Run:
    """The network with its maps on one engine; for `openvino-int8` the form in 8 bits that `reading.py` put there."""
    from hilum.reading.engines.graph_of import IntermediateGraph
    from hilum.reading.engines.graph_runner import GraphRunner
    from hilum.reading.engines.network import ENGINES

    graph = (folder / "graph.onnx").read_bytes()
    if name == "openvino-int8":
        graph = IntermediateGraph((folder / "int8.xml").read_bytes(), weights=(folder / "int8.bin").read_bytes())
    runner = GraphRunner(graph, name=name, engine=ENGINES[name](), threads=threads)
    channels = runner.input_shapes["input"][1]
    batch = np.load(folder / "batch.npy")[:count]
    batch = np.ascontiguousarray(np.repeat(batch, channels, axis=1)) if channels != batch.shape[1] else batch
    return lambda: runner.run({"input": batch}, outputs=("logits", "class_maps"))["logits"]


def hilum_files(folder: Path, threads: int) -> Run:
    from hilum import Reader
    from hilum.bundle.load import load_bundle
    from hilum.reading.settings import ReaderSettings

    reader = Reader(models=[load_bundle(folder / "bundle")], settings=ReaderSettings(threads=threads))
    paths = sorted((folder / "images").iterdir())[:16]
    return lambda: list(reader.examine_many(paths))


def their_network(folder: Path, threads: int):
    from hilum.networks.torchvision_guard import declare_missing_operators

    declare_missing_operators()
    import torch
    import torchxrayvision

    torch.set_num_threads(threads)
    network = torchxrayvision.models.DenseNet(weights=None, num_classes=14)
    network.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    return torch, network.eval()


def torchxrayvision_network(folder: Path, threads: int, *, count: int) -> Run:
    torch, network = their_network(folder, threads)
    batch = torch.from_numpy(np.load(folder / "batch.npy")[:count])

    def run() -> object:
        with torch.inference_mode():
            return network(batch).numpy()

    return run


def torchxrayvision_files(folder: Path, threads: int) -> Run:
    torch, network = their_network(folder, threads)
    import torchvision
    import torchxrayvision as xrv

    transform = torchvision.transforms.Compose([xrv.datasets.XRayCenterCrop(), xrv.datasets.XRayResizer(224)])
    paths = sorted((folder / "images").iterdir())[:16]

    def run() -> object:
        with torch.inference_mode():
            images = [torch.from_numpy(transform(xrv.utils.load_image(str(path)))) for path in paths]
            return torch.sigmoid(network(torch.stack(images))).numpy()

    return run


def grad_cam(folder: Path, threads: int) -> Run:
    """All 14 maps of one image with the grad-cam library, one class after another.

    A batch of 14 copies of the image, its other way, is no faster on a CPU and takes 4 GB.
    """
    torch, theirs = their_network(folder, threads)
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    from fabricate_reading import same_network

    network = same_network(theirs)
    image = torch.from_numpy(np.load(folder / "batch.npy")[:1])
    cam = GradCAM(model=network, target_layers=[network.backbone])
    return lambda: [cam(input_tensor=image, targets=[ClassifierOutputTarget(label)]) for label in range(14)]


ENGINES_BESIDE = ("openvino", "openvino-bf16", "openvino-int8")
"""Those that run beside the default, in its turns."""


def beside(count: int, words: str) -> dict[str, Callable[[Path, int], Run]]:
    """A side for each of them, by the name that `reading.py` gives it."""
    return {
        f"hilum {name}, network, {words}": lambda f, t, name=name: hilum_engine(f, t, name=name, count=count)
        for name in ENGINES_BESIDE
    }


GROUPS: tuple[dict[str, Callable[[Path, int], Run]], ...] = (
    {
        "hilum, network, batch of 16": lambda f, t: hilum_network(f, t, bundle="bundle", count=16),
        "hilum, network without maps, batch of 16": lambda f, t: hilum_network(
            f, t, bundle="bundle-without-maps", count=16
        ),
        **beside(16, "batch of 16"),
        "torchxrayvision, network, batch of 16": lambda f, t: torchxrayvision_network(f, t, count=16),
    },
    {
        "hilum, network, one image": lambda f, t: hilum_network(f, t, bundle="bundle", count=1),
        "hilum, network without maps, one image": lambda f, t: hilum_network(
            f, t, bundle="bundle-without-maps", count=1
        ),
        **beside(1, "one image"),
        "torchxrayvision, network, one image": lambda f, t: torchxrayvision_network(f, t, count=1),
    },
    {"hilum, 16 files": hilum_files, "torchxrayvision, 16 files": torchxrayvision_files},
    {"grad-cam library, 14 maps of one image": grad_cam},
)
"""What runs in turns; each group has the machine for itself."""

SIDES = {side: start for group in GROUPS for side, start in group.items()}


def main() -> None:
    side, folder, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    run = SIDES[side](folder, threads)
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        started, spent = time.perf_counter(), time.process_time()
        run()
        print(time.perf_counter() - started, time.process_time() - spent, flush=True)


if __name__ == "__main__":
    main()
