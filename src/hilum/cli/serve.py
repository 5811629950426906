"""`hilum serve`: readings for many, by a web page and REST."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.models import ModelsOption, choose_bundles
from hilum.cli.terminal.say import say
from hilum.errors import FileAccessError, UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.reading.engines.engine import available_cores
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.service.readers.plan import GIB, ReaderPlan
from hilum.service.run import ServicePlan, known_reader, run_service
from hilum.service.store.database import with_password
from hilum.service.store.store import StoreOptions
from hilum.service.web.passwords import hash_password, hash_token
from hilum.service.web.settings import MIB, ServiceSettings

app = typer.Typer(rich_markup_mode="rich", add_completion=False)

_EPILOG = """[bold]Examples[/]

hilum serve

hilum serve --folder /srv/hilum --readers 3 --keep 30

hilum serve --host 0.0.0.0 --password-file password.txt --tls-certificate cert.pem --tls-key key.pem

hilum serve --database postgresql://hilum@/hilum --token-file tokens.txt

curl -F file=@chest.dcm -F age=3 http://127.0.0.1:8080/api/v1/readings
"""


@app.command(epilog=_EPILOG)
def serve(
    *,
    host: Annotated[
        str, typer.Option(help="The address to listen on; any but this machine's own needs a login and TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 8080,
    folder: Annotated[
        Path, typer.Option(file_okay=False, metavar="FOLDER", help="Where jobs, images and readings are kept.")
    ] = Path("hilum-service"),
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="A PostgreSQL database. [dim]default: SQLite in --folder[/]")
    ] = None,
    database_password_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A file with the database's password, so that no list of processes shows it."
        ),
    ] = None,
    readers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read. [dim]default: one less than the cores[/]")
    ] = None,
    model: ModelsOption = None,
    keep: Annotated[
        float,
        typer.Option(
            min=0.0,
            metavar="DAYS",
            help="Keep images and pages so long. Without it an image goes once it is read, its page an hour later.",
        ),
    ] = 0.0,
    capacity: Annotated[int, typer.Option(min=1, help="Files that may wait; more are told to come again.")] = 1000,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the password by which people log in.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with NAME TOKEN on each line, for programs.")
    ] = None,
    tls_certificate: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, PEM.")] = None,
    insecure_lan: Annotated[
        bool, typer.Option("--insecure-lan", help="Listen beyond this machine without TLS: others can read along.")
    ] = False,
    max_mb: Annotated[int, typer.Option(min=1, help="Refuse larger files, in MiB.")] = 64,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger images.")] = 50_000_000,
    seconds: Annotated[float, typer.Option(min=1.0, help="Give up on a file after so long.")] = 120.0,
    memory_gb: Annotated[float, typer.Option(min=0.5, help="Memory that a reader may use, in GiB (on Linux).")] = 4.0,
) -> None:
    """Serve a page and a REST interface: files are kept safe, read one after the other, and shown by urgency.

    Listens on this computer alone unless --host says otherwise. Nothing that was accepted is lost when a process or the
    computer stops. The interface describes itself at /api/v1/openapi.json.
    """
    web = ServiceSettings(
        host=host,
        tls=_both(tls_certificate, tls_key),
        password_hash=None if password_file is None else hash_password(_read(password_file)),
        tokens={} if token_file is None else _tokens(token_file),
        insecure_lan=insecure_lan,
        max_bytes=max_mb * MIB,
    )
    cores = available_cores()
    count = readers or max(1, cores - 1)
    bundles = choose_bundles(model or ())
    settings = ReaderSettings(
        limits=Limits(max_bytes=web.max_bytes, max_pixels=max_pixels), threads=max(1, cores // count)
    )
    with Reader(models=bundles, settings=settings) as reader:
        known = known_reader(reader)
    plan = ServicePlan(
        reading=ReaderPlan(
            store=folder.resolve(),
            options=StoreOptions(
                database=_database(database, password_file=database_password_file), capacity=capacity, keep_days=keep
            ),
            models=tuple(bundle.folder for bundle in bundles),
            settings=settings,
            seconds=seconds,
            memory_bytes=int(memory_gb * GIB),
        ),
        reader=known,
        readers=count,
        web=web,
        port=port,
        certificate=tls_certificate,
        key=tls_key,
    )
    run_service(plan, say=say)


def _database(url: str | None, *, password_file: Path | None) -> str | None:
    if password_file is None:
        return url
    if url is None:
        raise UsageError("--database-password-file needs --database; such as postgresql://hilum@localhost/hilum")
    return with_password(url, _read(password_file))


def _both(certificate: Path | None, key: Path | None) -> bool:
    if (certificate is None) != (key is None):
        raise UsageError("--tls-certificate and --tls-key go together; give both")
    for path in (certificate, key):
        if path is not None:
            _read(path)
    return certificate is not None


def _tokens(path: Path) -> dict[str, str]:
    tokens = {}
    for number, line in enumerate(_read(path).splitlines(), start=1):
        name, _, token = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        if name in tokens or not token.strip():
            raise UsageError(f"{path}, line {number}: write NAME TOKEN, each name once")
        tokens[name] = hash_token(token.strip())
    if not tokens:
        raise UsageError(f"{path} holds no token; write NAME TOKEN on a line")
    return tokens


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise FileAccessError(f"{path} cannot be read ({reason}); check its path and permissions") from error
