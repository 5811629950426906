"""What screening by the shipped models costs at one, two and more processes, and what that predicts for many films.

    python benchmarks/scaling.py [--out FOLDER] [--films FOLDER_OF_IMAGES] [--count 240] [--workers 1 2 4] [--ray]

needs pyarrow, and Ray for the actors of `--ray`, which are left out without it. For each number of processes a few
films and then `--count` are screened: the difference is what a film costs, in time and in processor time, the rest what
starting costs. Films are real ones (`--films`) or phantoms of 1,024 pixels; each is listed as often as it takes. The
model of the prediction:

    hours = (start + films x processor seconds a film / cores / efficiency) / 3600.

Efficiency is the rate of two processes over twice that of one, both as measured here; on a busy machine it says little.
Listing, planning and finishing, which one process does, come on top. The model holds while the films arrive as fast as
they are read: `read_mb_s`. Prints a table and writes `scaling.json`.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import tempfile
import time
from pathlib import Path

from hilum.bundle.shelf import shipped_bundles
from hilum.imaging.pixels.limits import Limits
from hilum.ray_cluster import HERE
from hilum.reading.engines.choose import DEFAULT
from hilum.reading.engines.engine import available_cores
from hilum.screening.crew import Crew
from hilum.screening.finish import READINGS, finish
from hilum.screening.local_crew import LocalCrew
from hilum.screening.manifest import manifest
from hilum.screening.place import FolderPlace
from hilum.screening.plan import Plan, open_plan, write_plan
from hilum.screening.reader_spec import plan_reader
from hilum.screening.run import run_plan
from hilum.screening.shard_reader import OpenFilmReader
from measuring import head, say, write

SIZES = (1_000_000, 100_000_000)
CLUSTERS = (1, 40, 1000, 4000)
"""Cores for which the hours are told."""
SHARD_FILMS = 20
SHARD_OF_MANY = 2000
"""Films in a shard that the documentation advises beyond a few million."""


def main() -> None:
    arguments = parse()
    count = 6 if arguments.quick else arguments.count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = 2 if arguments.quick else 12
        films = real(arguments.films) if arguments.films else phantoms(folder / "films", count=drawn)
        megabytes = sum(path.stat().st_size for path in films) / len(films) / 1e6
        runs = [
            measured(folder, films, count=count, workers=workers, ray=ray)
            for ray in ([False, True] if with_ray(arguments) else [False])
            for workers in arguments.workers
        ]
        sizes = sizes_of(*(folder / name for name in runs[0]["plans"]))
        listing = listing_rate(folder, count=200 if arguments.quick else 20_000)
    for run in runs:
        run.pop("plans")
    model = cost_model(runs, sizes=sizes, listing=listing, megabytes=megabytes)
    report = head(threads=available_cores(), quick=arguments.quick) | {
        "films": {
            "count": count,
            "different": min(count, len(films)),
            "mb": round(megabytes, 3),
            "real": arguments.films is not None,
        },
        "runs": runs,
        "bytes_a_film": sizes,
        "listed_a_second": listing,
        "model": model,
        "targets": [],
    }
    print("\n".join(table(report)))
    write(report, folder=arguments.out, name="scaling.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for scaling.json")
    parser.add_argument("--films", type=Path, help="a folder of real PNG or JPEG films; phantoms otherwise")
    parser.add_argument("--count", type=int, default=240, help="films of each run")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--ray", action="store_true", help="actors of a Ray on this machine, too")
    parser.add_argument("--quick", action="store_true", help="six films: shows that it works")
    return parser.parse_args()


def with_ray(arguments: argparse.Namespace) -> bool:
    there = importlib.util.find_spec("ray") is not None
    if arguments.ray and not there:
        say("left out: Ray is not installed")
    return arguments.ray and there


def real(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".png", ".jpg", ".jpeg"})
    if not found:
        raise SystemExit(f"No PNG or JPEG lies in {folder}; name a folder that holds some")
    return found


def phantoms(folder: Path, *, count: int) -> list[Path]:
    from lungs import phantoms as drawn

    return [Path(file.name) for file in drawn(folder, count=count)]


def measured(folder: Path, films: list[Path], *, count: int, workers: int, ray: bool) -> dict[str, object]:
    """Seconds to start and seconds a film of one kind of crew."""
    say(f"{workers} {'actors of Ray' if ray else 'processes'}, {count} films")
    few = max(workers, count // 8)
    before = children_s()
    short, first = screened(folder, films, count=few, workers=workers, ray=ray)
    short_cpu, before = children_s() - before, children_s()
    long, plan = screened(folder, films, count=count, workers=workers, ray=ray)
    long_cpu = children_s() - before
    each = max(1e-9, (long - short) / (count - few))
    cpu = max(1e-4, (long_cpu - short_cpu) / (count - few))
    return {
        "workers": workers, "ray": ray, "films": count, "seconds": round(long, 2), "films_a_second": round(1 / each, 2),
        "seconds_a_film": round(each, 4), "cpu_s_a_film": None if ray else round(cpu, 4),
        "start_s": round(max(0.0, long - each * count), 2), "plans": (first, plan),
    }  # fmt: skip


def children_s() -> float:
    """Processor seconds of all processes of this one that ended; actors of Ray are not among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def screened(folder: Path, films: list[Path], *, count: int, workers: int, ray: bool) -> tuple[float, str]:
    """Seconds of reading a plan, and what its folder is called."""
    name = f"plan-{workers}-{'ray' if ray else 'local'}-{count}"
    rows = [str(films[number % len(films)].absolute()) for number in range(count)]
    listed = folder / f"{name}.csv"
    listed.write_text("path\n" + "\n".join(rows) + "\n")
    reader = plan_reader(
        shipped_bundles(), engine=DEFAULT, heatmaps="positive", lungs=True, limits=Limits(), assume_scope=False
    )
    place = FolderPlace(folder / name)
    rows_of = manifest(str(listed), root=None, column=None)
    write_plan(rows_of, place=place, reader=reader, shard_films=shard_films(count, workers))
    plan = open_plan(place)
    started = time.perf_counter()
    crew = crew_of(plan, workers=workers, ray=ray)
    try:
        run_plan(plan, crew=crew)
    finally:
        crew.close()
    return time.perf_counter() - started, name


def shard_films(count: int, workers: int) -> int:
    """So that each worker has several shards, and none is idle for long at the end."""
    return max(1, min(SHARD_FILMS, count // (3 * workers)))


def crew_of(plan: Plan, *, workers: int, ray: bool) -> Crew:
    opened = OpenFilmReader(plan.reader, plan.root)
    if not ray:
        return LocalCrew(opened, workers=workers)
    from hilum.screening.ray_crew import RayCrew

    return RayCrew(opened, address=HERE, workers=workers)


def sizes_of(short: Path, long: Path) -> dict[str, float]:
    """Bytes a film of the plan, of its parts and of the table at the end, and seconds a film to finish."""
    found = open_plan(FolderPlace(long))
    parts = sum(path.stat().st_size for path in (long / "parts").iterdir())
    listed = sum(path.stat().st_size for path in long.iterdir() if path.name.startswith(("films", "shards")))
    more = found.films - open_plan(FolderPlace(short)).films
    finish_s = max(0.0, seconds_to_finish(long) - seconds_to_finish(short)) / more
    return {
        "plan": round(listed / found.films, 1),
        "parts": round(parts / found.films, 1),
        "table": round((long / READINGS).stat().st_size / found.films, 1),
        "finish_s": round(finish_s, 7),
    }


def seconds_to_finish(plan: Path) -> float:
    """The least processor time of three; the first also loads what finishing needs."""
    times = []
    for _ in range(3):
        started = time.process_time()
        finish(open_plan(FolderPlace(plan)))
        times.append(time.process_time() - started)
    return min(times)


def listing_rate(folder: Path, *, count: int) -> float:
    """Files a second of a folder that are found and looked into."""
    place = folder / "many"
    place.mkdir()
    first = place / "0.png"
    first.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    for number in range(1, count):
        (place / f"{number}.png").hardlink_to(first)
    started = time.perf_counter()
    found = sum(1 for _ in manifest(str(place), root=None, column=None).rows(leave_out=None))
    if found != count:
        raise SystemExit(f"{found} of {count} files were listed")
    return round(count / (time.perf_counter() - started))


def cost_model(
    runs: list[dict], *, sizes: dict[str, float], listing: float, megabytes: float
) -> list[dict[str, object]]:
    """What the measured costs predict, and what the films' own bytes then ask of the network."""
    local = {run["workers"]: run for run in runs if not run["ray"]}
    one = local[min(local)]
    core_s = one["cpu_s_a_film"]
    both = {1, 2} <= set(local)
    efficiency = min(1.0, local[2]["films_a_second"] / (2 * local[1]["films_a_second"])) if both else 1.0
    shares = {cores: efficiency if cores > 1 else 1.0 for cores in CLUSTERS}
    return [
        {
            "films": films,
            "core_hours": round(films * core_s / 3600, 1),
            "hours": {
                str(cores): round((one["start_s"] + films * core_s / (cores * share)) / 3600, 2)
                for cores, share in shares.items()
            },
            "efficiency": round(efficiency, 3),
            "read_mb_s": {str(cores): round(cores * share * megabytes / core_s, 1) for cores, share in shares.items()},
            "listing_hours": round(films / listing / 3600, 2),
            "finish_hours": round(films * sizes["finish_s"] / 3600, 2),
            "plan_gb": round(films * sizes["plan"] / 1e9, 3),
            "parts_gb": round(films * sizes["parts"] / 1e9, 1),
            "table_gb": round(films * sizes["table"] / 1e9, 1),
            "shards": -(-films // SHARD_OF_MANY),
        }
        for films in SIZES
    ]


def table(report: dict) -> list[str]:
    films = report["films"]
    lines = [f"hilum {report['hilum']} on {report['machine']}", ""]
    lines.append(f"{films['count']} films of {films['mb']} MB ({films['different']} different), shipped models")
    for run in report["runs"]:
        kind = "actors of Ray" if run["ray"] else "processes"
        cpu = "" if run["cpu_s_a_film"] is None else f", {run['cpu_s_a_film'] * 1e3:.1f} ms of a core"
        lines.append(
            f"  {run['workers']:3} {kind:14} {run['films_a_second']:8.2f} films/s, "
            f"{run['seconds_a_film'] * 1e3:.1f} ms a film{cpu}, {run['start_s']:.1f} s to start"
        )
    lines += ["", *(f"  {value:12}  {what} (bytes a film)" for what, value in report["bytes_a_film"].items())]
    lines += [f"  {report['listed_a_second']:12}  files listed a second", ""]
    for each in report["model"]:
        lines.append(f"{each['films']:,} films: {each['core_hours']:,} core-hours, {each['parts_gb']} GB of parts")
        lines += [
            f"  {int(cores):6,} cores: {hours:10,.2f} h, films must come at {each['read_mb_s'][cores]:,} MB/s"
            for cores, hours in each["hours"].items()
        ]
    return lines


if __name__ == "__main__":
    main()
