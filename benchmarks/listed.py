"""Every benchmark whose figures stand in the documentation, and how it is run: what `collect.py` goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Report = Literal["folder", "file", "printed", "text"]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One run of a script.

    `report` says how its figures come: a JSON file called after `name` in the folder of `--out`, the file that `--out`
    names, JSON on standard output, or lines of text. `words` are its arguments; `{shared}` in them stands for the
    folder of public releases. `quick` shows in seconds that it works. `needs` are modules without which it is left out.
    `minutes` is about how long it takes on two quiet cores. What `reads` images has one thread for numpy's products of
    matrices, as the commands that read have.
    """

    name: str
    script: str
    report: Report
    minutes: float
    words: tuple[str, ...] = ()
    quick: tuple[str, ...] | None = ("--quick",)
    needs: tuple[str, ...] = ()
    reads: bool = False

    @property
    def needs_data(self) -> bool:
        """Whether it reads public releases."""
        return any("{shared}" in word for word in self.words)


KERMANY = ("--data", "kermany={shared}/kermany/chest_xray", "--part", "validation")
RELEASES = tuple(f"{{shared}}/{name}" for name in (
    "nih/images", "kermany/chest_xray/train", "chest_adult", "wingspan/images", "lungs_tb/images", "types"
))  # fmt: skip

BENCHMARKS = (
    Benchmark("machine", "machine.py", "folder", 0.5, needs=("torch",)),
    Benchmark("decoders", "decoders.py", "folder", 0.5, reads=True),
    Benchmark("gate", "gate.py", "text", 0.5, quick=("--rounds", "1"), reads=True),
    Benchmark("occlusion", "occlusion.py", "text", 1, quick=("--rounds", "1"), reads=True),
    Benchmark("pages", "pages.py", "folder", 3, words=("--image", "{shared}/nih_full/images"), reads=True),
    Benchmark("lungs", "lungs.py", "folder", 4, reads=True),
    Benchmark(
        "reading",
        "reading.py",
        "folder",
        5,
        quick=None,
        needs=("torch", "torchxrayvision", "pytorch_grad_cam"),
        reads=True,
    ),
    Benchmark(
        "peers",
        "peers.py",
        "folder",
        25,
        words=("--files", "{shared}/nih/images", "--rounds", "3"),
        needs=("torchxrayvision",),
        reads=True,
    ),
    Benchmark("installation", "installation.py", "folder", 10, quick=None),
    Benchmark(
        "screening-plan",
        "screening.py",
        "printed",
        1,
        words=("plan",),
        quick=("plan", "--films", "500"),
        needs=("pyarrow",),
        reads=True,
    ),
    Benchmark(
        "screening-kills",
        "screening.py",
        "printed",
        3,
        words=("kills",),
        quick=("kills", "--films", "400"),
        needs=("pyarrow",),
        reads=True,
    ),
    Benchmark(
        "screening-memory", "screening.py", "printed", 4, words=("memory",), quick=None, needs=("pyarrow",), reads=True
    ),
    Benchmark(
        "scaling",
        "scaling.py",
        "folder",
        14,
        words=("--films", "{shared}/nih/images", "--ray"),
        needs=("pyarrow",),
        reads=True,
    ),
    Benchmark("service", "service.py", "folder", 70, needs=("fastapi", "psutil"), reads=True),
    Benchmark("storm", "storm.py", "folder", 20, quick=None, needs=("pynetdicom", "psutil"), reads=True),
    Benchmark("statistics", "statistics.py", "folder", 4, needs=("sklearn",)),
    Benchmark("coverage", "coverage.py", "file", 90, needs=("scipy",)),
    Benchmark("calibrating", "calibrating.py", "text", 3, quick=("--draws", "5", "--ill", "10")),
    Benchmark("data", "data.py", "folder", 3, needs=("torch",)),
    Benchmark("training", "training.py", "folder", 15, needs=("torch", "lightning")),
    Benchmark(
        "backbones",
        "backbones.py",
        "text",
        20,
        quick=("mobilenet_v2", "--rounds", "1", "--batch", "1"),
        needs=("torch",),
    ),
    Benchmark("losses", "losses.py", "folder", 2, needs=("torch",)),
    Benchmark("attention", "attention.py", "folder", 5, needs=("torch",)),
    Benchmark("look_twice", "look_twice.py", "folder", 60, quick=None, needs=("torch",)),
    Benchmark("capsules", "capsules.py", "folder", 60, needs=("torch", "sklearn")),
    Benchmark("faithfulness", "faithfulness.py", "folder", 15, words=("pneumonia-paediatric", *KERMANY), quick=None),
    Benchmark("burned_in", "burned_in.py", "folder", 5, words=RELEASES, quick=None),
    Benchmark(
        "ray_tune", "ray_tune.py", "text", 3, quick=("--trials", "3", "--kills", "1"), needs=("ray", "optuna", "psutil")
    ),
)
"""In the order in which they run; the machine's own rates come first, since others are shown beside them."""

PARTS = {
    "before_and_after.py": "a change beside the revision before it, which its user names: no figure of the docs",
    "before_and_after_worker.py": "before_and_after.py",
    "bootstrap_speed.py": "statistics.py",
    "capsules_worker.py": "capsules.py",
    "collect.py": "make benchmark",
    "coverage_designs.py": "coverage.py",
    "coverage_methods.py": "coverage.py",
    "fabricate_data.py": "data.py",
    "fabricate_reading.py": "reading.py and peers.py",
    "fabricate_training.py": "before_and_after.py",
    "listed.py": "collect.py",
    "measuring.py": "all of them",
    "reading_engines.py": "reading.py",
    "reading_worker.py": "reading.py",
    "service_sides.py": "service.py",
    "storm_sides.py": "storm.py",
    "torchxrayvision_script.py": "reading.py",
    "training_sides.py": "training.py",
}
"""Files that are no benchmark by themselves, and what they are a part of."""
