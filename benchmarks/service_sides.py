"""The two sides of `service.py`: `hilum serve` in a folder of its own, and readers alone; and files that differ."""

from __future__ import annotations

import http.client
import io
import json
import multiprocessing
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import numpy as np
import psutil
from PIL import Image

_BODIES = 8
_PIXELS = 256


class Pictures:
    """Chest phantoms of `pixels` a side as 8-bit PNG, no two with the same bytes: a corner holds the file's number."""

    def __init__(self, *, pixels: int = _PIXELS) -> None:
        from hilum.phantom.thorax import render_thorax

        drawn = [render_thorax(rows=pixels, columns=pixels, seed=seed).pixels for seed in range(_BODIES)]
        self._bodies = [np.round(each * 255).astype(np.uint8) for each in drawn]
        self._next = 0

    def some(self, count: int) -> list[bytes]:
        """So many that were not given out before."""
        made = [self._made(number) for number in range(self._next, self._next + count)]
        self._next += count
        return made

    def _made(self, number: int) -> bytes:
        pixels = self._bodies[number % _BODIES].copy()
        pixels[0, :4] = np.frombuffer(number.to_bytes(4, "big"), np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()


class Alone:
    """So many processes that read as those of the service do, and draw the same, with no service around them."""

    def __init__(self, *, readers: int, models: list[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(readers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_read_alone, args=(theirs, models, threads_of(readers)), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            pipe.recv()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.join()

    def files_a_second(self, data: list[bytes], *, draw: bool = True) -> float:
        """How many of these are read, and drawn, in a second."""
        started = time.perf_counter()
        for place, pipe in enumerate(self._pipes):
            pipe.send((data[place :: len(self._pipes)], draw))
        for pipe in self._pipes:
            pipe.recv()
        return len(data) / (time.perf_counter() - started)


def _read_alone(pipe: Connection, models: list[str], threads: int) -> None:
    from hilum.cli.options.models import choose_bundles
    from hilum.output.pictures import draw_pictures
    from hilum.reading.reader import Reader
    from hilum.reading.settings import ReaderSettings
    from hilum.report.reading_json import reading_to_json

    with Reader(models=choose_bundles(models), settings=ReaderSettings(threads=threads)) as reader:
        pipe.send("ready")
        while True:
            data, draw = pipe.recv()
            for one in data:
                examination = reader.examine(one, name="a.png")
                if draw:
                    json.dumps(reading_to_json(examination.reading))
                    draw_pictures(examination, cards=reader.cards, every_heatmap=False)
            pipe.send("done")


class Served:
    """`hilum serve` in a new folder, and what it answers; use it as a block."""

    def __init__(self, *, readers: int, models: list[str], capacity: int = 1000) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hilum-soak-")
        self.store = Path(self._folder.name) / "store"
        command = [sys.executable, "-m", "hilum", "serve", "--port", "0", "--folder", str(self.store)]
        command += ["--readers", str(readers), "--capacity", str(capacity), *(f"--model={model}" for model in models)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = next((line for line in self.process.stderr if "serving at" in line), "")
        if not line:
            sys.exit("hilum serve ended before it served")
        threading.Thread(target=self._pass_on, daemon=True).start()
        self.place = urlsplit(re.search(r"serving at (\S+)", line)[1]).netloc
        while self.ask("GET", "/readyz")[0] != 200 or self._figure("hilum_readers_ready") < readers:
            time.sleep(0.2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self._folder.cleanup()

    def _pass_on(self) -> None:
        for line in self.process.stderr:
            sys.stderr.write(line)

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """The status and body of an answer; a connection for each."""
        connection = http.client.HTTPConnection(self.place, timeout=120)
        try:
            connection.request(method, path, body=body, headers={"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def send(self, data: bytes) -> str:
        """Send a file; its id."""
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + data + b"\r\n--b--\r\n"
        status, answer = self.ask("POST", "/api/v1/readings", body, "multipart/form-data; boundary=b")
        if status != 202:
            sys.exit(f"an upload was answered with {status}: {answer[:200]!r}")
        return str(json.loads(answer)["id"])

    def _figure(self, name: str) -> float:
        return float(re.search(rf"^{name} (\S+)", self.ask("GET", "/metrics")[1].decode(), re.M)[1])

    def ended(self) -> int:
        """How many readings have ended, done or failed."""
        text = self.ask("GET", "/metrics")[1].decode()
        return sum(int(float(n)) for n in re.findall(r'hilum_jobs{state="(?:done|failed)"} (\S+)', text))

    def take(
        self, data: Iterable[bytes], *, senders: int, most_waiting: int, look: Callable[[int], None], every_s: float
    ) -> set[str]:
        """Send everything from so many threads, never more than may wait, until all is read; the ids.

        `look` is told how many of these have ended, again and again.
        """
        source, lock, ids = iter(data), threading.Lock(), set[str]()
        room, over = threading.Semaphore(most_waiting), threading.Event()
        before = self.ended()

        def send_all() -> None:
            while True:
                room.acquire()
                with lock:
                    one = next(source, None)
                if one is None:
                    over.set()
                    room.release()
                    return
                job = self.send(one)
                with lock:
                    ids.add(job)

        threads = [threading.Thread(target=send_all, daemon=True) for _ in range(senders)]
        for thread in threads:
            thread.start()
        seen = 0
        while not over.is_set() or any(map(threading.Thread.is_alive, threads)) or seen < len(ids):
            time.sleep(every_s)
            now = self.ended() - before
            if now > seen:
                room.release(now - seen)
            seen = now
            look(seen)
        return ids

    def memory_mb(self) -> dict[str, float]:
        """Resident megabytes of the server, and of each reader by its place."""
        server = psutil.Process(self.process.pid)
        readers = [each for each in server.children() if "resource_tracker" not in " ".join(each.cmdline())]
        held = {"server": server.memory_info().rss / 2**20}
        for place, reader in enumerate(sorted(readers, key=lambda each: each.pid), start=1):
            held[f"reader {place}"] = reader.memory_info().rss / 2**20
        return held

    def rows(self) -> dict[str, int]:
        """What the table of jobs says: rows, different files, done, failed, how often readings were begun."""
        with sqlite3.connect(f"file:{self.store / 'jobs.sqlite3'}?mode=ro", uri=True) as database:
            found = database.execute(
                "SELECT count(*), count(DISTINCT sha256), sum(state = 'done' AND reading IS NOT NULL), "
                "sum(state = 'failed'), sum(attempt) FROM job"
            ).fetchone()
        return dict(zip(("rows", "files", "done", "failed", "begun"), (int(each or 0) for each in found), strict=True))


def usual_readers() -> int:
    """How many reader processes `hilum serve` starts unless it is told."""
    return max(1, cores() - 1)


def threads_of(readers: int) -> int:
    """How many threads `hilum serve` gives each reader."""
    return max(1, cores() // readers)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_lots(pictures: Pictures, count: int, *, lot: int = 50) -> Iterator[bytes]:
    """So many files, made while they are taken."""
    for start in range(0, count, lot):
        yield from pictures.some(min(lot, count - start))
