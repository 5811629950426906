"""How often hilum's 95% intervals hold the truth, on made-up patients whose true figure is known.

    python benchmarks/coverage.py [--out benchmarks/results/coverage.json] [--simulations 1000] [--quick]

needs `pip install -e ".[lab]"` and takes about ten minutes of one core. Each design is written as soon as it is
done, and a second call goes on where the first stopped. `--quick` takes seconds and shows that it works: its figures
mean nothing. `docs/make_coverage.py` writes the tables of the statistics page from the file. The designs are in
`coverage_designs.py`, the intervals that are compared in `coverage_methods.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from coverage_designs import (
    AUROCS,
    DESIGNS,
    SHARES,
    Design,
    Share,
    fabricate,
    fabricate_share,
    threshold_at,
    true_measures,
    true_precision,
)
from coverage_methods import (
    Bounds,
    auroc_intervals,
    decision_intervals,
    mean_interval,
    precision_intervals,
    share_intervals,
)
from hilum.version import __version__

SIMULATIONS = 1000
DRAWN = 300
"""In how many of them the bootstraps are compared too: they cost a hundred times as much as what hilum shows."""
REPLICATES = 1000
FEWEST = 15
"""Patients of the rarer kind from which on hilum's intervals are shown without a mark."""
SPECIFICITY, PREVALENCE = 0.9, 0.05
QUICK = {"simulations": 20, "drawn": 10, "replicates": 200}


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate the coverage of hilum's intervals.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "coverage.json")
    parser.add_argument("--simulations", type=int, default=SIMULATIONS)
    parser.add_argument("--quick", action="store_true", help="few simulations: shows that it works")
    arguments = parser.parse_args()
    sizes = (
        QUICK
        if arguments.quick
        else {
            "simulations": arguments.simulations,
            "drawn": min(DRAWN, arguments.simulations),
            "replicates": REPLICATES,
        }
    )
    done = _kept(arguments.out, sizes)
    for key, case in cases():
        if key not in done["cases"]:
            started = time.perf_counter()
            done["cases"][key] = case(**sizes, seed=zlib.crc32(key.encode()))
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            arguments.out.write_text(json.dumps(done, indent=1) + "\n")
            sys.stderr.write(f"{time.perf_counter() - started:6.1f} s  {key}\n")
    sys.stdout.write("\n".join(lines(done["cases"])) + "\n")


def cases() -> Iterator[tuple[str, Callable[..., dict]]]:
    """Every case by its name: a function of simulations, drawn ones, replicates and seed."""
    normal = [design for design in DESIGNS if design.shape == "normal"]
    for share in SHARES:
        yield f"share | {share.name}", partial(share_case, share)
    for design, auroc in product(DESIGNS, AUROCS):
        if design in normal or auroc == max(AUROCS):
            yield f"AUROC | {design.name} | {auroc:g} | {design.shape}", partial(auroc_case, design, auroc)
    for design, auroc in product(normal, AUROCS):
        if design.with_precision:
            yield f"AP | {design.name} | {auroc:g} | {design.shape}", partial(precision_case, design, auroc)
    enough = [design for design in normal if min(design.ill, design.well) >= FEWEST]
    for design, auroc in product(enough, (min(AUROCS), max(AUROCS))):
        yield f"mean | {design.name} | {auroc:g}", partial(mean_case, design, auroc)
        yield f"decisions | {design.name} | {auroc:g}", partial(decision_case, design, auroc)


def auroc_case(design: Design, auroc: float, *, simulations: int, drawn: int, replicates: int, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    tally = _Tally(auroc)
    for place in range(simulations):
        sample = fabricate(design, auroc=auroc, rng=rng)
        tally.add(auroc_intervals(sample, replicates=replicates if place < drawn else 0, rng=rng))
    return {"figure": "AUROC", **_of(design, auroc), **tally.result()}


def precision_case(design: Design, auroc: float, *, simulations: int, drawn: int, replicates: int, seed: int) -> dict:
    """Patients are drawn anew each time: an average precision belongs to a prevalence, which is drawn with them."""
    rng = np.random.default_rng(seed)
    tally = _Tally(true_precision(design, auroc=auroc))
    while tally.simulations < simulations:
        sample = fabricate(design, auroc=auroc, rng=rng, redraw=True)
        if 0 < sample.truth.sum() < sample.truth.size:
            wanted = replicates if tally.simulations < drawn else 0
            tally.add(precision_intervals(sample, replicates=wanted, rng=rng))
    return {"figure": "AP", **_of(design, auroc), **tally.result()}


def mean_case(design: Design, auroc: float, *, simulations: int, seed: int, **_: int) -> dict:
    """The mean of three AUROCs of one true value: two labels of their own, and the first again under other scores."""
    rng = np.random.default_rng(seed)
    tally = _Tally(auroc)
    for _ in range(simulations):
        first, second = (fabricate(design, auroc=auroc, rng=rng) for _ in range(2))
        tally.add(mean_interval([first, second, first]))
    return {"figure": "mean AUROC", **_of(design, auroc), **tally.result()}


def decision_case(design: Design, auroc: float, *, simulations: int, seed: int, **_: int) -> dict:
    """Every measure of a decision at the threshold with a true specificity of 0.9; the methods are the measures."""
    rng = np.random.default_rng(seed)
    truths = true_measures(design, auroc=auroc, specificity=SPECIFICITY, prevalence=PREVALENCE)
    tallies = {name: _Tally(truth) for name, truth in truths.items()}
    threshold = threshold_at(SPECIFICITY)
    for _ in range(simulations):
        sample = fabricate(design, auroc=auroc, rng=rng)
        found = decision_intervals(sample, threshold=threshold, prevalence=PREVALENCE)
        for name, tally in tallies.items():  # net benefit wants probabilities, and likelihood ratios follow from shares
            tally.add({name: found[name]})
    methods = {name: tally.result()["methods"][name] for name, tally in tallies.items()}
    return {
        "figure": "decisions", **_of(design, auroc), "truths": truths, "simulations": simulations, "methods": methods,
    }  # fmt: skip


def share_case(share: Share, *, simulations: int, drawn: int, replicates: int, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    tally = _Tally(share.share)
    for place in range(simulations):
        wanted = replicates if place < drawn else 0
        tally.add(share_intervals(*fabricate_share(share, rng=rng), replicates=wanted, rng=rng))
    return {"figure": "share", "design": share.name, "patients": len(share.sizes), **tally.result()}


_COUNTED = ("simulations", "covered", "low_too_high", "none", "flat", "width")


class _Tally:
    """Counts, for each method, how often the interval held the truth and how often it began above it."""

    def __init__(self, truth: float):
        self.truth, self.simulations, self.methods = truth, 0, {}

    def add(self, intervals: dict[str, Bounds | None]) -> None:
        self.simulations += 1
        for name, bounds in intervals.items():
            one = self.methods.setdefault(name, dict.fromkeys(_COUNTED, 0))
            one["simulations"] += 1
            if bounds is None:
                one["none"] += 1
                continue
            low, high = bounds
            one["covered"] += low - 1e-12 <= self.truth <= high + 1e-12
            one["low_too_high"] += self.truth < low - 1e-12
            one["flat"] += high == low
            one["width"] += high - low

    def result(self) -> dict:
        methods = {}
        for name, one in self.methods.items():
            given = one["simulations"] - one["none"]
            methods[name] = {
                "simulations": one["simulations"],
                "coverage": round(one["covered"] / given, 4) if given else None,
                "low_too_high": round(one["low_too_high"] / given, 4) if given else None,
                "no_interval": round(one["none"] / one["simulations"], 4),
                "no_width": round(one["flat"] / one["simulations"], 4),
                "mean_width": round(one["width"] / given, 4) if given else None,
            }
        return {"truth": round(float(self.truth), 4), "simulations": self.simulations, "methods": methods}


def _of(design: Design, auroc: float) -> dict:
    return {
        "design": design.name,
        "auroc": auroc,
        "shape": design.shape,
        "patients": len(design.patients),
        "ill_patients": design.ill,
        "well_patients": design.well,
    }


def _kept(path: Path, sizes: dict[str, int]) -> dict:
    fresh = {"hilum": __version__, **sizes, "cases": {}}
    if not path.is_file():
        return fresh
    before = json.loads(path.read_text())
    same = all(before.get(name) == size for name, size in sizes.items())
    return {**fresh, "cases": before["cases"]} if same else fresh


def lines(cases: dict[str, dict]) -> list[str]:
    found = []
    for key, case in cases.items():
        truth = f"truth {case['truth']:.3f}, " if "truth" in case else ""
        found.append(f"{key} ({truth}{case['simulations']:,} simulations)")
        for name, one in case["methods"].items():
            coverage = "     –" if one["coverage"] is None else f"{one['coverage']:6.3f}"
            without = f"starts too high {one['low_too_high']}, without interval {one['no_interval']}"
            found.append(f"  {coverage}  {name}; {without}")
    return found


if __name__ == "__main__":
    main()
