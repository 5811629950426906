"""`hilum models`: the installed models in a table, the card of one model, and other projects' models as bundles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from hilum.bundle.calibrated_on import CalibratedOn
from hilum.bundle.card import Card
from hilum.bundle.label import Label, LabelResult
from hilum.bundle.quantised import Quantised
from hilum.cli.commands import IMPORTS, OF_MODELS
from hilum.cli.installation import INSTALL_AGAIN
from hilum.cli.options.lazy import LazyCommand, LazyGroup, add_placeholders, lazy_app
from hilum.cli.options.models import MODEL_HELP, choose_bundle, model_names, models_on_shelf
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.models_table import models_table
from hilum.cli.terminal.say import say_problem
from hilum.findings import XRAY_TYPES


class ModelsGroup(LazyGroup):
    """What is done with models: this module's commands, and those of the table."""

    table: ClassVar[dict[str, LazyCommand]] = OF_MODELS
    before: ClassVar[str] = "models "


app = typer.Typer(
    cls=ModelsGroup,
    help="List the installed models, show the card of one, import one, or fit one to your own images.",
    epilog=(
        "[bold]Examples[/]\n\nhilum models\n\nhilum models show NAME\n\nhilum models show runs/chest14 --json\n\n"
        "hilum models calibrate NAME --data table=labels.csv"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


class ImportGroup(LazyGroup):
    """The projects whose models can be imported."""

    table: ClassVar[dict[str, LazyCommand]] = IMPORTS
    before: ClassVar[str] = "models import "


app.add_typer(
    lazy_app(
        ImportGroup,
        help="Make a model of hilum from another project's weights.",
        epilog="[bold]Example[/]\n\nhilum models import torchxrayvision densenet121-res224-all",
    ),
    name="import",
)
add_placeholders(app, table=OF_MODELS)


@app.callback(invoke_without_command=True)
def list_models(context: typer.Context) -> None:
    """List the installed models in a table: what each reads, its ages, findings, AUROC, size and licence."""
    if context.invoked_subcommand is not None:
        return
    entries = models_on_shelf()
    if not entries:
        say_problem(f"No model is installed; name a model's folder with --model, or {INSTALL_AGAIN}")
        return
    output_console().print(models_table(entries))


@app.command(
    epilog="[bold]Examples[/]\n\nhilum models show pneumonia-paediatric\n\nhilum models show runs/chest14 --json"
)
def show(
    name: Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP, autocompletion=model_names)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Show the card of one model: what it is for, what it must not be used for, and how it was made and judged."""
    bundle = choose_bundle(name)
    if as_json:
        typer.echo(bundle.card.model_dump_json(by_alias=True, indent=2))
        return
    console = output_console()
    console.print(_facts(_whole_card(bundle.card, sha256=bundle.sha256)))
    console.print(_figures(bundle.card) if bundle.card.figures else _results(bundle.card))


def _whole_card(card: Card, *, sha256: str) -> dict[str, Any]:
    compression = "none" if card.compression is None else card.compression.method
    return {
        card.name: Text(f"{card.title} (version {card.version})", style="bold"),
        "for": card.intended_use,
        "not for": "\n".join(card.not_for),
        "limits": "\n".join(card.limits) or "none given",
        "reads": _scope(card),
        **_says(card),
        "architecture": card.architecture,
        **_networks(card),
        "heatmap": card.heatmap.method,
        "compression": compression,
        "protocol": card.protocol,
        **_calibrated_on(card.calibrated_on),
        **_quantised(card.quantised),
        "trained on": "\n".join(card.training.data),
        "trained by": card.training.command,
        "starting from": card.training.starting_weights,
        "split": card.training.split_sha256 or "not known",
        "licence": card.weights_licence,
        "card": f"SHA-256 {sha256}",
        "files": "\n".join(f"{name}: SHA-256 {digest}" for name, digest in card.files.items()),
    }


def _says(card: Card) -> dict[str, str]:
    """What it finds, in words; a gate and a network that outlines find no disease."""
    names = card.label_names
    if card.role == "lungs":
        return {"outlines": ", ".join(names)}
    if card.role != "gate":
        alone = _decided(card.labels_without_lungs)
        return {
            "findings": "\n".join(_decided(card.labels)) or ", ".join(names),
            **({"lungs not trusted": "\n".join(alone)} if alone else {}),
        }
    types = [name for name in names if name in XRAY_TYPES]
    views = [name.removeprefix("view ") for name in names if name.startswith("view ")]
    chest = "of a chest, whether it is turned, inverted or cropped"
    lines = [
        "whether it is an X-ray",
        f"of what: {', '.join(types)}",
        chest + (f", and its view: {', '.join(views)}" if views else ""),
    ]
    return {"recognises": "\n".join(lines)}


def _decided(labels: Sequence[Label]) -> list[str]:
    """From where each finding is positive; findings that are never decided for one reason share a line."""
    lines: dict[str, list[str]] = {}
    for label in labels:
        lines.setdefault(_how_decided(label), []).append(label.name)
    return [f"{', '.join(names)}: {said}" for said, names in lines.items()]


def _networks(card: Card) -> dict[str, str]:
    """The networks of an ensemble, and how a model that looks twice looks; nothing for any other model."""
    if card.two_looks is not None:
        return {"looks": card.two_looks.in_words}
    if card.ensemble is None:
        return {}
    named = ", ".join(f"{member.name} ({member.architecture})" for member in card.ensemble.members)
    return {"networks": f"the mean of {len(card.ensemble.members)}: {named}"}


def _how_decided(label: Label) -> str:
    """Of a label that is not reliable what it lacks, of any other its operating point and the rule."""
    if label.why_not_reliable is not None:
        return f"never decided, {label.why_not_reliable}"
    where_not = "".join(f"; not decided in view {one.view}: {one.why}" for one in label.not_reliable_in)
    return f"{_positive_from(label)} ({label.operating_point_rule}){where_not}"


def _positive_from(label: Label) -> str:
    if label.operating_point is None:
        return "no operating point, never decided"
    bounds = None if label.fit is None else label.fit.operating_point_ci
    return f"positive from probability {_with_interval(label.operating_point, bounds)}"


def _calibrated_on(on: CalibratedOn | None) -> dict[str, str]:
    """Where somebody fitted it to their own place; nothing where nobody did."""
    if on is None:
        return {}
    who = "" if on.by is None else f" by {on.by}"
    left_out = f"\nleft out: {'; '.join(on.left_out)}" if on.left_out else ""
    return {
        "calibrated on": "\n".join(on.data) + left_out,
        "calibrated": f"on {on.date}{who}, from {on.from_name} {on.from_version}: {on.command}",
    }


def _quantised(part: Quantised | None) -> dict[str, str]:
    """What its form in 8 bits costs, and where that was judged; nothing where it has none."""
    if part is None:
        return {}
    losses = [
        (label.auroc_before - label.auroc_after, label.name)
        for label in part.labels
        if label.auroc_before is not None and label.auroc_after is not None
    ]
    cost = "" if not losses else f"; largest loss of AUROC {max(losses)[0]:.4f} ({max(losses)[1]})"
    return {
        "also in int8": f"judged on {part.validation_images:,} validation images on {part.processor}{cost}\n"
        f"made from {part.from_name} {part.from_version} on {part.date}: {part.command}"
    }


def _facts(facts: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, value if isinstance(value, Text) else Text(str(value)))
    return table


def _figures(card: Card) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for column in ("what was measured", "value [95%]", "n (groups)"):
        table.add_column(column, overflow="fold")
    for figure in card.figures:
        value = _with_interval(figure.value, figure.interval)
        table.add_row(figure.full_name, value, f"{figure.n:,} ({figure.groups:,})")
    return table


def _results(card: Card) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for column in ("finding", "images", "n (positive)", "AUROC", "sensitivity", "specificity"):
        table.add_column(column, overflow="fold")
    for label in card.labels:
        for result in label.results:
            table.add_row(
                label.name,
                result.set,
                f"{result.n:,} ({result.positives:,})",
                _auroc(result),
                _with_interval(result.sensitivity, result.sensitivity_ci),
                _with_interval(result.specificity, result.specificity_ci),
            )
    return table


def _scope(card: Card) -> str:
    ages, views = card.scope.age_years, card.scope.views
    said_ages = "any age" if ages is None else f"ages {ages[0]:g} to {ages[1]:g} years"
    said_views = "any view" if views is None else f"views {', '.join(views)}"
    return f"{card.scope.xray_type}, {said_ages}, {said_views}"


def _auroc(result: LabelResult) -> str:
    noted = "" if result.note is None else f" ({result.note})"
    text = f"{_with_interval(result.auroc, result.auroc_ci)}{noted}"
    if result.baseline is None or result.baseline_auroc is None:
        return text
    return f"{text}; {result.baseline} alone {result.baseline_auroc:.3f}"


def _with_interval(value: float, interval: tuple[float, float] | None) -> str:
    return f"{value:.3f}" if interval is None else f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
