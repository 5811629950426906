"""Label names of one's own data: the vocabulary's name where it has one, else the name as it stands."""

from __future__ import annotations

from hilum.errors import DataError
from hilum.findings import finding


def own_label(name: str) -> str:
    """The canonical name of `name` (`Pleural Effusion` is `Effusion`), or `name` itself where no vocabulary has it."""
    try:
        return finding(name).name
    except DataError:
        return name
