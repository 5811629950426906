"""`hilum.toml`: defaults of options, in the project's folder and in the user's."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hilum.errors import UsageError
from hilum.there import is_file, is_there
from hilum.user_folders import user_folder

SETTINGS_NAME = "hilum.toml"
CONFIG_VARIABLE = "HILUM_CONFIG"
NONE = "none"
_ROOT_OF_A_PROJECT = ".git"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file that was read: by command, what its options are by default."""

    path: Path
    tables: Mapping[str, Any]


def settings_files(
    *, folder: Path | None = None, environment: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> tuple[SettingsFile, ...]:
    """The user's file and then the project's, which goes before it; only those that are there.

    The project's is the nearest at or above `folder` (by default the working folder), up to the root of its Git
    repository; without a repository in `folder` alone. `HILUM_CONFIG` names one file in the place of both, or `none`.
    Raises `UsageError` for a named file that is not there, and for one that is no TOML.
    """
    named = environment.get(CONFIG_VARIABLE)
    if named == NONE:
        return ()
    if named:
        path = Path(named).expanduser()
        if not is_file(path):
            raise UsageError(f"No file {path}, which {CONFIG_VARIABLE} names; unset it, or say none")
        return (_read(path),)
    here = (folder or Path.cwd()).resolve()
    user = user_settings(environment, platform=platform)
    project = _project_file(here)
    paths = [user] if is_file(user) else []
    paths += [project] if project is not None and project != user.resolve() else []
    return tuple(map(_read, paths))


def user_settings(environment: Mapping[str, str], *, platform: str = sys.platform) -> Path:
    """Where the user's own file lies, in the platform's folder for settings."""
    return user_folder("settings", environment=environment, platform=platform) / SETTINGS_NAME


def _project_file(here: Path) -> Path | None:
    above = (here, *here.parents)
    root = next((place for place, one in enumerate(above) if is_there(one / _ROOT_OF_A_PROJECT)), 0)
    return next((one / SETTINGS_NAME for one in above[: root + 1] if is_file(one / SETTINGS_NAME)), None)


def _read(path: Path) -> SettingsFile:
    try:
        return SettingsFile(path, tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no TOML: {error}; mend it, or move it away") from error
