"""`hilum doctor`: versions, engines, models with verified hashes, settings, and what is missing with its command."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import typer
from rich.text import Text

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import Origin, ShelfEntry
from hilum.cli.commands import COMMANDS
from hilum.cli.installation import INSTALL_AGAIN, base_packages, optional_parts
from hilum.cli.options.cache import cache_folder
from hilum.cli.options.models import ModelsOption, choose_bundle, choose_bundles, models_on_shelf
from hilum.cli.options.settings import settings_here
from hilum.cli.options.settings_file import SETTINGS_NAME, settings_files, user_settings
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.engine_table import engine_lines
from hilum.cli.terminal.say import say
from hilum.errors import BundleError, EngineError, MissingPartError, UsageError
from hilum.reading.engines.choose import choose_engine
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.network import ENGINES
from hilum.reading.engines.onnxruntime_engine import is_offered
from hilum.reading.engines.processor import this_processor
from hilum.version import __version__

app = typer.Typer(rich_markup_mode="rich", add_completion=False)

State = Literal["good", "absent", "broken"]
_MARKS: dict[State, tuple[str, str]] = {"good": ("✓", "green"), "absent": ("–", "yellow"), "broken": ("✗", "bold red")}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: what was looked at, how it is, and the words for it."""

    subject: str
    state: State
    words: str


@app.command(
    epilog=(
        "[bold]Examples[/]\n\nhilum doctor\n\nhilum doctor --benchmark --model models/pneumonia-int8\n\n"
        "[bold]Exit code[/]: 0 where hilum can read, 1 where a shipped model or a needed package is broken."
    )
)
def doctor(
    *,
    benchmark: Annotated[
        bool,
        typer.Option("--benchmark", help="Try every engine on this computer, anew: is it right, and how fast is it?"),
    ] = False,
    model: ModelsOption = None,
) -> None:
    """Check the installation: versions, engines, models with their hashes, and what is missing.

    With --benchmark, --model names what is timed in the place of all installed models.
    """
    if benchmark:
        _try_engines(model or ())
        return
    if model:
        raise UsageError("--model says what --benchmark times. Add --benchmark, or see `hilum models show MODEL`")
    checks = (*_packages(), *_engines(), *checks_of_models(models_on_shelf()), *_parts(), *checks_of_settings())
    width = max(len(check.subject) for check in checks)
    console = output_console()
    for check in checks:
        mark, style = _MARKS[check.state]
        line = Text.assemble((mark, style), f" {check.subject:{width}}  {check.words}")
        console.print(line, soft_wrap=True)  # a command to copy must stay on its line
    raise typer.Exit(exit_code(checks))


def _try_engines(named: Sequence[str]) -> None:
    bundles = tuple(map(choose_bundle, named)) or choose_bundles(())
    threads = available_cores()
    choice = choose_engine(bundles, threads=threads, cache=cache_folder(None), again=True, progress=say)
    models = [bundle.card.name for bundle in bundles]
    for line in engine_lines(choice, processor=this_processor(), threads=threads, models=models):
        typer.echo(line)


def exit_code(checks: tuple[Check, ...]) -> int:
    """1 where something that reading needs is broken, else 0."""
    return int(any(check.state == "broken" for check in checks))


def _packages() -> Iterator[Check]:
    yield Check("hilum", "good", __version__)
    yield Check("Python", "good", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in base_packages():
        if package.version is None:
            yield Check(package.name, "broken", f"missing; {INSTALL_AGAIN}")
        else:
            yield Check(package.name, "good", package.version)


def _engines() -> Iterator[Check]:
    for name, make in ENGINES.items():
        if not is_offered(name):  # a device's, of which most computers have none
            continue
        try:
            yield Check("engine", "good", f"{name} {make().version}")
        except (MissingPartError, EngineError) as error:
            yield Check("engine", "absent", str(error))


def checks_of_models(entries: tuple[ShelfEntry, ...]) -> Iterator[Check]:
    """A line for each bundle, its files hashed; an installation without a shipped model is broken."""
    for entry in entries:
        subject = f"model ({entry.origin})"
        if entry.bundle is None:
            # the user's own broken bundle stops nothing that does not name it
            yield Check(subject, "broken" if entry.origin == "shipped" else "absent", f"{entry.name}: {entry.problem}")
        else:
            yield _check_of_bundle(entry.bundle, subject=subject, origin=entry.origin)
    if not any(entry.origin == "shipped" for entry in entries):
        yield Check("model (shipped)", "broken", f"this installation has none; {INSTALL_AGAIN}")


def _check_of_bundle(bundle: Bundle, *, subject: str, origin: Origin) -> Check:
    """A bundle that was loaded; what loading leaves for later is hashed here."""
    card = bundle.card
    try:
        for name in card.files:
            bundle.read(name)
    except BundleError as error:
        return Check(subject, "broken" if origin == "shipped" else "absent", f"{card.name}: {error}")
    hashes = f"hashes verified ({len(card.files)} files), card SHA-256 {bundle.sha256}"
    return Check(subject, "good", f"{card.name} {card.version}: {hashes}")


def checks_of_settings() -> Iterator[Check]:
    """A line for each option that hilum.toml or the environment sets, and for a file that no command can use."""
    try:
        files = settings_files()
        found = list(settings_here(files, table=COMMANDS))
    except (UsageError, MissingPartError) as error:
        yield Check("settings", "broken" if isinstance(error, UsageError) else "absent", str(error))
        return
    for file in files:
        yield Check("settings", "good", f"{file.path}")
    if not files:
        yield Check("settings", "good", f"no {SETTINGS_NAME} here or in {user_settings(os.environ).parent}")
    for setting in found:
        if setting.problem is None:
            yield Check("setting", "good", f"{setting.option} = {setting.value} (from {setting.source})")
        else:
            yield Check("setting", "absent", f"{setting.source}: {setting.problem}")


def _parts() -> Iterator[Check]:
    for part in optional_parts():
        subject = f"part {part.name}"
        if part.missing:
            yield Check(subject, "absent", f"missing {', '.join(part.missing)}; run: {part.install_command}")
        else:
            yield Check(subject, "good", ", ".join(f"{package.name} {package.version}" for package in part.packages))
