"""What `hilum serve` and `hilum listen` read with, and where they keep it: one declaration for both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.models import ModelsOption, choose_bundles
from hilum.cli.options.text_file import text_of
from hilum.cli.terminal.messages import MESSAGES, begin_messages
from hilum.errors import UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.reading.engines.engine import available_cores
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.service.readers.plan import GIB, Also, ReaderPlan
from hilum.service.run import KnownReader, known_reader
from hilum.service.store.database import with_password
from hilum.service.store.store import StoreOptions
from hilum.service.web.settings import MIB

FOLDER = Path("hilum-service")

FolderOption = Annotated[
    Path, typer.Option(file_okay=False, metavar="FOLDER", help="Where jobs, images and readings are kept.")
]
DatabaseOption = Annotated[
    str | None, typer.Option(metavar="URL", help="A PostgreSQL database. [dim]default: SQLite in --folder[/]")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReading:
    """The options; `plan` makes of them what reader processes are started with."""

    folder: FolderOption = FOLDER
    database: DatabaseOption = None
    database_password_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A file with the database's password, so that no list of processes shows it."
        ),
    ] = None
    readers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read. [dim]default: one less than the cores[/]")
    ] = None
    model: ModelsOption = None
    keep: Annotated[
        float,
        typer.Option(
            min=0.0,
            metavar="DAYS",
            help="Keep images and pages so long. Without it an image goes once it is read, its page an hour later.",
        ),
    ] = 0.0
    capacity: Annotated[int, typer.Option(min=1, help="Files that may wait; more are told to come again.")] = 10_000
    reserve_gb: Annotated[
        float, typer.Option(min=0.0, help="Take nothing in with less room on the disk than this, in GiB.")
    ] = 1.0
    max_mb: Annotated[int, typer.Option(min=1, help="Refuse larger files, in MiB.")] = 64
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger images.")] = 50_000_000
    seconds: Annotated[float, typer.Option(min=1.0, help="Give up on a file after so long.")] = 120.0
    memory_gb: Annotated[float, typer.Option(min=0.5, help="Memory that a reader may use, in GiB (on Linux).")] = 4.0

    @property
    def reserve_bytes(self) -> int:
        """How many bytes of the disk stay free."""
        return int(self.reserve_gb * GIB)

    @property
    def max_bytes(self) -> int:
        """The largest file that is taken in."""
        return self.max_mb * MIB

    @property
    def store(self) -> StoreOptions:
        """How the store is opened. Raises `UsageError` for a password without a database."""
        database = self.database
        if self.database_password_file is not None:
            if database is None:
                raise UsageError(
                    "--database-password-file needs --database; such as postgresql://hilum@localhost/hilum"
                )
            database = with_password(database, text_of(self.database_password_file))
        return StoreOptions(database=database, capacity=self.capacity, keep_days=self.keep)

    def plan(self, *, also: Also | None) -> tuple[ReaderPlan, KnownReader, int]:
        """What reader processes are started with, what is known of each of them, and how many there are.

        `also` is what is made of each reading beside what is kept. Raises as `choose_bundles` and `Reader`.
        """
        cores = available_cores()
        count = self.readers or max(1, cores - 1)
        bundles = choose_bundles(self.model or ())
        settings = ReaderSettings(
            limits=Limits(max_bytes=self.max_bytes, max_pixels=self.max_pixels), threads=max(1, cores // count)
        )
        with Reader(models=bundles, settings=settings) as reader:
            known = known_reader(reader)
        plan = ReaderPlan(
            store=self.folder.resolve(),
            options=self.store,
            models=tuple(bundle.folder for bundle in bundles),
            settings=settings,
            seconds=self.seconds,
            memory_bytes=int(self.memory_gb * GIB),
            also=also,
            begin=partial(begin_messages, MESSAGES.settings),
        )
        return plan, known, count
