"""How fast this working tree trains and reads beside an earlier revision, in the same run, in turns.

    python benchmarks/before_and_after.py --training REVISION --reading REVISION [--out FOLDER] [--rounds N] [--quick]

needs `pip install -e ".[train]"` and git, and takes about twenty minutes on two cores with both; `--quick` takes two
minutes and shows that it works: its figures mean nothing. Each revision is checked out beside the tree; each
measurement is a process of its own, before and after in turns, and a ratio is taken turn by turn: more than 1 is
faster now. Given are medians over the turns, with the least and the largest.

`train gate` and `train lungs` are the real commands with the shipped recipes, on fabricated releases, from random
weights, ended after their first epoch (62 steps of 32 and of 16 pictures). "Images/s" goes by the median time from one
step to the next, preparation of the batch included; "image's cores" is the time that all cores worked for it, which
other work on the machine hardly changes. "Epoch" is the whole process from its start: decoding or the
cache of prepared images, the gate's renderings, and all steps. The first turn fills the cache and is left out; it is
reported as `first_turn`. A cold `hilum read` is a whole process that reads one phantom; "reading" is `Reader` over the
phantoms, each read four times over (once where quick), decoding included, the fastest of three passes a turn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from fabricate_training import fabricate
from hilum.phantom.examples import write_examples
from hilum.reading.engines.engine import available_cores
from measuring import head, say, target, target_lines, write

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORKER = str(HERE / "before_and_after_worker.py")
BATCH = {"gate": 32, "lungs": 16}
STEPS = 62
AT_LEAST_FASTER = 1.3
NOT_SLOWER = 0.95
"""Of a ratio that should be 1: turns of one revision beside itself differ by as much."""

Measured = dict[str, float]
Measure = Callable[[Path, str], Measured]
"""Of a tree, by the name of its side: seconds by what took them."""


def main() -> None:
    arguments = parse()
    report = head(threads=available_cores(), quick=arguments.quick)
    report |= {"revisions": {"after": revision("HEAD")}, "measures": {}, "targets": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say("drawing phantoms and fabricating releases")
        if arguments.reading is not None:
            write_examples(folder / "phantoms")
        if arguments.training is not None:
            fabricate(folder, each=arguments.each)
        for what, asked, measures in (
            ("training", arguments.training, training(folder, steps=arguments.steps)),
            ("reading", arguments.reading, reading(folder, copies=arguments.copies)),
        ):
            if asked is not None:
                report["revisions"][f"{what}, before"] = revision(asked)
                with checked_out(asked, folder=folder / what) as before:
                    for each, measure in measures.items():
                        report["measures"][each] = in_turns(each, measure, before=before, rounds=arguments.rounds)
    report["targets"] = targets(report["measures"])
    print("\n".join(table(report)))
    write(report, folder=arguments.out, name="before_and_after.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--training", metavar="REVISION", help="what training is compared with; left out without it")
    parser.add_argument("--reading", metavar="REVISION", help="what reading is compared with; left out without it")
    parser.add_argument("--out", type=Path, help="folder for before_and_after.json")
    parser.add_argument("--rounds", type=int, help="turns that count (5; 1 where quick)")
    parser.add_argument("--quick", action="store_true", help="few pictures, steps and turns: shows that it works")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 5)
    arguments.steps, arguments.each, arguments.copies = (6, 1, 1) if arguments.quick else (STEPS, 20, 4)
    return arguments


def revision(name: str) -> str:
    """The commit of a revision, shortened; with `+` for the tree's head where what is measured was changed since."""
    told = git("rev-parse", "--short", f"{name}^{{commit}}")
    return told + "+" if name == "HEAD" and git("status", "--porcelain", "--", "src") else told


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def checked_out(name: str, *, folder: Path) -> Iterator[Path]:
    """A temporary worktree of the revision."""
    git("worktree", "add", "--quiet", "--detach", str(folder), name)
    try:
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


def run(tree: Path, *words: str, cwd: Path, cache: Path | None = None) -> str:
    """What a python process prints that imports the hilum of `tree`; it may use every core."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"PYTHONPATH": str(tree / "src"), "HILUM_CACHE": "none" if cache is None else str(cache)}
    done = subprocess.run(
        [sys.executable, *words], cwd=cwd, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"{words} with the hilum of {tree} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def training(folder: Path, *, steps: int) -> dict[str, Measure]:
    def measure(system: str) -> Measure:
        def measured(tree: Path, side: str) -> Measured:
            with tempfile.TemporaryDirectory(dir=folder) as out:
                words = ["train", system, "--data", f"{system}={folder / system}", "--weights", "random"]
                words += ["--study", str(folder / f"{system}-study"), "--out", out, "--jobs", str(available_cores())]
                told = run(tree, WORKER, "train", str(steps), *words, cwd=folder, cache=folder / f"cache, {side}")
            seconds = json.loads(told.splitlines()[-1])
            each = {"image": seconds["step"] / BATCH[system], "image's cores": seconds["step's cores"] / BATCH[system]}
            return {**each, "first step": seconds["first"], "epoch": seconds["all"]}

        return measured

    return {f"train {system}": measure(system) for system in BATCH}


def reading(folder: Path, *, copies: int) -> dict[str, Measure]:
    phantoms = folder / "phantoms"

    def cold(tree: Path, side: str) -> Measured:
        del side
        started = time.perf_counter()
        run(tree, "-m", "hilum", "read", str(phantoms / "phantom-chest-healthy.png"), "--json", cwd=folder)
        return {"process": time.perf_counter() - started}

    def many(tree: Path, side: str) -> Measured:
        del side
        return json.loads(run(tree, WORKER, "read", str(copies), str(phantoms), cwd=folder))

    return {"cold hilum read": cold, "reading": many}


def in_turns(what: str, measure: Measure, *, before: Path, rounds: int) -> dict[str, object]:
    """Seconds of both sides and their ratios, by what took them; the first turn only warms up."""
    turns: list[dict[str, Measured]] = []
    for turn in range(rounds + 1):
        say(f"{what}, turn {turn} of {rounds}")
        turns.append({"before": measure(before, "before"), "after": measure(ROOT, "after")})
    first, *counted = turns
    return {
        "first_turn": first,
        "seconds": {
            took: {side: spread([each[side][took] for each in counted]) for side in ("before", "after")}
            for took in first["after"]
        },
        "ratio": {
            took: spread([each["before"][took] / each["after"][took] for each in counted]) for took in first["after"]
        },
    }


def spread(values: list[float]) -> dict[str, float]:
    return {"median": median(values), "least": min(values), "largest": max(values)}


def targets(measures: dict[str, dict]) -> list[dict[str, object]]:
    """The median of the ratios of an image, or of a whole process, and what was wanted of it."""
    return [
        target(
            f"{what}, before / after, s an {took}" if took == "image" else f"{what}, before / after, s a {took}",
            measured["ratio"][took]["median"],
            at_least=AT_LEAST_FASTER if what.startswith("train") else NOT_SLOWER,
        )
        for what, measured in measures.items()
        for took in ("image", "process")
        if took in measured["ratio"]
    ]


def table(report: dict) -> list[str]:
    lines = [f"hilum {report['hilum']} on {report['machine']}; revisions {report['revisions']}", ""]
    lines += [f"{'seconds':32} {'before':>10} {'after':>10} {'ratio':>7} {'least':>7} {'largest':>8}"]
    for what, measured in report["measures"].items():
        for took, ratio in measured["ratio"].items():
            before, after = (measured["seconds"][took][side]["median"] for side in ("before", "after"))
            lines += [
                f"{f'{what}, {took}':32} {before:10.4f} {after:10.4f} {ratio['median']:7.2f} {ratio['least']:7.2f} "
                f"{ratio['largest']:8.2f}"
            ]
            if took == "image":
                lines += [f"{'  images/s':32} {1 / before:10.2f} {1 / after:10.2f}"]
    return [*lines, "", "targets", *target_lines(report["targets"])]


if __name__ == "__main__":
    main()
