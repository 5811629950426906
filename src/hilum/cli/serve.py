"""`hilum serve`: readings for many, by a web page and REST."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.grouped import with_groups
from hilum.cli.options.network import NetworkOptions
from hilum.cli.options.service_reading import ServiceReading
from hilum.cli.options.text_file import text_of
from hilum.cli.terminal.say import say
from hilum.errors import UsageError
from hilum.service.dicom.results import ResultsOf
from hilum.service.run import ServicePlan, run_service
from hilum.service.web.passwords import hash_password, hash_token
from hilum.service.web.serve import WebPlan
from hilum.service.web.settings import ServiceSettings

app = typer.Typer(rich_markup_mode="rich", add_completion=False)

_EPILOG = """[bold]Examples[/]

hilum serve

hilum serve --folder /srv/hilum --readers 3 --keep 30

hilum serve --host 0.0.0.0 --password-file password.txt --tls-certificate cert.pem --tls-key key.pem

hilum serve --database postgresql://hilum@/hilum --token-file tokens.txt

hilum serve --from XRAY1@10.0.0.21 --from ARCHIVE@10.0.0.5 --to ARCHIVE@10.0.0.5:104 --dicom-host 10.0.0.7

curl -F file=@chest.dcm -F age=3 http://127.0.0.1:8080/api/v1/readings
"""


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="The address to listen on; any but this machine's own needs a login and TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 8080,
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
    dicom_host: Annotated[str, typer.Option(help="With --from: the address to take DICOM images on.")] = "127.0.0.1",
    dicom_port: Annotated[
        int, typer.Option(min=0, max=65535, help="With --from: the port to take DICOM images on.")
    ] = 11112,
    reading: ServiceReading,
    network: NetworkOptions,
) -> None:
    """Serve a page and a REST interface: files are kept safe, read one after the other, and shown by urgency.

    Listens on this computer alone unless --host says otherwise. Nothing that was accepted is lost when a process or the
    computer stops. The interface describes itself at /api/v1/openapi.json. With --from it takes images over DICOM too,
    as `hilum listen` does, and with --to it sends the results of DICOM images to archives.
    """
    settings = ServiceSettings(
        host=host,
        tls=_both(tls_certificate, tls_key),
        password_hash=None if password_file is None else hash_password(text_of(password_file)),
        tokens={} if token_file is None else _tokens(token_file),
        insecure_lan=insecure_lan,
        max_bytes=reading.max_bytes,
        min_free_bytes=reading.reserve_bytes,
    )
    connections = network.plan(
        host=dicom_host, port=dicom_port, reserve_bytes=reading.reserve_bytes, max_bytes=reading.max_bytes
    )
    plan, known, count = reading.plan(also=ResultsOf(network.destinations) if network.to else None)
    web = WebPlan(settings=settings, port=port, certificate=tls_certificate, key=tls_key)
    run_service(ServicePlan(reading=plan, reader=known, readers=count, web=web, network=connections), say=say)


app.command(epilog=_EPILOG)(with_groups(serve, reading=ServiceReading, network=NetworkOptions))


def _both(certificate: Path | None, key: Path | None) -> bool:
    if (certificate is None) != (key is None):
        raise UsageError("--tls-certificate and --tls-key go together; give both")
    for path in (certificate, key):
        if path is not None:
            text_of(path)
    return certificate is not None


def _tokens(path: Path) -> dict[str, str]:
    tokens = {}
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        name, _, token = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        if name in tokens or not token.strip():
            raise UsageError(f"{path}, line {number}: write NAME TOKEN, each name once")
        tokens[name] = hash_token(token.strip())
    if not tokens:
        raise UsageError(f"{path} holds no token; write NAME TOKEN on a line")
    return tokens
