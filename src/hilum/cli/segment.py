"""`hilum segment`: the lungs of chest radiographs, as masks and boxes in a folder."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder, lung_bundle
from hilum.cli.terminal.say import say
from hilum.cli.terminal.say_inputs import say_the_rest
from hilum.errors import EngineError, OutputError, UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.output.folder import OutputFolder
from hilum.output.inputs import STANDARD_INPUT, InputFile, find_inputs
from hilum.output.lung_files import lung_paths, write_lungs
from hilum.output.resume import sha256_of
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.input.map_ahead import map_ahead
from hilum.reading.input.prepare import Prepared, Unreadable, prepare
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.settings import MIB
from hilum.whole_files import OutputNameError, write_whole

app = typer.Typer(rich_markup_mode="rich", add_completion=False)

FAILURES = "failures.jsonl"
_AHEAD, _MEMORY_BYTES = 8, 512 * MIB
_EPILOG = """[bold]Examples[/]

hilum segment chest.png --out lungs/

hilum segment scans/ --out lungs/ --resume

[bold]Exit code[/]: 0 all segmented, 1 some failed (the rest is segmented), 2 wrong usage, 130 interrupted."""


@app.command(epilog=_EPILOG)
def segment(
    files: Annotated[list[str], typer.Argument(metavar="FILES", help="Files, folders or ZIP archives.")],
    *,
    out: Annotated[
        Path,
        typer.Option(file_okay=False, metavar="FOLDER", help="Where mask, JSON and pictures of flagged cases go."),
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME_OR_FOLDER", help="A bundle of kind lungs; by default the one there is.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip what is already in --out, drawn by the same model.")
    ] = False,
    frame: Annotated[int | None, typer.Option(min=1, help="The frame of a multi-frame file, counted from 1.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads that decode. [dim]default: the cores[/]")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Failures only.")] = False,
) -> None:
    """Draw the lungs: a mask (255 the patient's right, 128 the left), the box to crop, and whether to trust them."""
    if STANDARD_INPUT in files:
        raise UsageError("expected files or folders, came '-'; save the image to a file first")
    inputs = find_inputs(files, out=out, frame=frame)
    finder = LungFinder(
        lung_bundle(model, local=local_models_folder(os.environ)), engine=OnnxRuntimeEngine(), threads=available_cores()
    )
    with OutputFolder(out) as folder:
        done = [
            file for file in inputs.files if resume and _is_done(file, folder=folder.path, finder=finder, frame=frame)
        ]
        todo = [file for file in inputs.files if file not in done]
        counts, failures = _segment(
            todo, finder=finder, folder=folder.path, frame=frame, jobs=jobs or available_cores()
        )
        write_whole(folder.path / FAILURES, (json.dumps(failure).encode() + b"\n" for failure in failures))
    say_the_rest(inputs, quiet=quiet)
    if not quiet:
        parts = [f"{count} {what}" for what, count in counts.items()]
        parts += [f"{len(done)} skipped"] if done else []
        say(f"{', '.join(parts) or 'nothing to do'}: {out}")
    if failures or inputs.problems:
        raise typer.Exit(1)


def _segment(
    files: list[InputFile], *, finder: LungFinder, folder: Path, frame: int | None, jobs: int
) -> tuple[Counter[str], list[dict[str, str]]]:
    """Segment the files in order; what became of them, in numbers, and the failures."""
    counts: Counter[str] = Counter()
    failures = []
    decoded = map_ahead(
        files, partial(_prepare, finder=finder, frame=frame), jobs=jobs, depth=_AHEAD, memory_bytes=_MEMORY_BYTES
    )
    with closing(decoded):
        for file, prepared in zip(files, decoded, strict=True):
            problem = _write(prepared, file=file, finder=finder, folder=folder, counts=counts)
            if problem is not None:
                _remove(file, folder=folder)
                say(f"{file.name}: {problem}")
                counts["failed"] += 1
                failures.append({"relative_path": file.relative, "name": file.name, "error": problem})
    return counts, failures


def _prepare(file: InputFile, *, finder: LungFinder, frame: int | None) -> Prepared | Unreadable:
    return prepare(file.name, name=file.name, frame=frame, limits=Limits(), specs=(finder.preprocess,))


def _write(
    prepared: Prepared | Unreadable, *, file: InputFile, finder: LungFinder, folder: Path, counts: Counter[str]
) -> str | None:
    """Find and write the lungs of one file; the reason where that failed."""
    if isinstance(prepared, Unreadable):
        return str(prepared.error)
    try:
        lungs = finder.find(prepared.radiograph, prepared=prepared.inputs[finder.preprocess])
        write_lungs(lungs, radiograph=prepared.radiograph, relative=file.relative, folder=folder)
    except (EngineError, OutputNameError) as error:
        return str(error)
    counts["trusted" if lungs.trusted else "not trusted"] += 1
    return None


def _is_done(file: InputFile, *, folder: Path, finder: LungFinder, frame: int | None) -> bool:
    """Whether the outputs are those of the same bytes, frame and model."""
    mask, _, path = lung_paths(file.relative, folder=folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        source = content["source"]
        same = sha256_of(file) == source["sha256"]
        same_frame = (source["frame"] or 1) == (frame or 1)
        turned = "stored" in source  # without it a film that is stored mirrored has its sides exchanged
        return same and same_frame and turned and content["model"]["sha256"] == finder.ref.sha256 and mask.is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _remove(file: InputFile, *, folder: Path) -> None:
    """Take away what an earlier run wrote of a file that now fails."""
    for path in lung_paths(file.relative, folder=folder):
        try:
            path.unlink(missing_ok=True)
        except IsADirectoryError:
            continue
        except OSError as error:
            raise OutputError(f"cannot remove {path}: {error.strerror}; name another --out folder") from error
