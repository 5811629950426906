"""Names for the outputs of a batch that say nothing of their files: hashes of the bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from hilum.errors import UsageError
from hilum.output.folder import OutputFolder
from hilum.output.inputs import InputFile
from hilum.output.journal import RELATIVE_PATH, records
from hilum.output.resume import sha256_of

NAME = "image"
"""What a neutral name begins with."""


def neutral_files(files: Iterable[InputFile]) -> tuple[InputFile, ...]:
    """The same files, their outputs named `image-` and the first 12 digits of the SHA-256 of their bytes.

    The name stays the same in the next run, whatever files lie beside it, and whoever has the file can tell its results
    by its hash. A file whose bytes another one has too gets a number besides; one that cannot be read has that alone.
    """
    seen: Counter[str] = Counter()
    named = []
    for file in files:
        sha256 = sha256_of(file)
        stem = f"{NAME}-{'unreadable' if sha256 is None else sha256[:12]}"
        seen[stem] += 1
        relative = stem if seen[stem] == 1 else f"{stem}-{seen[stem]}"
        named.append(replace(file, relative=relative, sha256=sha256))
    return tuple(named)


def refuse_named_results(folder: OutputFolder) -> None:
    """Raise `UsageError` where the folder already holds results under their files' own names."""
    named = next((each for each in records(folder.path) if not each[RELATIVE_PATH].startswith(f"{NAME}-")), None)
    if named is not None:
        raise UsageError(
            f"{folder.path} holds results under the names of their files; name an empty folder for anonymous ones"
        )
