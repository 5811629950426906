"""`hilum data check`: what lies in a release's folder, and what is missing or corrupt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from hilum.bundle.load import Bundle
from hilum.cli.data.convert import convert
from hilum.cli.installation import INSTALL_AGAIN
from hilum.cli.options.data import ImageColumnOption, PatientColumnOption
from hilum.cli.options.grouped import typer_option
from hilum.cli.options.models import choose_bundle, choose_bundles, model_names
from hilum.cli.options.run import JobsOption
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import one_line, say
from hilum.datasets.check import DataCheck, check_data
from hilum.datasets.own.columns import NOTHING_STATED, StatedColumns
from hilum.datasets.own.label_columns import LABELS
from hilum.datasets.own.recognise import own_kind
from hilum.datasets.records.listing import Count
from hilum.datasets.releases.table import RELEASES, check_there, no_release, release_named, with_columns
from hilum.errors import UsageError
from hilum.evaluation.bundles.gate_tally import GateTally, judge_with_gate
from hilum.nearest import same_but_for_case
from hilum.reading.engines.engine import available_cores
from hilum.there import is_there

_SHOWN = 10
"""How many missing and corrupt files the table shows; --json has all."""

app = typer.Typer(
    help="Check the folders of data sets, and convert pictures that name no format.",
    epilog="[bold]Examples[/]\n\nhilum data check nih ChestXray14/\n\nhilum data check labels.csv --json"
    "\n\nhilum data check nih ChestXray14/ --subset"
    "\n\nhilum data convert jsrt JSRT/ --out jsrt-png/",
    rich_markup_mode="rich",
    add_completion=False,
    no_args_is_help=True,
)


@app.callback()
def _data() -> None:
    """Check the folders of data sets, and convert pictures that name no format."""


app.command(epilog="[bold]Example[/]\n\nhilum data convert jsrt JSRT/ --out jsrt-png/")(convert)


@app.command(
    epilog="[bold]Examples[/]\n\nhilum data check nih ChestXray14/\n\nhilum data check labels.csv --gate --json"
)
def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|PATH",
            help=f"One of: {', '.join(RELEASES)}; or your table or class folders.",
            autocompletion=lambda: list(RELEASES),
        ),
    ],
    folder: Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="Where the data set lies.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Decode nothing: corrupt files are not found.")] = False,
    subset: Annotated[
        bool, typer.Option("--subset", help="A part of the data set is meant: missing images are told, and no error.")
    ] = False,
    image_column: ImageColumnOption = None,
    patient_column: PatientColumnOption = None,
    labels: Annotated[str | None, typer_option("labels", LABELS)] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Let the gate look for what does not belong there.")] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Another gate than the one installed.", autocompletion=model_names),
    ] = None,
    jobs: JobsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, every file by name.")] = False,
) -> None:
    """Count what is there against the data set's own tables and the published numbers, and decode every image.

    Ends with code 1 where a file is missing (without --subset) or corrupt, or the folder is not laid out as the data
    set is. What the gate finds odd is shown and changes no code: it may be wrong.
    """
    threads = jobs or available_cores()
    named, place = _named(name if is_there(Path(name)) else same_but_for_case(name, among=RELEASES), folder=folder)
    stated = StatedColumns(
        image=image_column,
        patient=patient_column,
        labels=None if labels is None else tuple(word.strip() for word in labels.split(",")),
    )
    if stated != NOTHING_STATED and RELEASES[named].read_with_columns is None:
        raise UsageError(f"--image-column, --patient-column and --labels are for a table of your own, not for {named}")
    release = with_columns(RELEASES[named], stated=stated)
    chosen = _choose_gate(model) if gate or model is not None else None
    heard = with_columns(release, stated=stated, say=say)
    result = check_data(heard, folder=place, quick=quick, jobs=threads, progress=ON_TERMINAL)
    tally = None if chosen is None else judge_with_gate(release.read(place), gate=chosen, jobs=threads)
    if as_json:
        told = {"sound": result.sound, "subset": subset, "gate": None if tally is None else asdict(tally)}
        typer.echo(json.dumps(asdict(result) | told, indent=2))
    else:
        _show(result, tally=tally)
    if not (result.sound_subset if subset else result.sound):
        if result.sound_subset:
            say("images are missing; where only a part of the data set is meant, --subset says so")
        raise typer.Exit(1)
    lacking = len(result.missing) + result.short
    if lacking:
        are = "1 image is" if lacking == 1 else f"{lacking:,} images are"
        say(f"a subset, as you said: {are} not here, and nothing that is here is corrupt")


def _named(name: str, *, folder: Path | None) -> tuple[str, Path]:
    """The release and where it lies. Raises `UsageError` for a name that is none, and for a path that is not there."""
    if folder is not None:
        release_named(name)
        check_there(name, place=folder, asked=name)
        return name, folder
    if name in RELEASES:
        raise UsageError(f"Missing argument: where {name} lies; say hilum data check {name} FOLDER")
    path = Path(name)
    if not is_there(path):
        if "/" not in name and "." not in name:
            raise UsageError(no_release(name))
        raise UsageError(f"Check the path: there is no file or folder {path}")
    kind = own_kind(path)
    if kind is None:
        raise UsageError(
            f"{path} is no CSV, and no folder with one CSV or with a folder of pictures for each class; say which "
            f"release it is: hilum data check NAME {path}"
        )
    return kind, path


def _choose_gate(model: str | None) -> Bundle:
    """The named gate, or the one that is installed. Raises `UsageError` where there is none or it is no gate."""
    bundles = choose_bundles((), quiet=True) if model is None else (choose_bundle(model),)
    gates = [bundle for bundle in bundles if bundle.card.role == "gate"]
    if not gates:
        raise UsageError(
            f"{model} is no gate; see `hilum models`, and name one with --model"
            if model
            else f"No gate is installed; name one with --model, or {INSTALL_AGAIN}"
        )
    return gates[0]


def _show(result: DataCheck, *, tally: GateTally | None) -> None:
    console = output_console()
    console.print(Text(f"{result.release} in {one_line(result.folder)}", style="bold"))
    console.print(_parts(result), "", _facts(result, tally=tally), "", _labels(result))
    _files("missing", list(result.missing))
    if result.short:
        say(f"{result.short:,} images fewer than were published; its tables name them nowhere")
    _files("corrupt", list((result.corrupt or {}).values()))
    if tally is not None:
        _files("odd", [f"{image}: {why}" for image, why in tally.odd.items()])


def _parts(result: DataCheck) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        header_style="dim",
        caption="images and patients: found here, named in its tables, published",
        caption_justify="left",
    )
    table.add_column("official part")
    for column in ("images", "named", "published", "patients", "named", "published"):
        table.add_column(column, justify="right")
    for part in result.parts:
        counts = (part.found, part.named, part.official)
        table.add_row(
            f"{part.part or 'all'}{' (held out)' if part.held_out else ''}",
            *(_images(count) for count in counts),
            *(_patients(count) for count in counts),
        )
    return table


def _facts(result: DataCheck, *, tally: GateTally | None) -> Table:
    ages = result.ages
    span = "" if ages.median is None else f"{ages.lowest:g} to {ages.highest:g} years, median {ages.median:g}; "
    corrupt = "not looked for (--quick)" if result.corrupt is None else f"{len(result.corrupt):,}"
    facts = {
        "missing": f"{len(result.missing) + result.short:,}",
        "corrupt": corrupt,
        "views": _listed(result.views),
        "sexes": _listed(result.sexes),
        "ages": f"{span}{ages.unknown:,} unknown; {ages.cleaned:,} impossible ones in the tables thrown away",
        "boxes": f"{result.boxes:,} on {result.boxed_images:,} images here; {result.boxes_named:,} in the tables",
        "masks": f"{result.masked_images:,} images{_definitions(result)}",
        "surplus copies": f"{result.copies:,} byte-identical files",
    }
    if tally is not None:
        facts |= {
            "gate": _listed(tally.statuses),
            "types": _listed(tally.types),
            "odd": f"{len(tally.odd):,} images; {_listed(tally.kinds)}",
        }
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, Text(value))
    return table


def _definitions(result: DataCheck) -> str:
    words = {"field": "the lung field beside the heart", "whole": "the whole lung"}
    told = (f"{count:,} show {words[name]}" for name, count in result.lung_definitions.items())
    return "".join(f"; {line}" for line in told)


def _labels(result: DataCheck) -> Table | Text:
    if not result.labels:
        return Text("no labels of findings", style="dim")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("label")
    for column in ("positive", "negative", "not labelled"):
        table.add_column(column, justify="right")
    for name, count in result.labels.items():
        table.add_row(Text(name), f"{count.positive:,}", f"{count.negative:,}", f"{count.masked:,}")
    return table


def _files(what: str, lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        say(f"{what}: {line}")
    if len(lines) > _SHOWN:
        say(f"{what}: {len(lines) - _SHOWN:,} more; --json names all")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def _images(count: Count | None) -> str:
    return "" if count is None else f"{count.images:,}"


def _patients(count: Count | None) -> str:
    return "" if count is None or count.patients is None else f"{count.patients:,}"
