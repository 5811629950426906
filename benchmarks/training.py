"""How fast hilum trains beside a plain float32 loop in the same run, and what its loop and its data cost.

    python benchmarks/training.py [--out FOLDER] [--threads CORES] [--workers N] [--quick]

needs `pip install -e ".[train]"` and takes about ten minutes on two cores; `--quick` takes seconds and shows that it
works: its figures mean nothing. DenseNet-121 and MobileNetV2, 14 labels, 224 pixels, batches of 32, on a GPU where
torch finds one. The plain loop has its batch ready in memory; hilum's own loop takes images, augments, normalises and
logs, and computes in bfloat16 where the hardware multiplies it itself, else in float32. "Loop and data" is the wall
time from one batch to the next in it, less that of a bare step of the same arithmetic on a batch that lies ready, as
a share of the former: what is done beside a step on the same cores counts in full. Sides run in turns; figures are
medians over all steps. Where bfloat16 is not multiplied by the hardware, a bare step of two images in it is taken
all the same, to be seen. Prints a table and writes `training.json` into `--out`.
"""

from __future__ import annotations

import argparse
import logging
import warnings
from pathlib import Path
from statistics import median

import torch

import hilum.networks  # noqa: F401 (the guard goes before whatever imports torchvision)
from hilum.reading.engines.engine import available_cores
from hilum.training.recipe.machine import multiplies_bfloat16, workers_here
from measuring import head, say, target, target_lines, write
from training_sides import (
    DEVICE,
    bare_steps,
    hilum_steps,
    largest_difference,
    made_network,
    matrix_rate,
    plain_steps,
    step_flops,
)

NETWORKS = {"DenseNet-121": "densenet121", "MobileNetV2": "mobilenet_v2"}
LARGEST_DIFFERENCE = 0.02
"""Of the first loss: bfloat16 holds eight bits of a number."""


FEW = 2
"""Images of the step in bfloat16 where the hardware does not multiply it; more of them would take minutes."""


def main() -> None:
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    warnings.filterwarnings("ignore", module="lightning")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    report = head(threads=arguments.threads, quick=arguments.quick)
    report |= {"device": device_name(), "workers": arguments.workers, "batch": arguments.batch}
    report["bfloat16"] = multiplies_bfloat16()
    rate = matrix_rate(side=256 if arguments.quick else 8192 if DEVICE.type == "cuda" else 2048, rounds=3)
    report["matrix_rate_tflops"] = round(rate / 1e12, 3)
    report["networks"] = [
        {"network": name, **one_network(backbone, arguments=arguments, rate=rate)}
        for name, backbone in NETWORKS.items()
    ]
    if DEVICE.type != "cuda":
        report["gpu"] = "not measured"
    report["targets"] = [
        each
        for network in report["networks"]
        for each in (
            target(f"{network['network']}: hilum / plain float32 loop, images/s", network["ratio"], at_least=1.8),
            target(f"{network['network']}: loop and data, share of a step", network["overhead"], at_most=0.05),
        )
    ]
    print("\n".join(table(report)))
    write(report, folder=arguments.out, name="training.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for training.json")
    parser.add_argument("--threads", type=int, default=available_cores(), help="threads of torch")
    parser.add_argument(
        "--workers", type=int, default=workers_here(), help="processes that prepare images, by default `hilum train`'s"
    )
    parser.add_argument("--batch", type=int, help="images a step (32; 2 where quick)")
    parser.add_argument("--rounds", type=int, help="how often each side runs (3; 1 where quick)")
    parser.add_argument("--quick", action="store_true", help="two images a step, once: shows that it works")
    arguments = parser.parse_args()
    arguments.batch = arguments.batch or (2 if arguments.quick else 32)
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    arguments.steps = 2 if arguments.quick else 20 if DEVICE.type == "cuda" else 4
    return arguments


def device_name() -> str:
    return torch.cuda.get_device_name() if DEVICE.type == "cuda" else "CPU"


def one_network(backbone: str, *, arguments: argparse.Namespace, rate: float) -> dict[str, object]:
    """Medians of one network's sides, hilum's gain over the plain loop, and the share of a step that is neither."""
    batch, steps = arguments.batch, arguments.steps
    difference = largest_difference(backbone, batch=batch)
    if not difference < LARGEST_DIFFERENCE:
        raise SystemExit(f"{backbone}: the sides have losses {difference:.1%} apart: nothing is timed")
    times: dict[str, list[float]] = {"plain": [], "bare": [], "hilum": []}
    for turn in range(arguments.rounds):
        say(f"{backbone}, round {turn + 1} of {arguments.rounds}")
        times["plain"] += plain_steps(made_network(backbone), batch=batch, steps=steps)
        times["bare"] += bare_steps(made_network(backbone), batch=batch, steps=steps, bfloat16=multiplies_bfloat16())
        times["hilum"] += hilum_steps(made_network(backbone), batch=batch, steps=steps, workers=arguments.workers)
    few = min(batch, FEW)
    unwise = [] if multiplies_bfloat16() else bare_steps(made_network(backbone), batch=few, steps=1, bfloat16=True)
    mid = {side: median(seconds) for side, seconds in times.items()}
    flops = step_flops(backbone, batch=batch)
    return {
        "images_per_s": {side: round(batch / seconds, 2) for side, seconds in mid.items()},
        "images_per_s_in_bfloat16": round(few / unwise[0], 2) if unwise else None,
        "step_ms": {side: round(seconds * 1e3, 1) for side, seconds in mid.items()},
        "ratio": mid["plain"] / mid["hilum"],
        "overhead": max(0.0, 1 - mid["bare"] / mid["hilum"]),
        "loss_difference": difference,
        "gflop_per_image": round(flops / batch / 1e9, 2),
        "share_of_matrix_rate": round(flops / mid["hilum"] / rate, 4),
    }


def table(report: dict) -> list[str]:
    lines = [f"hilum {report['hilum']} on {report['machine']}, {report['device']}, batches of {report['batch']}", ""]
    lines += [
        f"{'images/s':16} {'plain':>9} {'bare':>9} {'hilum':>9} {'ratio':>7} {'loop, data':>11} {'of matrix rate':>15}"
    ]
    for each in report["networks"]:
        speed = each["images_per_s"]
        lines += [
            f"  {each['network']:14} {speed['plain']:9.2f} {speed['bare']:9.2f} {speed['hilum']:9.2f} "
            f"{each['ratio']:7.2f} {each['overhead']:11.1%} {each['share_of_matrix_rate']:15.1%}"
        ]
    lines += [
        "",
        f"  matrix product{'' if report['bfloat16'] else ' in float32'}: {report['matrix_rate_tflops']} TFLOP/s",
    ]
    lines += [
        f"  {each['network']} in bfloat16, which this machine does not multiply itself: "
        f"{each['images_per_s_in_bfloat16']:.2f} images/s bare"
        for each in report["networks"]
        if each["images_per_s_in_bfloat16"] is not None
    ]
    lines += [f"  GPU: {report['gpu']}"] if "gpu" in report else []
    return [*lines, "", "targets", *target_lines(report["targets"])]


if __name__ == "__main__":
    main()
