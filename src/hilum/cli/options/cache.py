"""`--cache`: where prepared images and the hashes of files are kept from one run to the next."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from hilum.user_folders import user_folder

CACHE_VARIABLE = "HILUM_CACHE"
NONE = "none"

CacheOption = Annotated[
    str | None,
    typer.Option(
        "--cache",
        metavar="FOLDER|none",
        help=f"Where prepared images are kept; by default {CACHE_VARIABLE}, else the user's cache folder.",
    ),
]
"""The option of every command that prepares images; `cache_folder` reads it."""


def cache_folder(
    named: str | None, *, environment: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> Path | None:
    """The folder of `--cache`, else of `HILUM_CACHE`, else the platform's folder for a user's caches.

    None where either says `none`: images are then prepared in memory and hashes are not remembered.
    """
    chosen = named or environment.get(CACHE_VARIABLE)
    if chosen:
        return None if chosen == NONE else Path(chosen).expanduser()
    return user_folder("cache", environment=environment, platform=platform)
