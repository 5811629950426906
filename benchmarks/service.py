"""Uploads to `hilum serve` beside what its reader does alone, and whether memory grows over 10,000 of them.

    python benchmarks/service.py [--rounds 12] [--files 10000] [--out benchmarks/results] [--model FOLDER] [--quick]

Every file is a chest phantom of 256 pixels a side, as PNG, with bytes of its own, so that each is read.

Rate: both sides take turns on the same machine, in the same run: 20 files by readers alone (as many processes, with as
many threads, as the service has; they read and draw page, overlay and thumbnail), then 20 others sent to the service
from 4 threads, a connection each, until the last is read. Each round gives one ratio. The middle one counts; its
interval is that of 2,000 resampled rounds.

Growth: then so many more files go to a fresh service, at most 64 at a time. Resident memory of the server and of each
reader is looked at a hundred times from a tenth of the files on. Growth is the slope of a line through the means of ten
stretches of that, for 10,000 uploads, with its 95% interval (Student's t, 8 degrees): stretches, since neighbouring
looks are alike. Its upper end counts, as a share of the memory after a tenth.

At the end the table of jobs must hold each file once, done, begun once. `--quick`: 2 rounds and 60 files, whether it
works; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path

from measuring import head, say, target, target_lines, write
from service_sides import Alone, Pictures, Served, cores, in_lots, threads_of, usual_readers

FEWEST_SHARE = 0.7
MOST_GROWTH = 0.05
MARKS = (1_000, 2_000, 5_000, 10_000)
STRETCHES = 10
STUDENT_T = 2.306
"""The 97.5% point of Student's t with 8 degrees of freedom: ten stretches, less slope and intercept."""


def rates(alone: Alone, served: Served, pictures: Pictures, *, rounds: int, files: int, senders: int) -> dict:
    """Files a second of both sides in turns, and their ratio."""
    alone.files_a_second(pictures.some(files))
    uploaded(served, pictures.some(files), senders=senders)
    taken = []
    for number in range(rounds):
        one = {}
        for side in ("alone", "served") if number % 2 else ("served", "alone"):
            data = pictures.some(files)
            one[side] = alone.files_a_second(data) if side == "alone" else uploaded(served, data, senders=senders)
        one["bare"] = alone.files_a_second(pictures.some(files), draw=False)
        one["ratio"] = one["served"] / one["alone"]
        say(f"round {number + 1}: alone {one['alone']:.2f}, served {one['served']:.2f} files/s: {one['ratio']:.3f}")
        taken.append(one)
    ratios = [one["ratio"] for one in taken]
    middle = {side: statistics.median(one[side] for one in taken) for side in ("alone", "served", "bare")}
    return {
        "rounds": rounds, "files_a_round": files, "alone_files_a_second": middle["alone"],
        "served_files_a_second": middle["served"], "alone_without_drawing_files_a_second": middle["bare"],
        "ratio": {"median": statistics.median(ratios), "least": min(ratios), "largest": max(ratios),
                  "interval": resampled(ratios)},
    }  # fmt: skip


def uploaded(served: Served, data: list[bytes], *, senders: int) -> float:
    """Files a second from the first upload to the end of the last reading."""
    started = time.perf_counter()
    served.take(data, senders=senders, most_waiting=len(data), look=lambda _: None, every_s=0.1)
    return len(data) / (time.perf_counter() - started)


def resampled(values: list[float], *, draws: int = 2000) -> list[float]:
    """The 95% interval of the median over resampled values."""
    chance = random.Random(0)
    drawn = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(draws))
    return [drawn[int(0.025 * draws)], drawn[int(0.975 * draws)]]


def growth(served: Served, pictures: Pictures, *, files: int, senders: int) -> dict:
    """Memory of each process while so many files are taken in, and what became of the files."""
    looks: list[tuple[int, dict[str, float]]] = []
    marks = {mark: {} for mark in MARKS if mark <= files}
    first, step, last_said = files // 10, max(1, files // 110), time.monotonic()

    def look(ended: int) -> None:
        nonlocal last_said
        if ended < first or (looks and ended - looks[-1][0] < step and ended < files):
            return
        held = served.memory_mb()
        looks.append((ended, held))
        for mark, told in marks.items():
            if not told and ended >= mark:
                told.update({"after": ended, **held})
        if time.monotonic() - last_said > 60:
            last_said = time.monotonic()
            say(f"{ended} files: " + ", ".join(f"{who} {mb:.1f} MB" for who, mb in held.items()))

    started = time.perf_counter()
    ids = served.take(in_lots(pictures, files), senders=senders, most_waiting=64, look=look, every_s=0.25)
    seconds = time.perf_counter() - started
    return {
        "files": files, "seconds": seconds, "files_a_second": files / seconds, "ids": len(ids), **served.rows(),
        "memory_mb": list(marks.values()) or [{"after": looks[-1][0], **looks[-1][1]}],
        "growth": {who: slope([(at, held[who]) for at, held in looks]) for who in looks[0][1]},
    }  # fmt: skip


def slope(looks: list[tuple[int, float]]) -> dict[str, float]:
    """Megabytes in 10,000 uploads, the ends of its 95% interval, and the memory at the first look."""
    size = len(looks) / STRETCHES
    stretches = [looks[int(place * size) : int((place + 1) * size)] for place in range(STRETCHES)]
    means = [(statistics.fmean(at for at, _ in each), statistics.fmean(mb for _, mb in each)) for each in stretches]
    line = statistics.linear_regression(*zip(*means, strict=True))
    spread = sum((at - statistics.fmean(at for at, _ in means)) ** 2 for at, _ in means)
    left = sum((mb - line.slope * at - line.intercept) ** 2 for at, mb in means) / (STRETCHES - 2)
    half = STUDENT_T * (left / spread) ** 0.5
    return {
        "mb_in_10000": 10_000 * line.slope, "low": 10_000 * (line.slope - half), "high": 10_000 * (line.slope + half),
        "first_mb": looks[0][1],
    }  # fmt: skip


def targets_of(rate: dict | None, soak: dict | None) -> list[dict[str, object]]:
    """Of what was measured."""
    found = []
    if rate is not None:
        found.append(target("uploads beside the reader alone", rate["ratio"]["median"], at_least=FEWEST_SHARE))
    if soak is None:
        return found
    lost = abs(soak["files"] - soak["ids"]) + abs(soak["files"] - soak["done"]) + soak["failed"]
    twice = abs(soak["rows"] - soak["files"]) + abs(soak["begun"] - soak["rows"])
    grown = {who: each["high"] / each["first_mb"] for who, each in soak["growth"].items()}
    return [
        *found,
        *(target(f"growth of the {who}, at most", share, at_most=MOST_GROWTH) for who, share in grown.items()),
        target("files lost", lost, at_most=0),
        target("files read twice", twice, at_most=0),
    ]


def main() -> None:
    """Measure, and print the report as JSON on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12, help="of the rate; 0 leaves it out")
    parser.add_argument("--files", type=int, default=10_000, help="of the growth; 0 leaves it out")
    parser.add_argument("--pixels", type=int, default=256, help="of a side of a file")
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--readers", type=int, default=usual_readers())
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--out", type=Path, help="a folder for service.json")
    parser.add_argument("--quick", action="store_true", help="2 rounds, 60 files: whether it works")
    parser.add_argument("--strict", action="store_true", help="end with 1 where a target was missed")
    arguments = parser.parse_args()
    rounds, files, each = (2, 60, 5) if arguments.quick else (arguments.rounds, arguments.files, 20)
    readers, models, senders = arguments.readers, arguments.model, arguments.senders
    pictures, load = Pictures(pixels=arguments.pixels), os.getloadavg()
    say(f"{readers} reader(s) of {threads_of(readers)} thread(s); load {load[0]:.2f}")
    rate = soak = None
    if rounds:
        with Alone(readers=readers, models=models) as alone, Served(readers=readers, models=models) as served:
            rate = rates(alone, served, pictures, rounds=rounds, files=each, senders=senders)
    if files:
        with Served(readers=readers, models=models) as served:
            soak = growth(served, pictures, files=files, senders=senders)
    targets = targets_of(rate, soak)
    report = {
        **head(threads=cores(), quick=arguments.quick), "readers": readers, "models": models,
        "load": {"before": load[0], "after": os.getloadavg()[0]}, "rate": rate, "soak": soak, "targets": targets,
    }  # fmt: skip
    write(report, folder=arguments.out, name="service.json")
    print(json.dumps(report, indent=2))
    for line in target_lines(targets):
        say(line)
    if arguments.strict and not all(each["reached"] for each in targets):
        sys.exit(1)


if __name__ == "__main__":
    main()
