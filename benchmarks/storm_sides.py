"""What `storm.py` lets loose on each other: `hilum listen`, an Orthanc, and senders; the first two may be killed."""

from __future__ import annotations

import io
import queue
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from pydicom import dcmread
from pydicom.uid import ComputedRadiographyImageStorage, generate_uid
from pynetdicom import AE

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path.insert(0, str(TESTS))

from run_orthanc import Orthanc, free_port, start_orthanc  # noqa: E402  # after the path of it

SUCCESS = 0x0000
_BODIES = 8


@dataclass(frozen=True, kw_only=True)
class Image:
    """The file of an image that is a study of its own."""

    study: str
    instance: str
    data: bytes


def images(count: int, *, seed: int, pixels: int = 256) -> list[Image]:
    """Chest phantoms as DICOM, each with UIDs and a pixel of its own; the same seed gives the same."""
    from hilum.phantom.dicom_variants import write_dicom
    from hilum.phantom.thorax import render_thorax

    with tempfile.TemporaryDirectory() as folder:
        drawn = [
            write_dicom(render_thorax(rows=pixels, columns=pixels, seed=body), Path(folder) / f"{body}.dcm")
            for body in range(min(count, _BODIES))
        ]
        bodies = [path.read_bytes() for path in drawn]
    made = []
    for number in range(count):
        one = dcmread(io.BytesIO(bodies[number % len(bodies)]))
        uids = {
            level: generate_uid(entropy_srcs=["hilum storm", str(seed), str(number), level])
            for level in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        }
        for keyword, uid in uids.items():
            setattr(one, keyword, uid)
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.StudyDate, one.StudyTime = "20260102", "101112"
        buffer = io.BytesIO()
        one.save_as(buffer)
        made.append(Image(study=one.StudyInstanceUID, instance=one.SOPInstanceUID, data=buffer.getvalue()))
    return made


class Server:
    """`hilum listen` on one folder and port: killed and started again, as a service manager does."""

    def __init__(self, folder: Path, *, port: int, archive_port: int, readers: int, models: list[str]) -> None:
        self.folder, self.port, self._log = folder, port, folder.with_name("listen.log")
        self._command = [
            sys.executable, "-m", "hilum", "listen", "--from", "XRAY", "--from", "ARCHIVE",
            "--to", f"ARCHIVE@127.0.0.1:{archive_port}", "--port", str(port), "--folder", str(folder),
            "--readers", str(readers), "--reserve-gb", "0", *(f"--model={model}" for model in models),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; return when it listens."""
        with self._log.open("ab") as log:
            at = log.tell()
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        while b"listening as" not in self._log.read_bytes()[at:]:
            if self._process.poll() is not None:
                raise SystemExit(f"hilum listen ended:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it by force; its readers are left to themselves."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._process.terminate()
        self._process.wait()

    def readers(self) -> list[psutil.Process]:
        """The reader processes that live."""
        found = []
        for child in psutil.Process(self._process.pid).children():
            try:
                if "--multiprocessing-fork" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                    found.append(child)
            except psutil.Error:
                continue
        return found

    def told(self) -> str:
        """Everything that it wrote."""
        return self._log.read_text()

    def jobs(self) -> dict[str, int]:
        """What the table of jobs says: rows, done, failed, how often a reading was begun."""
        sums = "count(*), sum(state = 'done'), sum(state = 'failed'), sum(attempt)"
        return dict(zip(("rows", "done", "failed", "begun"), self._ask(f"SELECT {sums} FROM job"), strict=True))

    def outbox(self) -> dict[str, int]:
        """What the outbox says: rows, delivered, and how often sending failed."""
        sums = "count(*), sum(state = 'delivered'), sum(attempts)"
        return dict(zip(("rows", "delivered", "failures"), self._ask(f"SELECT {sums} FROM outbox"), strict=True))

    def _ask(self, query: str) -> tuple[int, ...]:
        with sqlite3.connect(f"file:{self.folder / 'jobs.sqlite3'}?mode=ro", uri=True, timeout=30) as database:
            return tuple(int(each or 0) for each in database.execute(query).fetchone())


class Archive:
    """An Orthanc on one folder and ports: killed and started again, it has what it had."""

    def __init__(self, folder: Path, *, listener_port: int) -> None:
        self.ports = (free_port(), free_port())
        self._folder, self._callers = folder, {"HILUM": listener_port}
        self._found: Orthanc | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; return when it answers."""
        self._found, self._process = start_orthanc(self._folder, callers=self._callers, ports=self.ports)

    def kill(self) -> None:
        """End it by force."""
        self._process.kill()
        self._process.wait()

    def instances(self) -> list[dict]:
        """The tags of everything that it has."""
        return [self._found.get(f"/instances/{each}/tags?simplify") for each in self._found.get("/instances")]


@dataclass
class Senders:
    """So many modalities that send images, each again until it is told success, and some once more after that."""

    port: int
    threads: int
    pause_s: float
    seed: int
    told: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def begin(self, all_images: list[Image]) -> list[threading.Thread]:
        """Begin; the threads end when every image was taken."""
        waiting: queue.Queue[Image] = queue.Queue()
        for image in all_images:
            waiting.put(image)
        begun = [
            threading.Thread(target=self._send_all, args=(waiting, random.Random(f"{self.seed} {number}")), daemon=True)
            for number in range(self.threads)
        ]
        for thread in begun:
            thread.start()
        return begun

    def _send_all(self, waiting: queue.Queue[Image], chance: random.Random) -> None:
        while True:
            try:
                image = waiting.get_nowait()
            except queue.Empty:
                return
            while not self._send(image):
                time.sleep(chance.uniform(0.2, 2.0))
            self.told.add(image.instance)
            if chance.random() < 0.15:
                self.counts["once more"] += 1
                self._send(image)
            time.sleep(chance.uniform(0.0, 2.0 * self.pause_s))

    def _send(self, image: Image) -> bool:
        """Whether the sender was told success."""
        self.counts["sent"] += 1
        entity = AE(ae_title="XRAY")
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = 30
        entity.add_requested_context(ComputedRadiographyImageStorage)
        association = entity.associate("127.0.0.1", self.port, ae_title="HILUM")
        if not association.is_established:
            self.counts["no connection"] += 1
            return False
        try:
            status = association.send_c_store(dcmread(io.BytesIO(image.data))).get("Status")
        except (RuntimeError, ValueError):
            status = None
        finally:
            if association.is_established:
                association.release()
        if status != SUCCESS:
            self.counts["no answer" if status is None else "turned away"] += 1
        return status == SUCCESS
