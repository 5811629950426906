"""Images through `hilum listen` to an archive, while readers, the listener and the archive are killed at random.

    python benchmarks/storm.py [--studies 200] [--seed 1] [--readers 2] [--kills 12] [--away 60] [--out FOLDER]

Needs Orthanc and psutil. Four senders send chest phantoms of 256 pixels, each a study of its own, and send each again
until they are told success; some send once more after that. Meanwhile a reader process, the listener or the archive is
ended by SIGKILL every few seconds, by chance, each at least `--kills` times, and once the archive stays away for
`--away` seconds. Whatever was killed is started again, as a service manager does. When everything was sent and everyone
was killed often enough, the storm ends, and what is in the outbox has `--patience` seconds to arrive.

Then each image must have exactly one report, one presentation state and one picture in the archive, which name it; each
image of which a sender was told success must be among them; each was one job, read and delivered; and the listener told
of no defect. Exit code 1 where one of these does not hold. The seed decides images, pauses and victims; what meets what
is left to the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

from measuring import head, say, target, target_lines, write
from service_sides import cores
from storm_sides import Archive, Image, Senders, Server, free_port, images

WANTED = {"SR": 1, "PR": 1, "OT": 1}
VICTIMS = ("reader", "listener", "archive")


class Storm:
    """Kills until it is told to end; what was killed is running again then."""

    def __init__(self, server: Server, archive: Archive, *, seed: int, away_s: float, pause_s: float) -> None:
        self._server, self._archive, self._away_s, self._pause_s = server, archive, away_s, pause_s
        self._chance, self._over = random.Random(seed), threading.Event()
        self.kills: Counter[str] = Counter()
        self.was_away = away_s <= 0.0
        self._thread = threading.Thread(target=self._rage, daemon=True)
        self.defect: BaseException | None = None

    def begin(self) -> None:
        """Kill from now on."""
        self._thread.start()

    def end(self) -> None:
        """Kill nobody any more."""
        self._over.set()
        self._thread.join()

    def _rage(self) -> None:
        victims: list[str] = []
        try:
            while not self._over.wait(self._chance.uniform(0.5, 2.0 * self._pause_s)):
                if not victims:
                    victims = self._chance.sample(VICTIMS, len(VICTIMS))
                self._kill(victims.pop())
        except (AssertionError, OSError, SystemExit, psutil.Error) as error:  # told by whoever waits for the end
            self.defect = error

    def _kill(self, victim: str) -> None:
        if victim == "reader":
            found = self._server.readers()
            if not found:
                return
            self._chance.choice(found).kill()
        elif victim == "listener":
            self._server.kill()
            time.sleep(self._chance.uniform(0.0, 2.0))
            self._server.start()
        else:
            self._archive.kill()
            away_s = self._chance.uniform(0.0, 4.0)
            if not self.was_away and self.kills["archive"] >= 1:
                say(f"the archive is away for {self._away_s:g} s")
                self.was_away, away_s = True, self._away_s
            self._stay_away(away_s)
            self._archive.start()
        self.kills[victim] += 1
        say(f"killed a {victim} ({', '.join(f'{name} {self.kills[name]}' for name in VICTIMS)})")

    def _stay_away(self, seconds: float) -> None:
        """Others die meanwhile."""
        ends_s = time.monotonic() + seconds
        while (left_s := ends_s - time.monotonic()) > 0.0:
            time.sleep(min(left_s, self._chance.uniform(0.5, 2.0 * self._pause_s)))
            if ends_s - time.monotonic() > 0.0:
                self._kill(self._chance.choice(VICTIMS[:2]))


def wrong(sent: list[Image], found: list[dict], *, told: set[str]) -> list[str]:
    """What is not as it must be in the archive, one line each."""
    kinds: dict[str, Counter[str]] = {image.study: Counter() for image in sent}
    lines = []
    names = {image.study: image.instance for image in sent}
    for one in found:
        study, kind = one["StudyInstanceUID"], one["Modality"]
        if study not in kinds:
            lines.append(f"an object of no image that was sent: {kind} of study {study}")
            continue
        kinds[study][kind] += 1
        if names[study] not in json.dumps(one):
            lines.append(f"a {kind} of study {study} does not name its image")
    for image in sent:
        if kinds[image.study] != WANTED:
            lost = " of which a sender was told success" if image.instance in told else ""
            lines.append(f"image {image.instance}{lost} has {dict(kinds[image.study]) or 'nothing'} in the archive")
    return lines


def run(arguments: argparse.Namespace, folder: Path) -> dict:
    """Everything once; what was counted, and what is wrong."""
    sent = images(arguments.studies, seed=arguments.seed)
    port = free_port()
    archive = Archive(folder / "archive", listener_port=port)
    server = Server(
        folder / "listening", port=port, archive_port=archive.ports[1], readers=arguments.readers,
        models=arguments.model,
    )  # fmt: skip
    senders = Senders(port=port, threads=arguments.senders, pause_s=arguments.sender_pause, seed=arguments.seed)
    storm = Storm(server, archive, seed=arguments.seed, away_s=arguments.away, pause_s=arguments.kill_pause)
    started = time.perf_counter()
    try:
        archive.start()
        server.start()
        threads = senders.begin(sent)
        storm.begin()
        while storm.defect is None and (
            any(map(threading.Thread.is_alive, threads))
            or not storm.was_away
            or min(storm.kills[victim] for victim in VICTIMS) < arguments.kills
        ):
            time.sleep(0.5)
        storm.end()
        if storm.defect is not None:
            raise storm.defect
        stormed = time.perf_counter() - started
        say(f"the storm is over after {stormed:.0f} s; what is left may arrive")
        arrived(server, studies=len(sent), patience_s=arguments.patience)
        lines = wrong(sent, archive.instances(), told=senders.told)
        jobs, outbox = server.jobs(), server.outbox()
        lines += counted(jobs, outbox, studies=len(sent), told=server.told())
    finally:
        everything_ended(server, archive)
    return {
        "studies": len(sent), "seed": arguments.seed, "told_success": len(senders.told), "sends": dict(senders.counts),
        "kills": dict(storm.kills), "archive_away_s": arguments.away, "jobs": jobs, "outbox": outbox,
        "storm_s": stormed, "seconds": time.perf_counter() - started, "wrong": lines,
    }  # fmt: skip


def arrived(server: Server, *, studies: int, patience_s: float) -> None:
    """Wait until everything was delivered, or patience is over."""
    ends_s, said_s = time.monotonic() + patience_s, time.monotonic()
    while time.monotonic() < ends_s:
        jobs, outbox = server.jobs(), server.outbox()
        everything = outbox["rows"] >= len(WANTED) * jobs["done"]
        if jobs["done"] + jobs["failed"] >= studies and outbox["delivered"] == outbox["rows"] and everything:
            return
        if time.monotonic() - said_s > 30:
            said_s = time.monotonic()
            say(f"{jobs['done']} read, {outbox['delivered']} of {outbox['rows']} objects delivered")
        time.sleep(0.5)


def counted(jobs: dict[str, int], outbox: dict[str, int], *, studies: int, told: str) -> list[str]:
    """What is not as it must be in the listener's own tables and log."""
    lines = []
    if (jobs["rows"], jobs["done"], jobs["failed"]) != (studies, studies, 0):
        lines.append(f"{studies} images became {jobs['rows']} jobs, {jobs['done']} done and {jobs['failed']} failed")
    if outbox["rows"] != len(WANTED) * studies or outbox["delivered"] != outbox["rows"]:
        lines.append(f"{outbox['delivered']} of {outbox['rows']} objects in the outbox were delivered")
    return lines + [f"the listener told of a defect: {line}" for line in told.splitlines() if "defect" in line]


def everything_ended(server: Server, archive: Archive) -> None:
    """Leave no process behind."""
    for stop in (server.stop, archive.kill):
        try:
            stop()
        except (AttributeError, psutil.Error, OSError):
            continue


def table(found: dict) -> list[str]:
    """What happened, a line each."""
    sends, kills = Counter(found["sends"]), Counter(found["kills"])
    rows = {
        "studies": found["studies"],
        "of which senders were told success": found["told_success"],
        "sends, and again": sends["sent"],
        "  without a connection": sends["no connection"],
        "  without an answer": sends["no answer"],
        "  turned away": sends["turned away"],
        "  once more after success": sends["once more"],
        "reader processes killed": kills["reader"],
        "listeners killed": kills["listener"],
        "archives killed": kills["archive"],
        "seconds without an archive, once": f"{found['archive_away_s']:g}",
        "readings begun": found["jobs"]["begun"],
        "objects delivered": found["outbox"]["delivered"],
        "  sendings that failed": found["outbox"]["failures"],
        "seconds of storm": f"{found['storm_s']:.0f}",
        "seconds in all": f"{found['seconds']:.0f}",
        "wrong": len(found["wrong"]),
    }
    return [f"  {name:38} {value:>8}" for name, value in rows.items()]


def main() -> None:
    """Run, print a table and the report as JSON, and end with 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--kills", type=int, default=12, help="of each, at least")
    parser.add_argument("--away", type=float, default=60.0, help="seconds that the archive stays away once")
    parser.add_argument("--kill-pause", type=float, default=6.0, help="seconds between kills, on average")
    parser.add_argument("--sender-pause", type=float, default=4.0, help="seconds between a sender's images, on average")
    parser.add_argument("--patience", type=float, default=1200.0, help="seconds that delivery may take after the storm")
    parser.add_argument("--model", action="append", default=[], help="as of hilum listen; those that ship otherwise")
    parser.add_argument("--keep", type=Path, help="a folder for logs and stores; it stays")
    parser.add_argument("--out", type=Path, help="a folder for storm.json")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    say(f"seed {arguments.seed}, load {load:.2f}")
    with tempfile.TemporaryDirectory(prefix="hilum-storm-") as name:
        folder = arguments.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        found = run(arguments, folder)
    targets = [target("what is wrong after the storm", len(found["wrong"]), at_most=0)]
    report = {
        **head(threads=cores(), quick=arguments.studies < 200), "models": arguments.model,
        "load": {"before": load, "after": os.getloadavg()[0]}, "storm": found, "targets": targets,
    }  # fmt: skip
    write(report, folder=arguments.out, name="storm.json")
    print(json.dumps(report, indent=2))
    for line in [*table(found), *found["wrong"][:20], *target_lines(targets)]:
        say(line)
    sys.exit(bool(found["wrong"]))


if __name__ == "__main__":
    main()
