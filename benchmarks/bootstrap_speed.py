"""The body of `statistics.py`: made-up predictions, hilum's bootstrap and scikit-learn's loop on them, and the table.

Both sides draw whole patients with replacement and take the AUROC of every class and their mean in each replicate.
hilum's side takes average precision too, since one pass gives both. Sides run in turns; hilum's also runs in a process
of its own, whose peak memory is read.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from hilum.evaluation.predictions.patient_bootstrap import PatientRows, estimate, patient_bootstrap, patient_rows
from hilum.evaluation.predictions.ranking_statistic import ranking_statistic
from hilum.version import __version__
from measuring import target

REPLICATES = 10_000
SEED = 0
LARGEST_DIFFERENCE = 1e-12
MOST_MEMORY_MB = 2_000
QUICK = {"replicates": 200, "loop": 2, "compared": 2, "rounds": 1}
FULL = {"replicates": REPLICATES, "loop": 100, "compared": 20, "rounds": 3}


@dataclass(frozen=True)
class Case:
    """A made-up study: `images` x `labels` of `patients`; prevalences run from `rare` to `common`, evenly in logs."""

    name: str
    images: int
    labels: int
    patients: int
    rare: float
    common: float
    at_least: float | None


CASES = (
    Case("777 x 10, one image a patient", 777, 10, 777, 0.01, 0.25, at_least=80),
    Case("25,596 x 14 of 2,797 patients", 25_596, 14, 2_797, 0.003, 0.25, at_least=30),
    Case("25,596 x 14 of 2,797 patients, half of all positive", 25_596, 14, 2_797, 0.5, 0.5, at_least=None),
)


@dataclass(frozen=True)
class Study:
    """Rows of images: `truth` and `scores` (n, labels), `rows_of` the places of each patient's rows."""

    truth: np.ndarray
    scores: np.ndarray
    patients: PatientRows
    rows_of: list[np.ndarray]


def fabricate(case: Case) -> Study:
    """Scores without ties, which is the slowest case; every patient has an image, the others fall at random."""
    rng = np.random.default_rng(SEED)
    patient = np.concatenate(
        [np.arange(case.patients), rng.integers(0, case.patients, case.images - case.patients)]
    ).astype(int)
    truth = (rng.random((case.images, case.labels)) < np.geomspace(case.rare, case.common, case.labels)).astype(float)
    scores = 1 / (1 + np.exp(2 - 1.2 * truth - rng.normal(size=truth.shape)))
    rows = patient_rows([f"{p:05d}" for p in patient])
    return Study(truth, scores, rows, [np.flatnonzero(rows.index == p) for p in range(case.patients)])


def drawn_by_hilum(study: Study, *, replicates: int) -> list[np.ndarray]:
    """The AUROC and average precision (2, replicates) of each class."""
    statistics = [
        ranking_statistic(truth, scores=scores, patients=study.patients)
        for truth, scores in zip(study.truth.T, study.scores.T, strict=True)
    ]
    return patient_bootstrap(statistics, patients=study.patients, replicates=replicates, seed=SEED)


def intervals_by_hilum(study: Study, *, replicates: int) -> None:
    """Everything from the arrays to the intervals of the classes and of their mean."""
    areas = np.stack([draws[0] for draws in drawn_by_hilum(study, replicates=replicates)])
    for row in (*areas, areas.mean(axis=0)):
        estimate(0.0, draws=row)


def loop_over_scikit_learn(study: Study, *, replicates: int) -> None:
    """What one would write by hand: draw patients, take their rows, ask for the AUROC of each class."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(SEED)
    means = []
    for _ in range(replicates):
        rows = np.concatenate([study.rows_of[p] for p in rng.integers(0, study.patients.count, study.patients.count)])
        truth, scores = study.truth[rows], study.scores[rows]
        areas = [
            roc_auc_score(truth[:, label], scores[:, label]) if 0 < truth[:, label].sum() < len(rows) else np.nan
            for label in range(truth.shape[1])
        ]
        means.append(np.mean(areas))
    if replicates > 1:
        np.nanquantile(means, [0.025, 0.975])


def largest_difference(study: Study, *, replicates: int) -> float:
    """Between hilum's AUROC and average precision and those of scikit-learn with `sample_weight`, over all classes."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    ours = drawn_by_hilum(study, replicates=replicates)
    drawn = patient_bootstrap([lambda d: d.astype(float)], patients=study.patients, replicates=replicates, seed=SEED)[0]
    largest = 0.0
    for label, values in enumerate(ours):
        truth, scores = study.truth[:, label], study.scores[:, label]
        for replicate in range(replicates):
            weight = drawn[study.patients.index, replicate]
            if 0 < (weight * truth).sum() < weight.sum():
                theirs = [
                    score(truth, scores, sample_weight=weight) for score in (roc_auc_score, average_precision_score)
                ]
                largest = max(largest, float(np.abs(values[:, replicate] - theirs).max()))
    return largest


def seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alone(index: int, *, replicates: int) -> dict[str, float]:
    """Seconds of a first run in a fresh process, and its peak resident memory."""
    command = [sys.executable, __file__, "--alone", str(index), "--replicates", str(replicates)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def run_alone(case: Case, *, replicates: int) -> None:
    study = fabricate(case)
    first = seconds(lambda: intervals_by_hilum(study, replicates=replicates))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(json.dumps({"first_run_s": round(first, 3), "peak_mb": round(peak, 1)}))


def measure(index: int, *, sizes: dict[str, int]) -> dict[str, object]:
    case = CASES[index]
    say(case.name)
    study = fabricate(case)
    difference = largest_difference(study, replicates=sizes["compared"])
    if not difference < LARGEST_DIFFERENCE:
        raise SystemExit(f"the two sides differ by {difference:.1e}: nothing is timed")
    fresh = alone(index, replicates=sizes["replicates"])
    ours, theirs = [], []
    for _ in range(sizes["rounds"]):
        ours.append(seconds(lambda: intervals_by_hilum(study, replicates=sizes["replicates"])))
        theirs.append(seconds(lambda: loop_over_scikit_learn(study, replicates=sizes["loop"])))
    loop = median(theirs) / sizes["loop"] * sizes["replicates"]
    return {
        "case": case.name,
        "hilum_s": round(median(ours), 3),
        "scikit_learn_s": round(loop, 1),
        "ratio": round(loop / median(ours), 1),
        "wanted": case.at_least,
        "largest_difference": difference,
        **fresh,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the bootstrap by patient beside a loop over scikit-learn.")
    parser.add_argument("--out", type=Path, help="folder for statistics.json")
    parser.add_argument("--quick", action="store_true", help="few replicates: shows that it works")
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--replicates", type=int, default=REPLICATES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone is not None:
        run_alone(CASES[arguments.alone], replicates=arguments.replicates)
        return
    sizes = QUICK if arguments.quick else FULL
    report = {
        "hilum": __version__,
        "machine": {"processor": processor(), "python": platform.python_version(), "numpy": np.__version__},
        "replicates": sizes["replicates"],
        "scikit_learn_replicates": sizes["loop"],
        "quick": arguments.quick,
        "cases": [measure(index, sizes=sizes) for index in range(len(CASES))],
    }
    report["targets"] = targets(report["cases"])
    print("\n".join(table(report)))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "statistics.json").write_text(json.dumps(report, indent=2) + "\n")


def targets(cases: list[dict]) -> list[dict[str, object]]:
    """What was wanted of each case, for the README."""
    return [
        each
        for case in cases
        if case["wanted"] is not None
        for each in (
            target(f"{case['case']}: times as fast as scikit-learn", case["ratio"], at_least=case["wanted"]),
            target(f"{case['case']}: peak memory, MB", case["peak_mb"], at_most=MOST_MEMORY_MB),
        )
    ]


def table(report: dict) -> list[str]:
    lines = [
        f"hilum {report['hilum']} on {report['machine']}",
        f"{report['replicates']:,} replicates by patient; scikit-learn's from {report['scikit_learn_replicates']}",
    ]
    for case in report["cases"]:
        wanted = case["wanted"]
        verdict = "" if wanted is None or report["quick"] else "reached" if case["ratio"] >= wanted else "MISSED"
        memory = "reached" if case["peak_mb"] < MOST_MEMORY_MB else "MISSED"
        lines += [
            "",
            case["case"],
            f"  {case['scikit_learn_s']:10.1f} s  scikit-learn, loop",
            f"  {case['hilum_s']:10.3f} s  hilum ({case['first_run_s']} s in a fresh process: nothing is compiled)",
            f"  {case['ratio']:10.1f}    times as fast" + (f" (at least {wanted:g}: {verdict})" if verdict else ""),
            f"  {case['peak_mb']:10.1f} MB peak memory of the process (below {MOST_MEMORY_MB:,}: {memory})",
            f"  {case['largest_difference']:10.1e}    largest difference from weighted scikit-learn",
        ]
    return lines


def processor() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor()


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
