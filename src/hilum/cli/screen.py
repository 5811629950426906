"""`hilum screen`: very many films as numbered shards, read by any number of machines, each film once."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from hilum.cli.commands import RAY_CREW
from hilum.cli.options.engine import EngineChoice, EngineOption, engine_named
from hilum.cli.options.models import ModelsOption, choose_bundles
from hilum.cli.terminal.progress import BatchProgress
from hilum.cli.terminal.say import say
from hilum.cli.terminal.say_inputs import Skipped
from hilum.errors import UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.reading.engines.engine import available_cores
from hilum.screening.crew import Crew
from hilum.screening.finish import PAGE, READINGS, finish
from hilum.screening.local_crew import LocalCrew
from hilum.screening.manifest import manifest
from hilum.screening.place import place_of
from hilum.screening.plan import SHARD_FILMS, Plan, open_plan, write_plan
from hilum.screening.reader_spec import plan_reader
from hilum.screening.run import Done, Share, run_plan
from hilum.screening.shard_reader import OpenFilmReader

app = typer.Typer(
    help="Read very many films: plan shards, run them on any machines, finish. After a stop the same command goes on.",
    epilog=(
        "[bold]Examples[/]\n\nhilum screen plan films.csv --out screening\n\nhilum screen run screening\n\n"
        "hilum screen finish screening"
    ),
    rich_markup_mode="rich",
    add_completion=False,
    no_args_is_help=True,
)

_DEFAULTS = Limits()
_TOLD_EVERY = 1_000_000
_PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's folder, or s3://BUCKET/PREFIX.")]


@app.command(
    "plan",
    epilog=(
        "[bold]Examples[/]\n\nhilum screen plan films.csv --out screening\n\n"
        "hilum screen plan films.parquet --column image_path --root /mnt/films --out screening\n\n"
        "hilum screen plan s3://films/2026/ --model chest-adult --out s3://results/2026"
    ),
)
def plan_films(
    source: Annotated[
        str,
        typer.Argument(
            metavar="MANIFEST", help="A CSV or Parquet file with a column path, a folder, or s3://BUCKET/PREFIX."
        ),
    ],
    *,
    out: Annotated[str, typer.Option(metavar="PLAN", help="Where the plan goes: a folder, or s3://BUCKET/PREFIX.")],
    model: ModelsOption = None,
    column: Annotated[str | None, typer.Option(help="The manifest's column of paths. [dim]default: path[/]")] = None,
    root: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Where relative paths begin. [dim]default: the manifest's folder[/]",
            show_default=False,
        ),
    ] = None,
    shard_films: Annotated[int, typer.Option(min=1, help="Films of a shard.")] = SHARD_FILMS,
    heatmaps: Annotated[
        str, typer.Option(metavar="positive|all|none", help="Findings that get boxes. No picture is written.")
    ] = "positive",
    gate: Annotated[bool, typer.Option("--gate/--no-gate", help="Judge first whether this is an X-ray.")] = True,
    lungs: Annotated[bool, typer.Option("--lungs/--no-lungs", help="Outline the lungs; without, it is faster.")] = True,
    assume_scope: Annotated[
        bool,
        typer.Option(
            "--assume-scope", help="Decide as though what is unknown, such as the age, were in the model's scope."
        ),
    ] = False,
    engine: EngineOption = EngineChoice.ONNXRUNTIME,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger images.")] = _DEFAULTS.max_pixels,
) -> None:
    """Cut films into numbered shards, and write down which models read them with which settings.

    Columns age, sex and view of a manifest are said of its films. No film is opened, except that a folder's files are
    looked into to tell images from others.
    """
    place = place_of(out)
    films = manifest(source, root=root, column=column)
    bundles = choose_bundles(model or (), gate=gate, lungs=lungs)
    reader = plan_reader(
        bundles,
        engine=engine_named(engine, bundles=bundles, threads=1),
        heatmaps=heatmaps,
        lungs=lungs,
        limits=Limits(max_pixels=max_pixels),
        assume_scope=assume_scope,
    )
    skipped = Skipped()
    try:
        plan, was_there = write_plan(
            films, place=place, reader=reader, shard_films=shard_films, progress=_Planned(), skip=skipped.add
        )
    finally:
        skipped.say()  # also where nothing is left to plan
    begins = f"{plan.films:,} films in {plan.shards:,} shards"
    typer.echo(f"{out} holds this plan already: {begins}" if was_there else f"planned {begins}")
    typer.echo(f"read them: hilum screen run {out}")


@app.command(
    "run",
    epilog=(
        "[bold]Examples[/]\n\nhilum screen run screening\n\nhilum screen run screening --workers 8\n\n"
        "hilum screen run screening --shard 3/40\n\nhilum screen run screening --ray 10.0.0.5:6379"
    ),
)
def run_films(
    plan: _PlanArgument,
    *,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read, one core each. [dim]default: all cores[/]")
    ] = None,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Read on the machines of the Ray at HOST:PORT, or local.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Read every N-th shard from the I-th: one of N such tasks.")
    ] = None,
    missing_is_failure: Annotated[
        bool,
        typer.Option("--missing-is-failure", help="Go on where all films of a shard and their folders are gone."),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Read the shards that are not read yet; after a stop the same command goes on.

    A film that cannot be read is a row that says why, and stops nothing.
    """
    found = open_plan(place_of(plan))
    found.check_manifest()
    share = _share(shard)
    open_reader = OpenFilmReader(found.reader, root=found.root, missing_is_failure=missing_is_failure)
    started = time.perf_counter()
    crew: Crew
    if ray is None:
        crew = LocalCrew(open_reader, workers=workers or available_cores())
    else:
        crew = RAY_CREW.load(asked_by="--ray")(open_reader, address=ray, workers=workers)
    try:
        done = _run(found, crew=crew, share=share, shown=not quiet)
    finally:
        crew.close()
    _tell_done(done, plan=found, share=share, seconds=time.perf_counter() - started)


@app.command("finish", epilog="[bold]Example[/]\n\nhilum screen finish screening")
def finish_films(plan: _PlanArgument) -> None:
    """Check that every shard is read, write one table with one row for each content, and the summary page."""
    found = open_plan(place_of(plan))
    told = finish(found)
    typer.echo(
        f"{told.films:,} films: {told.read:,} read, {told.failed:,} not read, {told.copies:,} copies of another film"
    )
    typer.echo(f"table: {found.place}/{READINGS}")
    typer.echo(f"page: {found.place}/{PAGE}")


def _run(plan: Plan, *, crew: Crew, share: Share, shown: bool) -> Done:
    total = sum(1 for _ in share.numbers(plan)) * plan.shard_films
    total = min(total, plan.films)
    with BatchProgress(total=total, shown=shown) as progress:
        told = 0

        def tell(done: Done) -> None:
            nonlocal told
            progress.done(count=done.read + done.failed - told)
            told = done.read + done.failed

        return run_plan(plan, crew=crew, share=share, progress=tell)


def _tell_done(done: Done, *, plan: Plan, share: Share, seconds: float) -> None:
    rate = (done.read + done.failed) / seconds if seconds > 0 else 0.0
    before = f", {done.before:,} shards were read before" if done.before else ""
    typer.echo(f"{done.read:,} films read, {done.failed:,} failed ({rate:,.1f} a second){before}")
    if done.deaths:
        searched = f"; {done.halved} shards were searched for the film that kills" if done.halved else ""
        say(f"{done.deaths} readers died, and their shards were read again{searched}")
    if share.of == 1:
        typer.echo(f"finish: hilum screen finish {plan.place}")


class _Planned:
    """Says now and then how many films are planned."""

    def __init__(self) -> None:
        self._next = _TOLD_EVERY

    def __call__(self, films: int) -> None:
        if films >= self._next:
            say(f"{films:,} films planned so far")
            self._next += _TOLD_EVERY


def _share(text: str | None) -> Share:
    if text is None:
        return Share()
    number, slash, of = text.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal()):
        raise UsageError(f"--shard {text} is no share; write I/N, such as 3/40")
    return Share(int(number), int(of))
