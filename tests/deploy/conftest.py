"""The files of deploy/, and hilum's own command line to read what they call."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'hilum[serve]'")

from hilum.cli.commands import COMMANDS
from hilum.cli.options.lazy import load_command
from hilum.cli.options.settings import default_map
from hilum.cli.options.settings_file import SettingsFile
from hilum.cli.options.tidy import variable_of
from hilum.service.dicom.peers import parse_callers, parse_destination
from hilum.service.web.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

Parse = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def parsed() -> Parse:
    """Reads the words after `hilum` as the command does, with a settings file where one is given; runs nothing.

    Who may send, where results go, and whether the service would be open to others are checked as the commands do.
    """

    def parse(words: Sequence[str], *, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
        name, *rest = words
        command = load_command(name, row=COMMANDS[name])
        files = () if settings is None else (SettingsFile(Path("hilum.toml"), settings),)
        defaults = default_map(files, name=name, command=command, table=COMMANDS)
        found = dict(command.make_context(name, list(rest), default_map=defaults).params)
        if name == "listen":
            found["callers"] = tuple(chain.from_iterable(map(parse_callers, found["callers"])))
            found["to"] = tuple(map(parse_destination, found["to"]))
        else:
            ServiceSettings(
                host=found["host"],
                tls=found["tls_certificate"] is not None and found["tls_key"] is not None,
                password_hash=found["password_file"] and "a hash",
            )
        return found

    return parse


@pytest.fixture(scope="session")
def variables() -> frozenset[str]:
    """Every variable of the environment that hilum serve and hilum listen read."""
    own = {"HILUM_CONFIG", "HILUM_MODELS", "HILUM_CACHE", "HILUM_LOG_FILE", "HILUM_LOG_FORMAT"}
    for name in ("serve", "listen"):
        own |= {variable_of((name,), option) for option in load_command(name, row=COMMANDS[name]).params}
    return frozenset(own)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine's own, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hilum.example",
               "-keyout", str(key), "-out", str(made)]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, env={**os.environ})
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return made, key
