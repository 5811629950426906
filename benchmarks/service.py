"""Uploads to `hilum serve` beside what the reader alone does on the same files, and whether memory grows.

    python benchmarks/service.py [--files 1000] [--senders 4] [--readers 1] [--model FOLDER] [--quick]

Every file is a phantom with one pixel changed, so that each is read. The reader alone reads and draws the same files in
one process. Memory is that of the server and its readers, resident, at a tenth of the files and at the end. Nothing may
be lost, and nothing read twice. About a second a file with the shipped models; the figures of `--quick` mean nothing.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from measuring import head, say, target, target_lines

FEWEST_SHARE = 0.7
MOST_GROWTH = 1.2


def images(count: int) -> list[bytes]:
    """Chest phantoms as 8-bit PNG, each other than the rest by one pixel."""
    from hilum.phantom.phantom import Phantom
    from hilum.phantom.thorax import render_thorax

    drawn: Phantom = render_thorax(seed=0)
    pixels = np.round(drawn.pixels * 255).astype(np.uint8)
    made = []
    for number in range(count):
        changed = pixels.copy()
        changed[number // pixels.shape[1] % pixels.shape[0], number % pixels.shape[1]] ^= 1 + number % 7
        buffer = io.BytesIO()
        Image.fromarray(changed).save(buffer, "PNG", compress_level=1)
        made.append(buffer.getvalue())
    return made


def reader_alone(data: list[bytes], *, models: list[Path]) -> float:
    """Files a second that a reader reads and draws in one process."""
    from hilum.bundle.load import load_bundle
    from hilum.output.pictures import draw_pictures
    from hilum.reading.reader import Reader

    with Reader(models=[load_bundle(folder) for folder in models] or None) as reader:
        reader.examine(data[0], name="warm")
        started = time.perf_counter()
        for one in data:
            examination = reader.examine(one, name="a.png")
            draw_pictures(examination, cards=reader.cards, every_heatmap=False)
        return len(data) / (time.perf_counter() - started)


def resident_mb(pid: int) -> float:
    """Megabytes that a process and its children hold, by Linux's /proc."""
    total = 0.0
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for each in [pid, *map(int, children.read_text().split())] if children.exists() else []:
        status = Path(f"/proc/{each}/status").read_text()
        total += int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024 if "VmRSS" in status else 0.0
    return total


class Served:
    """`hilum serve` in a folder of its own, and what it answers."""

    def __init__(self, folder: Path, *, readers: int, models: list[Path]) -> None:
        command = [sys.executable, "-m", "hilum", "serve", "--port", "0", "--folder", str(folder)]
        command += ["--readers", str(readers), "--capacity", "64", *(f"--model={model}" for model in models)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = next((line for line in self.process.stderr if "serving at" in line), "")
        if not line:
            sys.exit("hilum serve ended before it served")
        self.place = urlsplit(re.search(r"serving at (\S+)", line)[1]).netloc
        while self.ask("GET", "/readyz")[0] != 200:
            time.sleep(0.2)

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """The status and body of an answer."""
        connection = http.client.HTTPConnection(self.place, timeout=120)
        connection.request(method, path, body=body, headers={"Content-Type": kind} if kind else {})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def send(self, data: bytes) -> str:
        """Send a file, again where the queue is full; its id."""
        start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        while True:
            body = start + data + b"\r\n--b--\r\n"
            status, answer = self.ask("POST", "/api/v1/readings", body, "multipart/form-data; boundary=b")
            if status in (200, 202):
                return str(json.loads(answer)["id"])
            if status != 503:
                sys.exit(f"an upload was answered with {status}: {answer[:200]!r}")
            time.sleep(0.05)

    def ended(self) -> dict[str, int]:
        """How many readings are done, and failed."""
        text = self.ask("GET", "/metrics")[1].decode()
        return {state: int(float(n)) for state, n in re.findall(r'hilum_jobs{state="(\w+)"} (\S+)', text)}


def soak(data: list[bytes], served: Served, *, senders: int) -> dict[str, object]:
    """Send everything from so many threads at once, and wait until it is read."""
    waiting, ids, lock = list(enumerate(data)), set(), threading.Lock()

    def send() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                _, one = waiting.pop()
            job = served.send(one)
            with lock:
                ids.add(job)

    early_mb = 0.0
    started = time.perf_counter()
    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    while (counts := served.ended())["done"] + counts["failed"] < len(data):
        if early_mb == 0.0 and counts["done"] >= len(data) / 10:
            early_mb = resident_mb(served.process.pid)
        time.sleep(0.2)
    seconds = time.perf_counter() - started
    for thread in threads:
        thread.join()
    late_mb = resident_mb(served.process.pid)
    return {
        "files_a_second": len(data) / seconds, "sent": len(ids), "done": counts["done"], "failed": counts["failed"],
        "early_mb": early_mb or late_mb, "late_mb": late_mb,
    }  # fmt: skip


def main() -> None:
    """Measure, and print the report as JSON on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--readers", type=int, default=1)
    parser.add_argument("--model", type=Path, action="append", default=[])
    parser.add_argument("--quick", action="store_true", help="10 files: whether it works")
    arguments = parser.parse_args()
    data = images(10 if arguments.quick else arguments.files)
    say(f"{len(data)} files; the reader alone")
    alone = reader_alone(data[: max(5, len(data) // 10)], models=arguments.model)
    say(f"{alone:.2f} files/s; now hilum serve")
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder) / "store", readers=arguments.readers, models=arguments.model)
        try:
            found = soak(data, served, senders=arguments.senders)
        finally:
            served.process.terminate()
            served.process.wait()
    targets = [
        target("uploads beside the reader alone", found["files_a_second"] / alone, at_least=FEWEST_SHARE),
        target("memory at the end beside that at a tenth", found["late_mb"] / found["early_mb"], at_most=MOST_GROWTH),
        target("files lost or read twice", abs(len(data) - found["sent"]) + found["failed"], at_most=0),
    ]
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    report = {
        **head(threads=threads, quick=arguments.quick),
        "reader_alone": alone,
        "served": found,
        "targets": targets,
    }
    print(json.dumps(report, indent=2))
    for line in target_lines(targets):
        say(line)


if __name__ == "__main__":
    main()
