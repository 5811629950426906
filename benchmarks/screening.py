"""What a screening costs beside reading: planning very many films, and killing whatever reads them.

    python benchmarks/screening.py plan [--films 10000000]
    python benchmarks/screening.py kills [--films 20000] [--workers 4] [--ray]
    python benchmarks/screening.py memory [--workers 4] [--ray]

The reader reads nothing and takes no time (`tests/fabricate_screening.py`), so that what is measured is hilum's own.
`plan` fabricates a manifest and cuts it; it needs about 1.5 GB of disk for 10^7 films. `kills` kills readers at random
and the driver twice, and checks that each film has its row once. `memory` runs 10^3, 10^4 and 2 x 10^4 films, each in
a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))
os.environ["PYTHONPATH"] = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])

import pyarrow.parquet as pq  # noqa: E402  # after the path of what is fabricated

from fabricate_screening import SPEC, OpenFast, names, run_here, write_manifest  # noqa: E402
from hilum.screening.finish import finish  # noqa: E402
from hilum.screening.manifest import manifest  # noqa: E402
from hilum.screening.place import FolderPlace  # noqa: E402
from hilum.screening.plan import Plan, open_plan, write_plan  # noqa: E402
from hilum.screening.run import published  # noqa: E402

SIZES = (1_000, 10_000, 20_000)


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.what == "plan":
            report = plan_many(folder, films=arguments.films or 10_000_000)
        elif arguments.what == "kills":
            report = kill_many(folder, films=arguments.films or 20_000, workers=arguments.workers, ray=arguments.ray)
        elif arguments.what == "memory":
            report = {str(films): alone(films, workers=arguments.workers, ray=arguments.ray) for films in SIZES}
        else:
            report = run_once(folder, films=arguments.films, workers=arguments.workers, ray=arguments.ray)
    print(json.dumps(report, indent=None if arguments.what == "once" else 2))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["plan", "kills", "memory", "once"])
    parser.add_argument("--films", type=int)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--ray", action="store_true")
    return parser.parse_args()


def plan_many(folder: Path, *, films: int) -> dict[str, float]:
    """Seconds, megabytes of memory at most, and bytes a film of a plan."""
    table = folder / "films.csv"
    with table.open("w") as file:
        file.write("path\n")
        file.writelines(f"2026/{number // 10_000:05d}/{number:09d}.dcm\n" for number in range(films))
    started, core = time.perf_counter(), time.process_time()
    made, _ = write_plan(manifest(str(table), root=None, column=None), place=FolderPlace(folder / "plan"), reader=SPEC)
    size = sum(path.stat().st_size for path in (folder / "plan").iterdir())
    return {
        "films": made.films,
        "shards": made.shards,
        "seconds": round(time.perf_counter() - started, 1),
        "core_seconds": round(time.process_time() - core, 1),
        "peak_mb": megabytes(resource.RUSAGE_SELF),
        "plan_bytes_a_film": round(size / films, 1),
        "lines_of_last_shard": len(made.lines(made.shards - 1)),
    }


def kill_many(folder: Path, *, films: int, workers: int, ray: bool) -> dict[str, float]:
    """Readers die at one piece in ten by chance, and the driver twice; then everything is read and counted."""
    plan = planned(folder, films)
    (folder / "deadly").touch()
    words = [sys.executable, str(TESTS / "fabricate_screening.py"), str(folder / "plan"), str(workers)]
    found = []
    started = time.perf_counter()
    for share in (0.2, 0.5):
        driver = subprocess.Popen([*words, *(["ray"] if ray else [])], stdin=subprocess.DEVNULL)
        while len(published(plan)) < share * plan.shards and driver.poll() is None:
            time.sleep(0.05)
        driver.kill()
        driver.wait()
        found.append(len(published(plan)))
    log = folder / "log"
    done = run_here(plan, asked=OpenFast(deadly=0.1, log=str(log)), workers=workers, ray=ray)
    seconds = time.perf_counter() - started
    told = finish(plan)
    rows = [
        row for path in sorted((folder / "plan" / "parts").iterdir()) for row in pq.read_table(path)["name"].to_pylist()
    ]
    if rows != names(films):
        raise SystemExit("a film has no row, or two")
    return {
        "films": told.films,
        "read": told.read,
        "shards_when_the_driver_was_killed": found,
        "shards_read_last": done.shards,
        "readers_that_died_last": done.deaths,
        "pieces_begun_last": len(log.read_text().splitlines()),
        "seconds": round(seconds, 1),
    }


def alone(films: int, *, workers: int, ray: bool) -> dict[str, float]:
    """`run_once` in a process of its own."""
    words = [sys.executable, __file__, "once", "--films", str(films), "--workers", str(workers)]
    done = subprocess.run([*words, *(["--ray"] if ray else [])], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_once(folder: Path, *, films: int, workers: int, ray: bool) -> dict[str, float]:
    """Megabytes at most of the driver, and of the largest reader, over plan, run and finish."""
    started = time.perf_counter()
    plan = planned(folder, films)
    run_here(plan, workers=workers, ray=ray)
    run_s = time.perf_counter() - started
    finish(plan)
    return {
        "driver_mb": megabytes(resource.RUSAGE_SELF),
        "reader_mb": megabytes(resource.RUSAGE_CHILDREN),
        "run_s": round(run_s, 1),
        "finish_s": round(time.perf_counter() - started - run_s, 1),
    }


def planned(folder: Path, films: int) -> Plan:
    source = manifest(str(write_manifest(folder / "films.csv", names(films))), root=None, column=None)
    place = FolderPlace(folder / "plan")
    write_plan(source, place=place, reader=SPEC, shard_films=100)
    return open_plan(place)


def megabytes(who: int) -> float:
    return round(resource.getrusage(who).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    main()
