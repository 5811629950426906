"""A screening whose reader reads nothing and takes no time, and a driver of it that a test can kill.

    python tests/fabricate_screening.py PLAN WORKERS [ray]

A film's row follows from its name. Names say what is wrong: `missing` fails, `kills` kills the process that reads it,
`breaks` raises what no reader should. In a folder `deadly` beside the plan, a reader dies at some pieces by chance.
"""

import hashlib
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import BundleError
from hilum.imaging.pixels.limits import Limits
from hilum.reading_result import FailedReading
from hilum.screening.crew import Died, Finished, Outcome, Piece, answer
from hilum.screening.film import film_row
from hilum.screening.local_crew import LocalCrew
from hilum.screening.manifest import manifest
from hilum.screening.part_row import Row, row_of_failure
from hilum.screening.place import FolderPlace
from hilum.screening.plan import Plan, open_plan, write_plan
from hilum.screening.reader_spec import PlannedModel, ReaderSpec
from hilum.screening.run import run_plan

SPEC = ReaderSpec(
    models=(PlannedModel("toy", "toy", "1.0.0", "a" * 64),),
    settings_sha256="b" * 64,
    engine="onnxruntime",
    heatmaps="positive",
    lungs=False,
    limits=Limits(),
    assume_scope=False,
)


def fast_row(name: str) -> Row:
    """What the reader says of a film; films of one ending `=...` have one content."""
    if "missing" in name:
        failed = FailedReading(name, "missing", f"{name}: there is no such file", "0", "b" * 64)
        return row_of_failure(failed)
    sha256 = hashlib.sha256(name.rpartition("=")[2].encode()).hexdigest()
    probability = int(sha256[:4], 16) / 0xFFFF
    finding = {
        "model": "toy",
        "name": "Pneumonia",
        "logit": 0.0,
        "probability": probability,
        "operating_point": 0.5,
        "positive": probability >= 0.5,
        "in_scope": True,
    }
    return {
        **row_of_failure(FailedReading(name, "", "", "0", "b" * 64, sha256)),
        "status": "read",
        "error_kind": None,
        "error": None,
        "gate": "accepted",
        "xray_type": "chest",
        "view": "PA",
        "findings": [finding],
        "reading": "{}",
    }


@dataclass(frozen=True)
class OpenFast:
    """Opens the reader; `deadly` is the share of pieces at which it dies, and `refuses` an error it opens with."""

    deadly: float = 0.0
    slow_s: float = 0.0
    refuses: str = ""
    log: str = ""

    def __call__(self) -> "Fast":
        if self.refuses:
            raise BundleError(self.refuses)
        return Fast(self)


class Fast:
    """The reader."""

    def __init__(self, asked: OpenFast) -> None:
        self._asked = asked
        self._chance = random.Random(os.urandom(8))

    def read(self, lines: Sequence[bytes]) -> list[Row]:
        if self._asked.log:
            with Path(self._asked.log).open("a") as file:
                file.write(f"{film_row(lines[0]).name} {len(lines)}\n")
        time.sleep(self._asked.slow_s)
        if self._chance.random() < self._asked.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        rows = []
        for line in lines:
            name = film_row(line).name
            if "kills" in name:
                os.kill(os.getpid(), signal.SIGKILL)
            if "breaks" in name:
                raise ZeroDivisionError(name)
            rows.append(fast_row(name))
        return rows


class Here:
    """A crew of one that reads in this process; a piece with a film that is called `dies` does not come back."""

    def __init__(self, *, dies: str = "dies") -> None:
        self._reader = Fast(OpenFast())
        self._held: list[tuple[Piece, list[bytes]]] = []
        self._dies = dies
        self.given: list[Piece] = []

    @property
    def free(self) -> int:
        return 1 - len(self._held)

    def give(self, piece: Piece, lines: list[bytes]) -> None:
        self._held.append((piece, lines))
        self.given.append(piece)

    def wait(self) -> list[Outcome]:
        piece, lines = self._held.pop()
        if any(self._dies.encode() in line for line in lines):
            return [Died(piece)]
        kind, said = answer(self._reader, lines)
        return [Finished(piece, said) if kind == "rows" else Died(piece)]

    def close(self) -> None:
        pass


def write_manifest(path: Path, names: Sequence[str]) -> Path:
    """A CSV of one column."""
    path.write_text("path\n" + "".join(f"{name}\n" for name in names))
    return path


def planned(folder: Path, names: Sequence[str], *, shard_films: int = 10) -> Plan:
    """A plan of films of these names, in `folder`/plan."""
    source = write_manifest(folder / "films.csv", names)
    place = FolderPlace(folder / "plan")
    return write_plan(manifest(str(source), root=None, column=None), place=place, reader=SPEC, shard_films=shard_films)[
        0
    ]


def names(count: int) -> list[str]:
    """So many names."""
    return [f"{number:07d}.png" for number in range(count)]


def run_here(plan: Plan, *, asked: OpenFast = OpenFast(), workers: int = 1, ray: bool = False, **more: object):
    """Run a plan by processes, or by actors of a Ray of this machine."""
    if ray:
        from hilum.ray_cluster import HERE
        from hilum.screening.ray_crew import RayCrew

        crew = RayCrew(asked, address=HERE, workers=workers)
    else:
        crew = LocalCrew(asked, workers=workers)
    try:
        return run_plan(plan, crew=crew, **more)
    finally:
        crew.close()


if __name__ == "__main__":
    where = Path(sys.argv[1])
    deadly = 0.1 if (where.parent / "deadly").exists() else 0.0
    slow_s = 0.05 if (where.parent / "slow").exists() else 0.0
    run_here(
        open_plan(FolderPlace(where)),
        asked=OpenFast(deadly=deadly, slow_s=slow_s),
        workers=int(sys.argv[2]),
        ray=sys.argv[3:] == ["ray"],
    )
