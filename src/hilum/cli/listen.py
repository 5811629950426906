"""`hilum listen`: images from the hospital's network, results to its archives."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.grouped import with_groups
from hilum.cli.options.network import NetworkOptions
from hilum.cli.options.service_reading import ServiceReading
from hilum.cli.terminal.say import say
from hilum.errors import UsageError
from hilum.report.wording import printable
from hilum.service.dicom.outbox import Outbox
from hilum.service.dicom.results import ResultsOf
from hilum.service.run import ServicePlan, run_service
from hilum.service.store.store import StoreOptions, open_store
from hilum.there import is_folder

app = typer.Typer(rich_markup_mode="rich", add_completion=False)

_EPILOG = """[bold]Examples[/]

hilum listen --from XRAY1@10.0.0.21 --from ARCHIVE@10.0.0.5 --to ARCHIVE@10.0.0.5:104 --host 10.0.0.7

hilum listen --from ARCHIVE --to ARCHIVE@127.0.0.1:4242=sr,pr,sc,seg

hilum listen --from XRAY1 --to https://archive.example/dicom-web --to-login logins.txt

hilum listen --status

"""


def listen(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 11112,
    status: Annotated[bool, typer.Option("--status", help="Say what waits and what was delivered, and end.")] = False,
    network: NetworkOptions,
    reading: ServiceReading,
) -> None:
    """Take images by C-STORE, read them, and send reports, presentation states and pictures to archives.

    An image is on disk before its sender is told so, and a result stays in an outbox until its archive has it. A page
    with the worklist beside it is `hilum serve` with the same options. For research, not a medical device.
    """
    if status:
        _say_status(reading.folder, options=reading.store)
        return
    if not network.callers:
        raise UsageError("Missing option: --from TITLE, who may send; such as --from ARCHIVE@10.0.0.5")
    if not network.to:
        raise UsageError("Missing option: --to TITLE@HOST:PORT or --to URL, where results go")
    connections = network.plan(host=host, port=port, reserve_bytes=reading.reserve_bytes, max_bytes=reading.max_bytes)
    plan, known, count = reading.plan(also=ResultsOf(network.destinations))
    run_service(ServicePlan(reading=plan, reader=known, readers=count, network=connections), say=say)


def _say_status(folder: Path, *, options: StoreOptions) -> None:
    if not is_folder(folder):
        raise UsageError(f"{folder} does not exist: nothing was listened for there; name the folder with --folder")
    store = open_store(folder, options=options, check=False)
    try:
        images: Counter[str] = Counter({str(state): rows for state, rows in store.readings.counts().items()})
        waiting = images["queued"] + images["leased"]
        typer.echo(f"images: {waiting} waiting, {images['done']} read, {images['failed']} failed")
        for row in Outbox(database=store.database, clock=time.time).counts():
            last = f" (last: {printable(row.said)})" if row.said else ""
            typer.echo(f"{row.destination}: {row.rows} {row.state}{last}")
    finally:
        store.close()


app.command(epilog=_EPILOG)(with_groups(listen, network=NetworkOptions, reading=ServiceReading))
