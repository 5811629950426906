"""What `hilum read --profile` prints when all is read."""

from __future__ import annotations

import json

import typer

from hilum.cli.terminal.console import error_console
from hilum.profile import Profile
from hilum.reading.input.prepare import READ_FILE
from hilum.report.profile_table import profile_table, profile_to_json


def say_profile(profile: Profile, *, as_json: bool) -> None:
    """Where the time went, in all and an image that was read: a last line of JSON on standard output, else tables."""
    images = profile.times(READ_FILE)
    if as_json:
        typer.echo(json.dumps(profile_to_json(profile, images=images), allow_nan=False))
    else:
        error_console().print(profile_table(profile, images=images))
