"""A database and a folder that belong together: both hold the same random id, wherever the folder lies."""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import insert, select

from hilum.errors import OutputError, UsageError
from hilum.service.store.database import Database
from hilum.service.store.tables import STORE
from hilum.whole_files import write_whole

ID_FILE = "store-id"
"""The name of the file with the id, in the service's folder."""


def check_belonging(folder: Path, *, database: Database) -> None:
    """See that a folder and a database belong together; a database that belongs to none yet is this folder's then.

    The jobs in a database name bytes in one folder. A service with another folder would take those jobs, find no bytes
    and fail them. Raises `UsageError` where the database belongs to another folder, and `OutputError` where the folder
    or the database cannot be used.
    """
    with database.write(alone=True) as connection:
        theirs = connection.execute(select(STORE.c.id)).scalar_one_or_none()
        ours = _read(folder / ID_FILE)
        if theirs is None:
            chosen = ours or secrets.token_hex(16)
            if ours is None:  # on disk before the database says so: the other way round a power cut would lock it out
                write_whole(folder / ID_FILE, f"{chosen}\n".encode())
            connection.execute(insert(STORE), {"id": chosen})
        elif ours != theirs:
            raise UsageError(
                f"The database belongs to another folder than {folder}, and its jobs would be lost here. Name its own "
                "folder with --folder, wherever that was moved, or another database with --database; if that folder is "
                f"gone for good with the images that waited there, write {theirs} into {ID_FILE} in an empty folder"
            )


def _read(path: Path) -> str | None:
    """The id in a file, or None where it holds none."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()[:32] or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(
            f"{path} cannot be read ({error.strerror}); it belongs to whoever serves from there"
        ) from error
