"""`hilum segment`: the lungs and hearts of chest radiographs, as masks and boxes in a folder."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder, lung_bundle, shipped_gate
from hilum.cli.options.models import model_names
from hilum.cli.options.statements import (
    AgeOption,
    PatientsOption,
    Statements,
    ViewOption,
    general_statement,
    with_tables,
    without_tables,
)
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say, say_problem
from hilum.cli.terminal.say_inputs import say_the_rest
from hilum.errors import EngineError, UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.output.folder import OutputFolder
from hilum.output.inputs import STANDARD_INPUT, InputFile, Inputs, find_inputs
from hilum.output.lung_files import lung_paths, model_to_json, write_lungs
from hilum.output.resume import sha256_of
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.gate.chest_view import view_contradictions
from hilum.reading.gate.gate import AbsentGate, Gate, NetworkGate, may_read
from hilum.reading.input.map_ahead import map_ahead
from hilum.reading.input.prepare import Prepared, Unreadable, prepare
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.settings import MIB
from hilum.reading_result import GateVerdict, LungDefinition
from hilum.report.reading_json import stated_to_json
from hilum.stated import contradictions, with_stated
from hilum.there import is_folder
from hilum.whole_files import OutputNameError, remove_file, write_whole

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


class DefinitionChoice(StrEnum):
    """What is taken for a lung."""

    FIELD = "field"
    WHOLE = "whole"


FAILURES = "failures.jsonl"
CHEST = "chest"
_NOT_DRAWN = {"no chest": "not a chest X-ray", "failed": "failed"}
_IN_WORDS: Mapping[LungDefinition, str] = {"field": "lung fields", "whole": "whole lungs"}
_AHEAD, _MEMORY_BYTES = 8, 512 * MIB
_EPILOG = """[bold]Examples[/]

hilum segment chest.png --out lungs/

hilum segment scans/ --out lungs/ --definition whole --resume

hilum segment scans/ --out lungs/ --age 40 --view PA

hilum segment scans/ --out lungs/ --patients ages.csv

[bold]Exit code[/]: 0 all segmented, 1 some failed or are no chests (the rest is segmented), 2 wrong usage, 130
interrupted."""


@app.command(epilog=_EPILOG)
def segment(
    files: Annotated[list[str], typer.Argument(metavar="FILES", help="Files, folders or ZIP archives.")],
    *,
    out: Annotated[
        Path,
        typer.Option(file_okay=False, metavar="FOLDER", help="Where mask, JSON and pictures of flagged cases go."),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="A model that draws lungs: its name, its folder, or a run of `hilum train`. [dim]default: the "
            "one that is installed[/]",
            autocompletion=model_names,
        ),
    ] = None,
    definition: Annotated[
        DefinitionChoice | None,
        typer.Option(
            case_sensitive=False,
            metavar="field|whole",
            help="The lung beside the heart, or behind it too. [dim]default: field, where it is drawn[/]",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Skip what is already in --out, drawn by the same model, definition, gate and statements."
        ),
    ] = False,
    age: AgeOption = None,
    view: ViewOption = None,
    patients: PatientsOption = None,
    gate: Annotated[
        bool,
        typer.Option("--gate/--no-gate", help="Draw lungs only where the gate finds a chest X-ray; else all get some."),
    ] = True,
    frame: Annotated[int | None, typer.Option(min=1, help="The frame of a multi-frame file, counted from 1.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads that decode. [dim]default: all cores[/]")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what failed, and cautions.")] = False,
) -> None:
    """Draw lungs and heart: masks (lungs 255 the patient's right, 128 the left; heart 255), the box to crop, trust."""
    if STANDARD_INPUT in files:
        raise UsageError("Name files or folders: standard input (-) is not taken; save the image to a file first")
    inputs = flat(find_inputs(files, out=out, frame=frame), named=files)
    said = general_statement(age=age, view=view)
    statements = with_tables(said, arguments=files, inputs=inputs, table=patients, quiet=quiet)
    inputs = without_tables(inputs, statements=statements)
    finder = LungFinder(
        lung_bundle(model, local=local_models_folder(os.environ), option="--model"),
        engine=OnnxRuntimeEngine(),
        threads=available_cores(),
    )
    with OutputFolder(out) as folder:
        drawer = _Drawer(
            finder, _definition(definition, finder=finder), folder.path, frame, _gate(asked=gate), statements
        )
        done = {file for file in inputs.files if resume and drawer.is_done(file)}
        todo = [file for file in inputs.files if file not in done]
        counts, failures = _segment(todo, drawer=drawer, jobs=jobs or available_cores())
        write_whole(folder.path / FAILURES, (json.dumps(failure).encode() + b"\n" for failure in failures))
    say_the_rest(inputs, quiet=quiet)
    say(_summary(counts, skipped=len(done), out=out))
    if failures or inputs.problems:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True, eq=False)
class _Drawer:
    """What is drawn, with what, of which frame and into which folder, and what the user says of the pictures."""

    finder: LungFinder
    definition: LungDefinition
    folder: Path
    frame: int | None
    gate: Gate
    statements: Statements

    def prepare(self, file: InputFile) -> Prepared | Unreadable:
        """The file decoded, and the network's input of it."""
        wanted = (self.finder.preprocess, self.gate.preprocess)
        specs = tuple(dict.fromkeys(spec for spec in wanted if spec is not None))
        return prepare(file.name, name=file.name, frame=self.frame, limits=Limits(), specs=specs)

    def write(self, prepared: Prepared | Unreadable, *, file: InputFile, counts: Counter[str]) -> str | None:
        """Draw and write the lungs of one file; the reason where that failed."""
        if isinstance(prepared, Unreadable):
            return str(prepared.error)
        filed, stated = prepared.radiograph, self.statements.of(file)
        radiograph = with_stated(filed, stated=stated)
        try:
            (opinion,) = self.gate.judge((prepared,))
            if not may_read(opinion.verdict, xray_type=CHEST):
                counts["no chest"] += 1
                return _no_chest(opinion.verdict)
            drawing = self.finder.find(
                radiograph, gate=opinion.verdict, prepared=prepared.inputs[self.finder.preprocess]
            )
            said = (
                *contradictions(filed, stated=stated),
                *opinion.warnings,
                *view_contradictions(radiograph, gate=opinion.verdict, stated=stated),
            )
            write_lungs(
                drawing,
                definition=self.definition,
                radiograph=replace(radiograph, warnings=(*filed.warnings, *said)),
                gate=opinion,
                stated=stated,
                relative=file.relative,
                folder=self.folder,
            )
        except (EngineError, OutputNameError) as error:
            return str(error)
        counts["reliable" if drawing.trusted else "to check"] += 1
        return None

    def is_done(self, file: InputFile) -> bool:
        """Whether the outputs are those of the same bytes, frame, definition and models, and of the same statement."""
        paths = lung_paths(file.relative, folder=self.folder)
        try:
            content = json.loads(paths.json.read_text(encoding="utf-8"))
            source = content["source"]
            same = sha256_of(file) == source["sha256"]
            same_frame = (source["frame"] or 1) == (self.frame or 1)
            turned = "stored" in source  # without it a film that is stored mirrored has its sides exchanged
            drawn_alike = content["model"]["sha256"] == self.finder.ref.sha256
            judged_alike = content["gate"]["model"] == model_to_json(self.gate.ref)
            said_alike = content["stated"] == stated_to_json(self.statements.of(file))
            there = paths.mask.is_file() and (content["areas_px"]["heart"] is None or paths.heart.is_file())
            alike = drawn_alike and judged_alike and said_alike and content["definition"] == self.definition
            return same and same_frame and turned and there and alike
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def remove(self, file: InputFile) -> None:
        """Take away what an earlier run wrote of a file that now fails."""
        for path in lung_paths(file.relative, folder=self.folder).all():
            remove_file(path)


def flat(inputs: Inputs, *, named: Sequence[str]) -> Inputs:
    """The inputs, each file that was named itself called by its name alone, where no other output would have that.

    What was found in a folder or an archive keeps its path there.
    """
    alone = {name for name in named if not is_folder(Path(name))}
    short = [Path(file.name).name if file.name in alone else file.relative for file in inputs.files]
    taken = Counter(name.casefold() for name in short)
    files = (
        replace(file, relative=name) if taken[name.casefold()] == 1 else file
        for file, name in zip(inputs.files, short, strict=True)
    )
    return replace(inputs, files=tuple(files))


def _gate(*, asked: bool) -> Gate:
    """The gate that ships, or one that lets everything pass."""
    if not asked:
        return AbsentGate()
    return NetworkGate(shipped_gate(), engine=OnnxRuntimeEngine(), threads=available_cores())


def _no_chest(verdict: GateVerdict) -> str:
    found = f"{verdict.type.name} X-ray" if verdict.status == "accepted" and verdict.type else verdict.reason
    return f"not segmented, no chest X-ray by the gate: {found}; --no-gate draws lungs all the same"


def _summary(counts: Counter[str], *, skipped: int, out: Path) -> str:
    """What was written and where, then what was not."""
    masks = counts["reliable"] + counts["to check"]
    how = ", ".join(f"{counts[what]} {what}" for what in ("reliable", "to check") if counts[what])
    said = [f"Wrote {masks} mask{'' if masks == 1 else 's'} to {out}{f' ({how})' if how else ''}"]
    said += [f"{counts[what]} {words}" for what, words in _NOT_DRAWN.items() if counts[what]]
    said += [f"{skipped} skipped, drawn before"] if skipped else []
    return "; ".join(said)


def _definition(asked: DefinitionChoice | None, *, finder: LungFinder) -> LungDefinition:
    """The definition that was asked for; the field where nothing was asked, or the only one that is drawn."""
    drawn = finder.spec.definitions
    if asked is None:
        return drawn[0]
    definition: LungDefinition = "field" if asked is DefinitionChoice.FIELD else "whole"
    if definition not in drawn:
        raise UsageError(
            f"{finder.ref.name} draws {_IN_WORDS[drawn[0]]}, not {_IN_WORDS[definition]}; say --definition {drawn[0]}, "
            f"or name another --model"
        )
    return definition


def _segment(files: list[InputFile], *, drawer: _Drawer, jobs: int) -> tuple[Counter[str], list[dict[str, str]]]:
    """Segment the files in order; what became of them, in numbers, and the failures."""
    counts: Counter[str] = Counter()
    failures = []
    decoded = map_ahead(files, drawer.prepare, jobs=jobs, depth=_AHEAD, memory_bytes=_MEMORY_BYTES)
    with closing(decoded), ON_TERMINAL.count("segmenting") as progress:
        progress.found(len(files))
        for file, prepared in zip(files, decoded, strict=True):
            before = counts["no chest"]
            problem = drawer.write(prepared, file=file, counts=counts)
            progress.done()
            if problem is not None:
                drawer.remove(file)
                say_problem(f"{file.name}: {problem}")
                counts["failed"] += counts["no chest"] == before
                failures.append({"relative_path": file.relative, "name": file.name, "error": problem})
    return counts, failures
