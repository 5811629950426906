"""Where the ledger lies: one file a project, wherever in it a command is given."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from hilum.evaluation.ledger import LEDGER_NAME

LEDGER_VARIABLE = "HILUM_LEDGER"

_ROOT_OF_A_REPOSITORY = ".git"
_ROOTS_OF_A_PROJECT = (LEDGER_NAME, "pyproject.toml")


def ledger_path(
    named: Path | None,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
) -> Path:
    """The ledger that is `named`, else that of `HILUM_LEDGER`, else that of the project `folder` lies in.

    Where either names a folder that is there, it is the `LEDGER.jsonl` in it.
    The project is the Git repository around `folder` (by default the working directory), else the nearest folder above
    with a ledger or a pyproject.toml. Outside any, looks are counted in one file a user, in the platform's folder for
    a user's state, which is made.
    """
    from_environment = environment.get(LEDGER_VARIABLE)
    if named is None and from_environment:
        named = Path(from_environment).expanduser()
    if named is not None:
        return named / LEDGER_NAME if named.is_dir() else named
    here = (folder or Path.cwd()).resolve()
    above = (here, *here.parents)
    for root in above:
        if (root / _ROOT_OF_A_REPOSITORY).exists():
            return root / LEDGER_NAME
    for root in above:
        if any((root / name).is_file() for name in _ROOTS_OF_A_PROJECT):
            return root / LEDGER_NAME
    state = _state_folder(environment, platform=platform)
    with contextlib.suppress(OSError):  # whoever opens the ledger there says why it cannot be
        state.mkdir(parents=True, exist_ok=True)
    return state / LEDGER_NAME


def _state_folder(environment: Mapping[str, str], *, platform: str) -> Path:
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "hilum"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "hilum"
    return Path(environment.get("XDG_STATE_HOME") or home / ".local" / "state") / "hilum"
