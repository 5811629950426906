"""Which bundles a command means: by the name on the shelf, by a folder, or all that ship; and where a new one goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import ShelfEntry, local_models_folder, named_bundle, names_on_shelf, shelf, shipped_bundles
from hilum.bundle.stand_in import stand_ins, without_origins
from hilum.cli.terminal.say import say, say_caution
from hilum.errors import BundleError

MODEL_HELP = "An installed model's name, a model's folder, or a run of `hilum train`."
"""What a command says of a model that it takes."""


def model_names() -> list[str]:
    """The names of installed models, for shell completion; nothing is verified."""
    return list(names_on_shelf(local=local_models_folder(os.environ)))


NewModelFolder = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="The new model's folder; else one in your models folder.")
]
"""The `--out` of commands that make one model of another."""

ReplaceOption = Annotated[bool, typer.Option("--replace", help="Put it in the place of a model in that folder.")]
"""The option of every command that writes a model."""

FitGateOption = Annotated[
    bool, typer.Option("--gate/--no-gate", help="Leave out images that the X-ray check would not let through.")
]
OutsideScopeOption = Annotated[
    bool, typer.Option("--outside-scope", help="Fit on images outside the model's scope too.")
]
"""Which images a command fits on."""

ModelsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL",
        help="An installed model's name, a model's folder, or a run of `hilum train`; may be given several times.",
        autocompletion=model_names,
    ),
]
"""`--model` of a command that reads with several; `choose_bundles` takes what it gives."""


def models_on_shelf() -> tuple[ShelfEntry, ...]:
    """Every bundle that ships with hilum or lies in the user's own folder (`HILUM_MODELS`), broken ones included."""
    return shelf(local=local_models_folder(os.environ))


def choose_bundle(name_or_folder: str) -> Bundle:
    """The bundle in a folder, or the one on the shelf with this name. Raises as `named_bundle`."""
    return named_bundle(name_or_folder, local=local_models_folder(os.environ))


def choose_bundles(
    names_or_folders: Sequence[str], *, gate: bool = True, lungs: bool = True, quiet: bool = False
) -> tuple[Bundle, ...]:
    """The bundles that read: those chosen with `--model`, or every one on the shelf where none was.

    The gate that ships goes before chosen specialists, unless another gate is chosen; without `gate` none judges. What
    ships to draw lungs goes with a chosen specialist of the chest alike, unless one is chosen or brought along; without
    `lungs` none draws. Where none was chosen a calibrated bundle stands in for the one that it was made of, which is
    said but where it is to be `quiet`. A broken bundle in the user's own folder is said and skipped. Raises
    `BundleError` where a chosen one is missing or broken, or one that ships is broken.
    """
    if names_or_folders:
        chosen = _with_those_that_ship(tuple(map(choose_bundle, names_or_folders)))
    else:
        usable = tuple(filter(None, map(_usable_or_said, models_on_shelf())))
        chosen = _calibrated_in_place(usable, quiet=quiet)
    left_out = {role for role, wanted in (("gate", gate), ("lungs", lungs)) if not wanted}
    return tuple(bundle for bundle in chosen if bundle.card.role not in left_out)


def _with_those_that_ship(chosen: tuple[Bundle, ...]) -> tuple[Bundle, ...]:
    cards = [bundle.card for bundle in chosen]
    wanted = set() if any(card.role == "gate" for card in cards) else {"gate"}
    reads_chests = any(card.role == "specialist" and card.scope.xray_type == "chest" for card in cards)
    if reads_chests and not any("lungs" in card.brings for card in cards):
        wanted.add("lungs")
    return (*(bundle for bundle in shipped_bundles() if bundle.card.role in wanted), *chosen)


def _calibrated_in_place(bundles: tuple[Bundle, ...], *, quiet: bool) -> tuple[Bundle, ...]:
    """Without those of which a calibrated one was made; of what was made of another version both read."""
    found = stand_ins(bundles)
    for one in found:
        new, old = one.calibrated.card, one.origin.card
        if not one.is_of_it:
            say_caution(
                f"{new.name} {new.version} was made of another {old.name} than the one here ({old.version}), so that "
                f"both read. Calibrate {old.name} anew: hilum models show {new.name} has the command, to which "
                "--replace is added"
            )
        elif not quiet:
            say(
                f"{new.name} reads in the place of {old.name}, of which it was made; --model {old.name} reads with that"
            )
    return without_origins(bundles, stand_ins=found)


def _usable_or_said(entry: ShelfEntry) -> Bundle | None:
    if entry.bundle is None:
        if entry.origin == "shipped":
            raise BundleError(entry.problem or f"the bundle {entry.folder} that ships with hilum cannot be used")
        say_caution(f"skipped a broken model: {entry.problem}")
    return entry.bundle
