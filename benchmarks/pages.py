"""What a page costs: bytes and processor time of each file of a reading, a folder with and without them, the index.

    python benchmarks/pages.py [--out FOLDER] [--images 48] [--threads CORES] [--image PATH] [--age YEARS]

It needs the base installation alone; the index is opened where playwright and chromium are there. Films are fabricated:
a phantom chest of 1024 pixels with grain, of eight bits as PNG and of twelve as the page gets it of DICOM. `--image`
measures a film of one's own beside them. Parts are timed in one process's processor time, so that a busy machine shows
less in them; the folder is read as JSON alone and with every file, in turns. The index holds 5,000 fabricated readings.
Prints a table and writes `pages.json` into `--out`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from hilum.output.inputs import InputFile
from hilum.radiograph import Radiograph
from hilum.reading.engines.engine import available_cores
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import Examination, FailedReading
from hilum.report.index_page import IndexEntry, render_index
from hilum.report.overlay import overlay_jpeg, overlay_png
from hilum.report.page import render_page
from hilum.report.reading_json import reading_to_json
from hilum.report.windowing import thumbnail_png
from hilum.stated import Stated
from lungs import phantoms, read_folder
from measuring import head, say, target, target_lines, write

IMAGE_KB, RATE_SHARE = 600.0, 0.6
INDEX_ROWS, INDEX_MB, INDEX_S = 5000, 3.0, 0.5


def main() -> None:
    arguments = parse()
    reader = Reader(settings=ReaderSettings(threads=arguments.threads))
    rounds = 1 if arguments.quick else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = phantoms(folder / "scans", count=4 if arguments.quick else arguments.images)
        say("one film")
        films = {"phantom, 8 bits": reader.examine(files[0].name, stated=Stated(age_years=4.0, view="AP"))}
        films["phantom, 12 bits"] = in_twelve_bits(films["phantom, 8 bits"])
        if arguments.image is not None:
            film = min(arguments.image.iterdir()) if arguments.image.is_dir() else arguments.image
            films["the film given"] = reader.examine(film, stated=Stated(age_years=arguments.age, view="PA"))
        parts = {film: of_film(one, reader=reader, rounds=rounds) for film, one in films.items()}
        say("a folder")
        rates = of_folder(reader, files, folder=folder, jobs=arguments.threads, rounds=1 if arguments.quick else 3)
        say("the index")
        index = of_index(films["phantom, 8 bits"], folder=folder, rows=50 if arguments.quick else INDEX_ROWS)
    share = rates["images a second, with pages"] / rates["images a second, JSON alone"]
    largest = max(sum(kb for part, (kb, _) in film.items() if part not in BESIDE) for film in parts.values())
    targets = [
        target("files of an image, kB", largest, at_most=IMAGE_KB),
        target("rate of a folder with pages over JSON alone", share, at_least=RATE_SHARE),
        target("index of 5,000 rows, MB", index["MB"], at_most=INDEX_MB),
        *(
            [target("index of 5,000 rows, s to open", index["s to open"], at_most=INDEX_S)]
            if "s to open" in index
            else []
        ),
    ]
    report = head(threads=arguments.threads, quick=arguments.quick) | {
        "films": {film: {p: {"kB": kb, "ms": ms} for p, (kb, ms) in each.items()} for film, each in parts.items()},
        "folder": rates,
        "index": index,
        "targets": targets,
    }
    print("\n".join(table(report)))
    write(report, folder=arguments.out, name="pages.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for pages.json")
    parser.add_argument("--images", type=int, default=48, help="files of the folder; every twelfth is a new one")
    parser.add_argument("--threads", type=int, default=available_cores(), help="cores that reading may use")
    parser.add_argument("--image", type=Path, help="a film of one's own, or a folder whose first it is, measured too")
    parser.add_argument("--age", type=float, default=50.0, help="age in years of the patient of --image")
    parser.add_argument("--quick", action="store_true", help="try it on a few images; the figures mean nothing")
    return parser.parse_args()


BESIDE = ("overlay as PNG, for comparison",)
"""What is measured and not written."""


def in_twelve_bits(examination: Examination) -> Examination:
    """The same with the grain of a detector of twelve bits."""
    pixels = examination.radiograph.pixels
    grain = np.random.default_rng(1).normal(0, 0.004, pixels.shape)
    levels = np.rint(np.clip(pixels + grain, 0, 1) * 4095).astype(np.float32) / np.float32(4095)
    return replace(examination, radiograph=Radiograph(levels, examination.radiograph.source))


def of_film(one: Examination, *, reader: Reader, rounds: int) -> dict[str, tuple[float, float]]:
    """kB and processor milliseconds of each file of a reading."""
    makers: dict[str, Callable[[], bytes]] = {
        "page": lambda: render_page(one, cards=reader.cards).encode(),
        "overlay": lambda: overlay_jpeg(one),
        "JSON": lambda: json.dumps(reading_to_json(one.reading), indent=2).encode(),
        "thumbnail": lambda: thumbnail_png(one.radiograph.pixels),
        "overlay as PNG, for comparison": lambda: overlay_png(one),
    }
    return {part: (round(len(make()) / 1e3, 1), milliseconds(make, rounds=rounds)) for part, make in makers.items()}


def milliseconds(function: Callable[[], object], *, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = time.process_time()
        function()
        times.append((time.process_time() - started) * 1e3)
    return round(median(times), 1)


def of_folder(reader: Reader, files: list[InputFile], *, folder: Path, jobs: int, rounds: int) -> dict[str, float]:
    """Images a second, medians of turns: JSON alone as `hilum read --json` makes it, and every file written."""
    alone, pages = [], []
    for turn in range(rounds):
        started = time.perf_counter()
        with (folder / f"{turn}.jsonl").open("w") as lines:
            for result in reader.examine_many([file.name for file in files], jobs=jobs):
                if isinstance(result, FailedReading):
                    raise SystemExit(result.message)
                lines.write(json.dumps(reading_to_json(result.reading)) + "\n")
        alone.append(len(files) / (time.perf_counter() - started))
        pages.append(1e3 / read_folder(reader, files, out=folder / f"out-{turn}", jobs=jobs).image_ms)
    rates = {"images a second, JSON alone": median(alone), "images a second, with pages": median(pages)}
    return {what: round(rate, 2) for what, rate in rates.items()}


def of_index(one: Examination, *, folder: Path, rows: int) -> dict[str, float]:
    """Size of an index of so many readings, and how long chromium takes until it is loaded and shows rows."""
    names = [f"ward-{n % 7}/2026-11-{1 + n % 28:02}/study-{n:05}.dcm" for n in range(rows)]
    entries = [IndexEntry(f"scans/{name}", f"{name}.html", f"{name}.json", None, one.reading) for name in names]
    text = render_index(entries, csv="readings.csv")
    page = folder / "index.html"
    page.write_text(text, encoding="utf-8")
    found = {"rows": rows, "MB": round(len(text.encode()) / 1e6, 2)}
    opened = seconds_to_open(page)
    return found if opened is None else found | {"s to open": round(opened, 3)}


def seconds_to_open(page: Path) -> float | None:
    """Median of five openings in chromium; None without it or playwright."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if browser is None:
        return None
    times = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(5):
            shown = chromium.new_page(viewport={"width": 1366, "height": 768})
            shown.goto(page.as_uri())
            loaded = shown.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
            times.append(loaded / 1e3)
            shown.close()
        chromium.close()
    return median(times)


def table(report: dict) -> list[str]:
    lines = [f"hilum {report['hilum']} on {report['machine']}"]
    for film, parts in report["films"].items():
        lines += ["", film, *(f"  {each['kB']:8.1f} kB {each['ms']:8.1f} ms  {part}" for part, each in parts.items())]
    lines += ["", "a folder", *(f"  {rate:8.2f}  {what}" for what, rate in report["folder"].items())]
    lines += ["", "the index", *(f"  {value:8.2f}  {what}" for what, value in report["index"].items())]
    return [*lines, "", "targets", *target_lines(report["targets"])]


if __name__ == "__main__":
    main()
