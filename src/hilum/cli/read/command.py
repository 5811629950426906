"""`hilum read`: its options, checked, and the choice between standard output and an output folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hilum.anonymous.neutral import OLDEST
from hilum.cli.commands import DICOM_OBJECTS, READ_INTO_FOLDER
from hilum.cli.options.engine import EngineChoice, EngineOption, engine_named
from hilum.cli.options.models import ModelsOption, choose_bundles
from hilum.cli.options.statements import (
    AgeOption,
    PatientsOption,
    ViewOption,
    general_statement,
    with_tables,
    without_tables,
)
from hilum.cli.read.on_terminal import read_here
from hilum.cli.read.request import ReadRequest
from hilum.cli.read.say_profile import say_profile
from hilum.cli.terminal.say_inputs import say_the_rest
from hilum.errors import UsageError
from hilum.findings import XRAY_TYPES
from hilum.imaging.pixels.limits import Limits
from hilum.nearest import same_but_for_case
from hilum.output.inputs import STANDARD_INPUT, find_inputs
from hilum.output.layout import ObjectKind
from hilum.output.neutral_files import neutral_files
from hilum.profile import NOT_TIMED, Profiler
from hilum.reading.engines.choose import DEFAULT
from hilum.reading.engines.engine import available_cores
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings

app = typer.Typer(rich_markup_mode="rich", add_completion=False)

_DEFAULTS = Limits()

_EPILOG = """[bold]Examples[/]

hilum read chest.dcm

hilum read scans/ --out readings/

hilum read study.zip --out readings/

hilum read scans/ --out readings/ --resume

hilum read scans/ --out readings/ --resume --skip-failed

hilum read study/ --out readings/ --format dicom

hilum read - --json < image.png

hilum read scans/ --json | jq .findings

hilum read angiogram.dcm --frame 3 --heatmaps all --out readings/

hilum read unsure.png --force-type chest

hilum read child.png --age 3 --view AP

hilum read scans/ --patients ages.csv --out readings/

hilum read scans/ --out to-share/ --anonymous

hilum read scans/ --out readings/ --profile

[bold]Exit code[/]: 0 all read, 1 some failed (the rest is read), 2 wrong usage, 130 interrupted.

"""
_FOLDERS = (
    "[bold]Folders[/]: content decides what is an image. Files of no known format are skipped and listed, unless "
    "their suffix says that they are images: those fail. DICOM reports and other objects that are no radiograph, and "
    "what hilum wrote itself, are skipped. Hidden files are left out, linked folders are not followed. "
    "A folder without an image is a failure. A ZIP archive is read like a folder: study.zip/inner/path names a file."
)


class HeatmapChoice(StrEnum):
    """Which findings get a heatmap."""

    POSITIVE = "positive"
    ALL = "all"
    NONE = "none"


class FormatChoice(StrEnum):
    """What is written beside JSON, overlay and page."""

    DICOM = "dicom"


@app.command(epilog=_EPILOG + _FOLDERS)
def read(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES", help="Files, folders or ZIP archives; [bold]-[/] is standard input.")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            metavar="FOLDER",
            help="Write JSON, overlay JPEG and HTML page of each image, index.html, readings.csv, readings.jsonl, "
            "failures.jsonl and skipped.jsonl.",
        ),
    ] = None,
    format_: Annotated[
        FormatChoice | None,
        typer.Option(
            "--format",
            case_sensitive=False,
            metavar="dicom",
            help="Write DICOM objects into --out too: structured report, presentation state, picture, segmentation.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output, one object a line.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No table, no progress; only failures and cautions.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Threads that decode and that draw. [dim]default: all cores[/]")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip what is already in --out, read with the same models and settings.")
    ] = False,
    skip_failed: Annotated[
        bool,
        typer.Option(
            "--skip-failed", help="With --resume: do not try again what failed before for good, such as a damaged file."
        ),
    ] = False,
    frame: Annotated[int | None, typer.Option(min=1, help="The frame of a multi-frame file, counted from 1.")] = None,
    heatmaps: Annotated[
        HeatmapChoice | None,
        typer.Option(
            case_sensitive=False,
            metavar="positive|all|none",
            help="Findings that get a heatmap, and with it a box. [dim]default: positive; without --out none by "
            "occlusion, which is slow[/]",
        ),
    ] = None,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger images.")] = _DEFAULTS.max_pixels,
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse larger files.")] = _DEFAULTS.max_bytes,
    model: ModelsOption = None,
    force_type: Annotated[
        str | None,
        typer.Option(
            metavar="TYPE",
            help="Read as this X-ray type, such as chest, whatever the gate says; the reading is marked.",
            autocompletion=lambda: list(XRAY_TYPES),
        ),
    ] = None,
    age: AgeOption = None,
    sex: Annotated[
        str | None, typer.Option(metavar="F|M|O", help="The patient's sex.", autocompletion=lambda: ["F", "M", "O"])
    ] = None,
    view: ViewOption = None,
    patients: PatientsOption = None,
    assume_scope: Annotated[
        bool,
        typer.Option(
            "--assume-scope",
            help="Decide as if unknown age or view were in the model's scope; what is known to be outside stays out.",
        ),
    ] = False,
    read_inverted: Annotated[
        bool,
        typer.Option("--read-inverted", help="Read the other polarity of a chest that the gate finds inverted."),
    ] = False,
    anonymous: Annotated[
        bool,
        typer.Option(
            "--anonymous",
            help="Results that lead back to nobody: neutral names, no paths, no UIDs, burned-in text blacked out.",
        ),
    ] = False,
    images: Annotated[
        bool,
        typer.Option(
            "--images/--no-images", help="Write pages, overlays and thumbnails into --out: all that shows the picture."
        ),
    ] = True,
    gate: Annotated[
        bool, typer.Option("--gate/--no-gate", help="Judge first whether this is an X-ray, and of what.")
    ] = True,
    lungs: Annotated[
        bool, typer.Option("--lungs/--no-lungs", help="Outline the lungs, and say how much of a heatmap they hold.")
    ] = True,
    engine: EngineOption = EngineChoice.ONNXRUNTIME,
    profile: Annotated[
        bool,
        typer.Option(
            "--profile",
            help="Say afterwards where the time went; with --json as a last line of schema hilum.profile/1.",
        ),
    ] = False,
) -> None:
    """Read radiographs: findings with probability, threshold and decision, and the warnings.

    A model decides only on patients that it was made for. Where the file does not tell the age, say it.
    """
    if resume and out is None:
        raise UsageError("--resume needs --out, the folder that holds what is already read")
    if skip_failed and (not resume or frame is not None):
        raise UsageError(
            "--skip-failed needs --resume" if not resume else "--frame may mend what failed; leave --skip-failed out"
        )
    if read_inverted and not gate:
        raise UsageError("--read-inverted needs the gate, which finds what is inverted; leave --no-gate out")
    _check_format(format_, files=files, out=out)
    if format_ is not None and anonymous:
        raise UsageError("--anonymous writes no DICOM objects, which belong to a patient's study: leave --format out")
    if format_ is not None and not images:
        raise UsageError("--no-images writes no DICOM objects, one of which is a picture: leave --format out")
    profiler = Profiler() if profile else None
    timer = profiler or NOT_TIMED
    with timer.part("finding files"):
        inputs = find_inputs(files, out=out, frame=frame)
    with timer.part("opening models"):
        bundles = choose_bundles(model or (), gate=gate, lungs=lungs, quiet=quiet) if inputs.files else ()
    forced = None if force_type is None else same_but_for_case(force_type, among=XRAY_TYPES)
    settings = ReaderSettings(
        limits=Limits(max_bytes=max_bytes, max_pixels=max_pixels),
        engine=engine_named(engine, bundles=bundles) if bundles else DEFAULT,
        heatmaps=(heatmaps or HeatmapChoice.POSITIVE).value,
        occlusion=out is not None or heatmaps is not None,
        force_type=forced,
        read_inverted=read_inverted,
        lungs=lungs,
        oldest_years=OLDEST if anonymous else None,
    )
    said = general_statement(age=age, sex=sex, view=view, force_type=forced, assume_scope=assume_scope)
    statements = with_tables(said, arguments=files, inputs=inputs, table=patients, quiet=quiet)
    inputs = without_tables(inputs, statements=statements)
    if anonymous:
        with timer.part("hashing files for their names"):
            named = neutral_files(inputs.files, max_bytes=settings.limits.max_bytes)
        statements = statements.under(
            {old.relative: new.relative for old, new in zip(inputs.files, named, strict=True)}
        )
        inputs = replace(inputs, files=named)
    failures = len(inputs.problems)
    if inputs.files:
        with timer.part("opening models"):
            reader = Reader(models=bundles, settings=settings, timer=timer)
        request = ReadRequest(
            reader=reader,
            inputs=inputs,
            frame=frame,
            jobs=jobs or available_cores(),
            out=out,
            resume=resume,
            skip_failed=skip_failed,
            as_json=as_json,
            quiet=quiet,
            statements=statements,
            objects=None if format_ is None else partial(_object_files(), limits=settings.limits),
            anonymous=anonymous,
            images=images,
            timer=timer,
        )
        failures += read_here(request) if out is None else READ_INTO_FOLDER.load()(request)
    say_the_rest(inputs, quiet=quiet, listed_in="with --out, all stand in skipped.jsonl")
    if profiler is not None:
        say_profile(profiler.profile(), as_json=as_json)
    if failures:
        raise typer.Exit(1)


def _check_format(format_: FormatChoice | None, *, files: list[str], out: Path | None) -> None:
    if format_ is None:
        return
    if out is None:
        raise UsageError(f"Missing option: --out FOLDER, where --format {format_.value} writes its files")
    if STANDARD_INPUT in files:
        raise UsageError(
            f"--format {format_.value} reads the file again for its study: give a file in the place of '-'"
        )


def _object_files() -> Callable[..., Mapping[ObjectKind, bytes]]:
    """What makes DICOM objects; imported here, since nothing else of reading needs highdicom."""
    made: Callable[..., Mapping[ObjectKind, bytes]] = DICOM_OBJECTS.load(asked_by="--format dicom")
    return made
