"""What the shell completes where an option takes a data set, a starting weight or a model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from hilum.cli.options.models import model_names
from hilum.datasets.releases.table import RELEASES
from hilum.there import is_folder

BOXED = ("nih", "vindr_cxr", "vindr_pcxr", "rsna", "boxes")
"""The data sets that have boxes."""

Completion = Callable[[], list[str]] | Callable[[str], list[str]]


def data_sets(incomplete: str) -> list[str]:
    """`NAME=` of every data set, then paths; behind `NAME=` the folders and tables that it may lie in."""
    return _named_paths(incomplete, names=RELEASES)


def boxed_data_sets(incomplete: str) -> list[str]:
    """The same of the data sets that have boxes."""
    return _named_paths(incomplete, names=BOXED)


def starting_weights(incomplete: str) -> list[str]:
    """The words that name weights, then paths."""
    return ["imagenet", "random", *_paths(incomplete)]


def data_option(help_text: str) -> Any:
    """What a command declares of its `--data`, `NAME=FOLDER` or a path of one's own."""
    return typer.Option(metavar="NAME=FOLDER|PATH", autocompletion=data_sets, help=help_text)


BY_PLACEHOLDER: Mapping[str, Completion] = {"MODEL": model_names, "WEIGHTS": starting_weights}
"""What completes the value of an option that a recipe or a study declares, by its placeholder in help."""


def _named_paths(incomplete: str, *, names: Iterable[str]) -> list[str]:
    name, equals, path = incomplete.partition("=")
    if equals:
        return [f"{name}={one}" for one in _paths(path)]
    known = [f"{one}=" for one in names if one.startswith(incomplete)]
    if len(known) == 1:  # with what may follow, or a shell would end the word behind the equals sign
        return [*known, *(f"{known[0]}{one}" for one in _paths("") or ["./"])]
    return [*known, *_paths(incomplete)]


def _paths(incomplete: str) -> list[str]:
    """Folders, each with a separator behind it, and CSV tables that begin so."""
    before, separator, start = incomplete.rpartition(os.sep)
    folder = Path(before + separator or ".").expanduser()
    try:
        there = sorted(folder.iterdir())
    except OSError:
        return []
    shown = [one for one in there if one.name.startswith(start) and (start or not one.name.startswith("."))]
    return [
        f"{before}{separator}{one.name}{os.sep if is_folder(one) else ''}"
        for one in shown
        if is_folder(one) or one.suffix.casefold() == ".csv"
    ]
