"""Where a platform keeps a user's files: caches, settings, data, and what a program remembers.

Linux: the XDG base directory specification; macOS: the folders of `~/Library`; Windows: known folders.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Kind = Literal["cache", "settings", "data", "state"]

_XDG: Mapping[Kind, tuple[str, str]] = {
    "cache": ("XDG_CACHE_HOME", ".cache"),
    "settings": ("XDG_CONFIG_HOME", ".config"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "state": ("XDG_STATE_HOME", ".local/state"),
}
"""By kind, the variable that names the folder, and where it is in the user's home without one."""
_PRODUCT = "hilum"


def user_folder(kind: Kind, *, environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """hilum's own folder for the user's files of a kind; nothing is made.

    `environment` is passed in (`os.environ` at the edge), so that nothing below the ports reads it.
    """
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    if platform == "win32":
        name, place = ("APPDATA", "Roaming") if kind == "settings" else ("LOCALAPPDATA", "Local")
        own = Path(environment.get(name) or home / "AppData" / place) / _PRODUCT
        return own / kind if kind == "cache" else own  # the one kind that may be emptied at any time
    if platform == "darwin":
        return home / "Library" / ("Caches" if kind == "cache" else "Application Support") / _PRODUCT
    name, usual = _XDG[kind]
    return Path(environment.get(name) or home / usual) / _PRODUCT
