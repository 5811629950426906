"""What this machine can do at most: the rate of matrix products and of copying memory, against which others are judged.

    python benchmarks/machine.py [--out FOLDER] [--threads CORES] [--quick]

Matrix products are square, float32 by torch (and numpy, for whoever has no torch) and bfloat16 by torch, on the GPU
where there is one. Memory is copied by torch between buffers that no cache holds; each byte counts once read and once
written. Figures are medians over rounds with the lowest and highest. Prints a table and writes `machine.json`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from hilum.reading.engines.engine import available_cores
from measuring import head, write

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
Rates = dict[str, dict[str, float]]


def main() -> None:
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    rates = measure(quick=arguments.quick)
    device = torch.cuda.get_device_name() if DEVICE.type == "cuda" else "cpu"
    report = head(threads=arguments.threads, quick=arguments.quick) | {"device": device, "rates": rates, "targets": []}
    print("\n".join(f"  {each['median']:10.2f} [{each['low']:.2f}, {each['high']:.2f}]  {what}"
                    for what, each in rates.items()))  # fmt: skip
    write(report, folder=arguments.out, name="machine.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for machine.json")
    parser.add_argument("--threads", type=int, default=available_cores(), help="threads of torch")
    parser.add_argument("--quick", action="store_true", help="small matrices, once: shows that it works")
    return parser.parse_args()


def measure(*, quick: bool) -> Rates:
    """GFLOP/s of matrix products and GB/s of copies."""
    side = 128 if quick else 8192 if DEVICE.type == "cuda" else 2048
    rounds = 2 if quick else 9
    flops = 2 * side**3 / 1e9
    found = {}
    for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        first, second = (torch.randn(side, side, dtype=kind, device=DEVICE) for _ in range(2))
        found[f"matrix product, {name}, GFLOP/s"] = rate(lambda a=first, b=second: a @ b, amount=flops, rounds=rounds)
    source = torch.ones((1 << 18) if quick else (1 << 26), dtype=torch.float32, device=DEVICE)
    target = torch.empty_like(source)
    amount = 2 * source.numel() * 4 / 1e9
    found["memory, copy, GB/s"] = rate(lambda: target.copy_(source), amount=amount, rounds=rounds)
    return found


def rate(function: Callable[[], object], *, amount: float, rounds: int) -> dict[str, float]:
    """Amount a second; the first call only warms up."""
    rates = []
    for turn in range(rounds + 1):
        started = time.perf_counter()
        function()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        if turn:
            rates.append(amount / (time.perf_counter() - started))
    return {"median": round(median(rates), 3), "low": round(min(rates), 3), "high": round(max(rates), 3)}


if __name__ == "__main__":
    main()
