"""`hilum listen`: images from the hospital's network, results to its archives."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.models import ModelsOption, choose_bundles
from hilum.cli.terminal.say import say
from hilum.errors import UsageError
from hilum.reading.engines.engine import available_cores
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.service.dicom.listener import ListenSettings
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.peers import checked_title, parse_caller, parse_destination
from hilum.service.dicom.results import ResultsOf
from hilum.service.dicom.run import ListenPlan, run_listener
from hilum.service.readers.plan import GIB, ReaderPlan
from hilum.service.store.store import StoreOptions, open_store

app = typer.Typer(rich_markup_mode="rich", add_completion=False)

_EPILOG = """[bold]Examples[/]

hilum listen --from XRAY1@10.0.0.21 --from ARCHIVE@10.0.0.5 --to ARCHIVE@10.0.0.5:104 --host 10.0.0.7

hilum listen --from ARCHIVE --to ARCHIVE@127.0.0.1:4242=sr,pr,sc,seg

hilum listen --status

"""


@app.command(epilog=_EPILOG)
def listen(
    *,
    callers: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="TITLE[@ADDRESS]", help="An AE title that may send; may be repeated."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TITLE@HOST:PORT[=KINDS]",
            help="Where results go; may be repeated. Kinds are sr, pr, sc, seg. [dim]default: sr,pr,sc[/]",
        ),
    ] = None,
    title: Annotated[str, typer.Option(metavar="TITLE", help="hilum's own AE title.")] = "HILUM",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 11112,
    folder: Annotated[
        Path, typer.Option(file_okay=False, help="Where images wait; not the folder of [bold]hilum serve[/].")
    ] = Path("hilum-listen"),
    readers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read. [dim]default: one less than the cores[/]")
    ] = None,
    model: ModelsOption = None,
    capacity: Annotated[int, typer.Option(min=1, help="Images that may wait; senders keep what is more.")] = 10_000,
    reserve_gb: Annotated[float, typer.Option(min=0.0, help="Keep so much of the disk free, in GiB.")] = 1.0,
    commitment: Annotated[
        bool,
        typer.Option(
            "--commitment/--no-commitment", help="Ask archives that offer it to confirm that they keep a result."
        ),
    ] = True,
    give_up: Annotated[float, typer.Option(min=0.0, metavar="DAYS", help="Give up on a result after so long.")] = 7.0,
    status: Annotated[bool, typer.Option("--status", help="Say what waits and what was delivered, and end.")] = False,
) -> None:
    """Take images by C-STORE, read them, and send reports, presentation states and pictures to archives.

    An image is on disk before its sender is told so, and a result stays in an outbox until its archive has it. For
    research, not a medical device.
    """
    if status:
        _say_status(folder)
        return
    if not callers:
        raise UsageError("Missing option: --from TITLE, who may send; such as --from ARCHIVE@10.0.0.5")
    if not to:
        raise UsageError("Missing option: --to TITLE@HOST:PORT, where results go")
    destinations = tuple(map(parse_destination, to))
    cores = available_cores()
    count = readers or max(1, cores - 1)
    bundles = choose_bundles(model or ())
    settings = ReaderSettings(threads=max(1, cores // count))
    with Reader(models=bundles, settings=settings) as reader:
        settings_sha256 = reader.settings_sha256
    run_listener(
        ListenPlan(
            listening=ListenSettings(
                title=checked_title(title),
                host=host,
                port=port,
                callers=tuple(map(parse_caller, callers)),
                reserve_bytes=int(reserve_gb * GIB),
            ),
            reading=ReaderPlan(
                store=folder.resolve(),
                options=StoreOptions(capacity=capacity),
                models=tuple(bundle.folder for bundle in bundles),
                settings=settings,
                also=ResultsOf(destinations),
            ),
            readers=count,
            settings_sha256=settings_sha256,
            destinations=destinations,
            commitment=commitment,
            give_up_days=give_up,
        ),
        say=say,
    )


def _say_status(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"{folder} does not exist: nothing was listened for there; name the folder with --folder")
    store = open_store(folder)
    try:
        images: Counter[str] = Counter({str(state): rows for state, rows in store.readings.counts().items()})
        waiting = images["queued"] + images["leased"]
        typer.echo(f"images: {waiting} waiting, {images['done']} read, {images['failed']} failed")
        for row in Outbox(database=store.database, clock=time.time).counts():
            last = f" (last: {row.said})" if row.said else ""
            typer.echo(f"{row.destination}: {row.rows} {row.state}{last}")
    finally:
        store.close()
