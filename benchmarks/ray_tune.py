"""Whether Ray Tune keeps every trial that ended when its driver is killed, and why `hilum tune` keeps its own record.

    python benchmarks/ray_tune.py [--trials 24] [--kills 3] [--seed 1]

needs `pip install ray optuna` and takes some three minutes. Trials that only wait a second are searched by Ray Tune
with its Optuna search, two at the same time. A driver and all its processes are killed (SIGKILL) after a few more
trials have ended, and another goes on by `Tuner.restore`. Each trial writes its number into a file as it ends: what
ended twice had been lost. The tests of `hilum tune` do the same to its own search (`tests/training/search`).
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from measuring import say, target, target_lines

ENDED, EXPERIMENT = "ended.txt", "experiment"
LONGEST_S = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drive", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.drive is not None:
        drive(arguments.drive, trials=arguments.trials)
        return
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        for kill in range(arguments.kills + 1):
            more = chance.randint(2, 7) if kill < arguments.kills else None
            done = run_driver(place, trials=arguments.trials, more=more)
            rows = ended(place)
            say(f"{'went to its end' if done else 'killed'}: {len(rows)} trials ended, {len(set(rows))} different")
            if done:
                break
        found = [target("trials that had ended and were done again", len(rows) - len(set(rows)), at_most=0)]
        print("\n".join(target_lines(found)))


def run_driver(place: Path, *, trials: int, more: int | None) -> bool:
    """Start a driver; kill it and all that it started once `more` trials ended. Whether it came to its own end."""
    command = [sys.executable, __file__, "--drive", str(place), "--trials", str(trials)]
    goal = None if more is None else len(ended(place)) + more
    driver = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + LONGEST_S
    while driver.poll() is None and time.monotonic() < until:
        if goal is not None and len(ended(place)) >= goal:
            break
        time.sleep(0.1)
    if driver.poll() is not None:
        return True
    for process in (driver, *driver.children(recursive=True)):
        process.kill()
    driver.wait()
    return False


def ended(place: Path) -> list[str]:
    file = place / ENDED
    return file.read_text().split() if file.is_file() else []


def drive(place: Path, *, trials: int) -> None:
    """Search, or go on with the search that `place` holds."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray import tune
    from ray.tune.search.optuna import OptunaSearch

    def trial(config: dict[str, float]) -> dict[str, float]:
        time.sleep(1)
        with (place / ENDED).open("a") as file:
            file.write(f"{config['x']:.17g}\n")
            file.flush()
            os.fsync(file.fileno())
        return {"score": (config["x"] - 0.3) ** 2}

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    experiment = str(place / EXPERIMENT)
    if tune.Tuner.can_restore(experiment):
        tuner = tune.Tuner.restore(experiment, trainable=trial, resume_unfinished=True, resume_errored=True)
    else:
        tuner = tune.Tuner(
            trial,
            param_space={"x": tune.uniform(0, 1)},
            tune_config=tune.TuneConfig(
                search_alg=OptunaSearch(metric="score", mode="min", seed=0),
                num_samples=trials,
                max_concurrent_trials=2,
            ),
            run_config=tune.RunConfig(name=EXPERIMENT, storage_path=str(place), verbose=0),
        )
    tuner.fit()


if __name__ == "__main__":
    main()
